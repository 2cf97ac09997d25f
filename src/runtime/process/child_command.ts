/**
 * The command line that starts this program again: the same runtime with the same of its own flags,
 * but those that concern one process (debuggers, watchers, code on the command line), and on Deno with
 * no more permissions than this process has.
 */
import { ConfigError } from "../../errors.ts";
import { deno, type DenoApi } from "../_deno_types.ts";
import { builtins } from "./builtins.ts";
import { host } from "./host.ts";
import { mayRead, requestPermission } from "./permissions.ts";

/** A program and what is put in front of the arguments of the command. */
export interface ChildCommand {
  readonly program: string;
  readonly args: readonly string[];
}

/**
 * How to start the command on this runtime.
 *
 * @param entry The file that runs it. Default: `tricorn`.
 * @throws ConfigError without the permissions for it, or where the command is not to be found.
 */
export function childCommand(
  entry: string = entryPath(import.meta.url),
): ChildCommand {
  const program = process.execPath;
  if (deno === undefined) {
    return { program, args: [...keptNodeFlags(process.execArgv), entry] };
  }
  demandRun(program);
  const flags = [
    ...keptDenoFlags(ownWords()),
    ...permissionFlags(deno, program),
  ];
  return { program, args: ["run", "--no-prompt", ...flags, entry] };
}

/**
 * Variables of the environment, without which Deno starts no process.
 *
 * @throws ConfigError without permission to read them.
 */
export function demandEnvironment(): Record<string, string> {
  if (!requestPermission({ name: "env" })) throw notAllowed("--allow-env");
  const all: Record<string, string> = {};
  for (const name of host.envNames()) {
    const value = host.env(name);
    if (value !== undefined) all[name] = value;
  }
  return all;
}

/**
 * The file that runs the command, as an argument of the runtime.
 *
 * @param url Of this module, which lies among the sources, or in the npm package in a chunk.
 */
export function entryPath(url: string): string {
  const isBundled = !/\/src\/runtime\/process\/[^/]+$/.test(url);
  const extension = url.endsWith(".ts") ? "ts" : "js";
  const entry = new URL(
    isBundled ? "../bin/tricorn.js" : `../../../cli.${extension}`,
    url,
  );
  // Deno runs modules of a registry by their address.
  if (entry.protocol !== "file:") return entry.href;
  const { fileURLToPath } = process.getBuiltinModule("node:url");
  const path = fileURLToPath(entry);
  if (mayRead(path) && !builtins.fs.existsSync(path)) {
    throw new ConfigError(
      `Cannot start other processes: the command is not at "${path}"; ` +
        "run an installed package, not a bundle or a compiled program",
    );
  }
  return path;
}

/** Flags of Node and Bun that take code or mean one process, each with the words that follow it. */
const DROPPED_WITH_VALUE = /^(-e|--eval|-p|--print|-pe|--watch-path)$/;
const DROPPED =
  /^(--inspect|--watch|--hot|--test|--check$|-c$|-i$|--interactive$|--eval=|--print=|--debug-port|--cpu-prof|--heap-prof)/;

/** What of `execArgv` is for each process of the program. */
export function keptNodeFlags(execArgv: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at < execArgv.length; at++) {
    const flag = execArgv[at]!;
    if (DROPPED_WITH_VALUE.test(flag)) at++;
    else if (!DROPPED.test(flag)) kept.push(flag);
  }
  return kept;
}

/** Flags of Deno that children need as well: how modules are found and what the language can do. */
const KEPT_ALONE =
  /^(--unstable\b.*|--config=.*|--no-config|--import-map=.*|--cert=.*|--lock\b.*|--no-lock|--frozen\b.*|--node-modules-dir\b.*|--vendor\b.*|--cached-only|--no-remote|--no-npm|--v8-flags=.*|--conditions=.*|--location=.*|--seed=.*|--preload=.*|--import=.*|--require=.*|--minimum-dependency-age=.*|--unsafely-ignore-certificate-errors\b.*|--no-check\b.*|--quiet|-q)$/;
const KEPT_WITH_VALUE =
  /^(-c|--config|--import-map|--cert|--location|--seed|--preload|--import|--require|--conditions)$/;

/** What of the words in front of the script of `deno run` is for each process of the program. */
export function keptDenoFlags(words: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (KEPT_WITH_VALUE.test(word) && at + 1 < words.length) {
      kept.push(word, words[++at]!);
    } else if (KEPT_ALONE.test(word)) kept.push(word);
  }
  return kept;
}

/** Words of the command line between Deno and the script. Only known with all permissions, on Linux. */
function ownWords(): readonly string[] {
  const path = "/proc/self/cmdline";
  try {
    const words = host.readText(path).split("\0");
    return words.slice(1, words.length - 2 - host.args.length);
  } catch {
    return [];
  }
}

const KINDS = [
  "read",
  "write",
  "net",
  "env",
  "run",
  "sys",
  "ffi",
  "import",
] as const;

/**
 * Flags that give a child what this process has. Deno tells whether something is allowed, and not what
 * is: of a kind that is allowed in part, a child gets the parts that a server needs.
 *
 * @throws ConfigError if a part of a kind is denied, which a child could not be kept from.
 */
export function permissionFlags(
  api: Pick<DenoApi, "permissions" | "cwd">,
  program: string,
): string[] {
  const flags: string[] = [];
  let isAll = true;
  for (const name of KINDS) {
    const { state, partial } = api.permissions.querySync({ name });
    if (partial) {
      throw new ConfigError(
        `Cannot start other processes: they would be allowed what --deny-${name} forbids ` +
          `this one; give --allow-${name} a list of what is allowed instead`,
      );
    }
    if (state === "granted") flags.push(`--allow-${name}`);
    else isAll = false;
  }
  if (isAll) return ["-A"];
  const cwd = api.cwd();
  for (const name of ["read", "write"] as const) {
    if (!flags.includes(`--allow-${name}`)) {
      const { state } = api.permissions.querySync({ name, path: cwd });
      if (state === "granted") flags.push(`--allow-${name}=${cwd}`);
    }
  }
  // Given, as this one was: the caller has asked.
  if (!flags.includes("--allow-run")) flags.push(`--allow-run=${program}`);
  return flags;
}

/**
 * Demands what Deno must allow for children.
 *
 * @throws ConfigError
 */
export function demandChildren(): void {
  if (deno === undefined) return;
  if (!requestPermission({ name: "env" })) throw notAllowed("--allow-env");
  demandRun(process.execPath);
}

/**
 * Demands permission to start `program`.
 *
 * @throws ConfigError
 */
export function demandRun(program: string): void {
  if (requestPermission({ name: "run", command: program })) return;
  throw notAllowed(`--allow-run=${program}`);
}

function notAllowed(flag: string): ConfigError {
  return new ConfigError(
    `Cannot start other processes: Deno does not allow it, run it with ${flag}`,
  );
}

/**
 * What a newcomer waits for: from an empty folder and empty caches, by one command, to the first
 * answer. The packages come from registries on this machine, so that the network is not in the
 * figures; what would have to come through it is counted.
 *
 *   node bench/first_answer.ts [--rounds N] [--only deno,bun,node]
 *
 * Needs Node 24, and npm on the path.
 */
import { type ChildProcess, spawn } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { packPackage } from "../tests/packaging/_package.ts";
import { startJsr } from "../tests/_support/jsr_registry.ts";
import { startNpm } from "../tests/_support/npm_registry.ts";
import { exchange, request } from "../tests/_support/raw_client.ts";
import { ROOT } from "../tests/_support/this_runtime.ts";
import { findRuntime } from "../tests/_support/toolbox.mjs";

const APP = `export async function app(scope, receive, send) {
  if (scope.type !== "http") return;
  await send({ type: "http.response.start", status: 200 });
  await send({ type: "http.response.body", body: "Hello, world!" });
}
`;
const LIMIT_MS = 120_000;

/** What is typed on each runtime, without the import string. */
const COMMANDS = [
  ["deno", "deno run -A jsr:@tricorn/serve"],
  ["deno", "deno run -A npm:tricorn"],
  ["bun", "bunx --bun tricorn"],
  ["node", "npx --yes tricorn"],
] as const;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    only: { type: "string", default: "deno,bun,node" },
  },
});
const folder = mkdtempSync(join(tmpdir(), "tricorn-first-"));
try {
  await main();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function main(): Promise<void> {
  const programs = join(folder, "programs");
  mkdirSync(programs);
  for (const name of ["deno", "bun", "node"]) {
    symlinkSync(findRuntime(ROOT, name).program, join(programs, name));
  }
  symlinkSync(join(programs, "bun"), join(programs, "bunx"));
  const npm = await startNpm([packPackage(folder)]);
  const jsr = await startJsr([]);
  await publish(join(programs, "deno"), jsr.url);
  const only = values.only.split(",");
  for (const [runtime, line] of COMMANDS) {
    if (!only.includes(runtime)) continue;
    const times: number[] = [];
    const before = npm.asked.length + jsr.asked.length;
    for (let round = 0; round < Number(values.rounds); round++) {
      times.push(await firstAnswer(line, programs, npm.url, jsr.url));
    }
    const requests = (npm.asked.length + jsr.asked.length - before) /
      times.length;
    times.sort((a, b) => a - b);
    const seconds = (ms: number) => (ms / 1000).toFixed(2);
    console.log(
      `${`${line} main:app`.padEnd(40)} ${
        seconds(times[times.length >> 1]!)
      } s ` +
        `(${seconds(times[0]!)} to ${
          seconds(times.at(-1)!)
        }), ${requests} requests to the registry`,
    );
  }
  await npm.close();
  await jsr.close();
}

async function publish(deno: string, url: string): Promise<void> {
  const child = spawn(deno, [
    "publish",
    ...["-c", "jsr.json", "--no-check", "--allow-dirty", "--quiet"],
    ...["--token", "none", "--no-provenance"],
  ], { cwd: ROOT, env: { ...process.env, JSR_URL: url }, stdio: "ignore" });
  const code = await new Promise((resolve) => child.on("close", resolve));
  if (code !== 0) throw new Error(`deno publish ended with code ${code}`);
}

/** Milliseconds until the answer, in a folder and with caches of its own. */
async function firstAnswer(
  line: string,
  programs: string,
  npmUrl: string,
  jsrUrl: string,
): Promise<number> {
  const cwd = mkdtempSync(join(folder, "empty-"));
  writeFileSync(join(cwd, "main.js"), APP);
  const cache = mkdtempSync(join(folder, "caches-"));
  const [name, ...args] = line.split(" ") as [string, ...string[]];
  const startedAt = performance.now();
  const child = spawn(name, [...args, "main:app", "--port", "0"], {
    cwd,
    env: {
      ...process.env,
      PATH: `${programs}${delimiter}${process.env.PATH}`,
      NO_COLOR: "1",
      JSR_URL: jsrUrl,
      npm_config_registry: npmUrl,
      NPM_CONFIG_REGISTRY: npmUrl,
      npm_config_cache: join(cache, "npm"),
      npm_config_update_notifier: "false",
      BUN_INSTALL_CACHE_DIR: join(cache, "bun"),
      BUN_TMPDIR: cache,
      TMPDIR: cache,
      DENO_DIR: join(cache, "deno"),
      DENO_NO_UPDATE_CHECK: "1",
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const { port, pid } = await listening(child);
  const { body } = await exchange(
    { host: "127.0.0.1", port },
    request("GET /", ["Connection: close"]),
  );
  const took = performance.now() - startedAt;
  if (body !== "Hello, world!") throw new Error(`It answered "${body}"`);
  // The process that serves, not the tool that was typed.
  process.kill(pid, "SIGINT");
  await new Promise((resolve) => child.on("close", resolve));
  return took;
}

/** Resolves when the server says that it accepts connections. */
function listening(
  child: ChildProcess,
): Promise<{ readonly port: number; readonly pid: number }> {
  return new Promise((resolve, reject) => {
    let text = "";
    const fail = () => reject(new Error(`It did not start:\n${text}`));
    const timer = setTimeout(fail, LIMIT_MS);
    child.on("close", fail);
    child.stderr!.setEncoding("utf8").on("data", (piece: string) => {
      text += piece;
      const [, pid] = /server process \[(\d+)\]/.exec(text) ?? [];
      const [, port] = /running on http:\/\/127\.0\.0\.1:(\d+)/.exec(text) ??
        [];
      if (pid === undefined || port === undefined) return;
      clearTimeout(timer);
      resolve({ port: Number(port), pid: Number(pid) });
    });
  });
}

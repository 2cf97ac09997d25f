// Where the figures come from: the runtimes of the lock file, the tools, the machine, the commit.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { findRuntime, install } from "../../tests/_support/toolbox.mjs";

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

// The runtimes of the lock file, so that figures of different days compare.
install(ROOT);
const deno = findRuntime(ROOT, "deno");
const bun = findRuntime(ROOT, "bun");
const node = findRuntime(ROOT, "node");

export const DENO = deno.program;
export const BUN = bun.program;
export const NODE = node.program;
/** How each of them runs a program: its path and arguments come behind this. */
export const RUNTIMES = { deno: [DENO, "run", "-A"], bun: [BUN], node: [NODE] };
export const PYTHON = "/usr/bin/python3"; // Debian's, which sees Debian's uvloop and httptools

function output(command, args) {
  const { stdout, stderr, error } = spawnSync(command, args, {
    encoding: "utf8",
    cwd: ROOT,
  });
  return error === undefined ? `${stdout}${stderr}`.trim() : undefined;
}

/** Whether a program of that name can be started. */
export function isInstalled(command) {
  return spawnSync(command, ["--version"], { stdio: "ignore" }).error ===
    undefined;
}

/** Python's packages, as far as they are there. */
const PYTHON_VERSIONS = [
  "import sys, importlib.metadata as m",
  "print('python', sys.version.split()[0])",
  "for n in ('uvicorn', 'uvloop', 'httptools', 'websockets'):",
  "  try: print(n, m.version(n))",
  "  except m.PackageNotFoundError: pass",
].join("\n");

function wsVersion() {
  try {
    const text = readFileSync(
      join(ROOT, "node_modules/ws/package.json"),
      "utf8",
    );
    return JSON.parse(text).version;
  } catch {
    return "none";
  }
}

/** Everything a figure needs beside it to be worth keeping. */
export function describeMachine() {
  const python = output(PYTHON, ["-c", PYTHON_VERSIONS]);
  return {
    // Of an unpacked archive nobody knows.
    commit:
      output("git", ["rev-parse", "--short", "HEAD"])?.match(/^[0-9a-f]+$/)
        ?.[0] ?? "unknown",
    isDirty: output("git", [
      "status",
      "--porcelain",
      "--",
      "src",
      "cli.ts",
      "mod.ts",
    ]) !== "",
    date: new Date().toISOString(),
    machine: {
      model: cpus()[0]?.model.trim(),
      cores: cpus().length,
      memoryMb: Math.round(totalmem() / 1e6),
      kernel: release(),
    },
    versions: {
      deno: deno.version,
      bun: bun.version,
      node: node.version,
      ws: wsVersion(),
      ...Object.fromEntries(
        (python ?? "").split("\n").filter(Boolean).map((l) => l.split(" ")),
      ),
    },
    tool: output("wrk", ["--version"])?.match(/^wrk (\S+)/)?.[0],
  };
}

/** The cores this process may use, lowest first. */
export function allowedCores() {
  const list = readFileSync("/proc/self/status", "utf8").match(
    /^Cpus_allowed_list:\s*(.+)$/m,
  )?.[1];
  const cores = [];
  for (const range of (list ?? "0").split(",")) {
    const [first, last = first] = range.split("-").map(Number);
    for (let core = first; core <= last; core++) cores.push(core);
  }
  return cores;
}

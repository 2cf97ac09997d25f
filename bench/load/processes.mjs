// Servers and clients as processes: pinned to their cores, watched through /proc, ended by pid.
import { spawn, spawnSync } from "node:child_process";
import {
  closeSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { endsWithUs, isRunning, temporaryFolder } from "./cleanup.mjs";
import { exchange } from "./exchange.mjs";
import { allowedCores, isInstalled, ROOT } from "./machine.mjs";

const READY_MS = 20_000;
const STOP_MS = 3_000;

const cores = allowedCores();
/** Whether server and load generator have a core each: without, only CPU figures mean something. */
export const isPinned = cores.length > 1 && isInstalled("taskset");
export let serverCore = String(cores[0]);
export let clientCore = String(cores[1] ?? cores[0]);

/** Gives each the core of the other, `servers` that run already included. */
export function swapCores(servers) {
  if (!isPinned) return;
  [serverCore, clientCore] = [clientCore, serverCore];
  for (const { pid } of servers) {
    const args = ["--all-tasks", "--cpu-list", "--pid", serverCore, `${pid}`];
    const { status, stderr } = spawnSync("taskset", args, { encoding: "utf8" });
    if (status !== 0) throw new Error(`Cannot move a server: ${stderr}`);
  }
}

/**
 * Starts `command` on `core` with as many descriptors as the system allows. `sh` and `taskset`
 * both turn into the command, so the child's pid is the command's.
 *
 * @param output Descriptor that standard output goes to, instead of `child.output`.
 */
export function start(core, command, output = "pipe") {
  const pinned = isPinned ? ["taskset", "-c", core, ...command] : command;
  const child = endsWithUs(spawn(
    "sh",
    ["-c", 'ulimit -n "$(ulimit -Hn)" 2>/dev/null; exec "$@"', "sh", ...pinned],
    {
      cwd: ROOT,
      stdio: ["ignore", output, "pipe"],
      env: { ...process.env, NO_COLOR: "1" },
    },
  ));
  child.output = "";
  child.errors = "";
  child.stdout?.setEncoding("utf8").on("data", (text) => child.output += text);
  child.stderr.setEncoding("utf8").on(
    "data",
    (text) => child.errors = (child.errors + text).slice(-4_000),
  );
  child.ended = new Promise((resolve) => {
    child.on("error", (error) => child.errors += error.message);
    child.on("close", (code, signal) => resolve(code ?? signal));
  });
  return child;
}

/** Ends `child` as an operator would, then as the kernel would. */
export async function stop(child) {
  if (!isRunning(child)) return;
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  await child.ended;
  clearTimeout(timer);
}

/** Runs a client on the load generator's core to its end and returns what it printed. */
export async function runClient(command, limitMs) {
  const child = start(clientCore, command);
  const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
  const code = await child.ended;
  clearTimeout(timer);
  if (code !== 0) {
    throw new Error(
      `Cannot finish ${command[0]} (${code}): ${child.errors || child.output}`,
    );
  }
  return child.output;
}

/** A server that answers, and what /proc says of it. */
export class Server {
  #child;
  #log;
  /** Requests a second in the last turn of warming up, where a scenario asks for it. */
  rate = 0;

  /** Starts `side` and waits until "/" is answered. */
  static async start(side) {
    const server = new Server();
    server.side = side;
    server.port = await freePort();
    if (side.logs) server.#log = new LogFile();
    const child = server.#child = start(
      serverCore,
      side.command(String(server.port)),
      server.#log?.descriptor,
    );
    server.pid = child.pid;
    for (const deadline = Date.now() + READY_MS; Date.now() < deadline;) {
      if (!isRunning(child)) break;
      try {
        await exchange(server.port, { path: "/" });
        return server;
      } catch {
        await sleep(50);
      }
    }
    await server.stop();
    throw new Error(
      `Cannot start ${side.name}: ${
        child.errors.trim() || "it does not answer"
      }`,
    );
  }

  /** What the server wrote to stderr, its end. */
  get errors() {
    return this.#child.errors.trim();
  }

  /** Whether the process lives. */
  get isRunning() {
    return isRunning(this.#child);
  }

  /** User and system time of all threads so far, in seconds (steps of 10 ms). */
  cpuSeconds() {
    const stat = readFileSync(`/proc/${this.pid}/stat`, "latin1");
    // The name, in parentheses, may hold spaces: count from behind it.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100; // USER_HZ is 100 on every Linux
  }

  /** Resident memory now and at its peak, in megabytes. */
  memoryMb() {
    const status = readFileSync(`/proc/${this.pid}/status`, "latin1");
    const field = (name) =>
      Number(status.match(new RegExp(`^${name}:\\s+(\\d+)`, "m"))[1]) / 1024;
    return { now: field("VmRSS"), peak: field("VmHWM") };
  }

  /** The file that standard output goes to, of a side that logs. */
  get log() {
    return this.#log;
  }

  async stop() {
    await stop(this.#child);
    this.#log?.remove();
  }
}

/** A file that a server writes its access log to. */
class LogFile {
  #folder = temporaryFolder();
  #path = join(this.#folder, "access.log");
  descriptor = openSync(this.#path, "a");

  /** Forgets what is there; the server writes at the new end. */
  empty() {
    truncateSync(this.#path);
  }

  /** Lines that hold `text`, once there are no more of them for a while. */
  async lines(text) {
    let count = -1;
    for (;;) {
      const next = this.#count(text);
      if (next === count) return count;
      count = next;
      await sleep(200);
    }
  }

  #count(text) {
    const bytes = readFileSync(this.#path);
    let count = 0;
    for (let at = 0; at < bytes.length; count++) {
      const end = bytes.indexOf(10, at);
      if (end < 0) break;
      if (bytes.latin1Slice(at, end).includes(text)) at = end + 1;
      else throw new Error(`Unexpected line "${bytes.latin1Slice(at, end)}"`);
    }
    return count;
  }

  remove() {
    closeSync(this.descriptor);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** A port nobody listens on. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

// What several processes cost and how they share the work: CPU time of each request in all processes
// together, beside that of as many single processes on the same port without a parent, and on ports of
// their own; the spread over the workers, memory, and the time until a killed worker is replaced.
//
//   node bench/workers.mjs [--rounds N] [--seconds N] [--servers deno,bun,node] [--counts 1,2,4]
//
// All sides get the same connections, in short turns one after the other. What the parent adds shows
// beside the processes on one port: there, too, each process serves connections of every client. With a
// port for each, a client fills one process with all its requests at once, so that each wake-up serves
// more of them. Served by the command of the npm package: from the sources, Node would spend most of a
// start on their types. Needs python3 for Deno, whose workers serve on an inherited descriptor.
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { endsWithUs, exitOnSignals, temporaryFolder } from "./load/cleanup.mjs";
import { BUN, DENO, NODE, ROOT } from "./load/machine.mjs";
import { freePort } from "./load/processes.mjs";
import { showSpread, spread, table } from "./load/stats.mjs";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "4" },
    seconds: { type: "string", default: "1.5" },
    servers: { type: "string", default: "deno,bun,node" },
    counts: { type: "string", default: "1,2,4" },
  },
});
const ROUNDS = Number(values.rounds);
const SECONDS = Number(values.seconds);
const COUNTS = values.counts.split(",").map(Number);
const CONNECTIONS = 64;
/** Of /proc/PID/stat: clock ticks of 10 ms. */
const TICK_US = 10_000;
const PATIENCE_MS = 30_000;
const HAND_OVER = join(ROOT, "tests/_support/hand_over.py");

exitOnSignals();
const PACKAGE = temporaryFolder();
const COMMAND = join(PACKAGE, "bin/tricorn.js");
const COMMANDS = {
  deno: [DENO, "run", "-A", "--no-check", COMMAND],
  bun: [BUN, COMMAND],
  node: [NODE, COMMAND],
};

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** CPU time of a process so far, in microseconds. */
function cpuOf(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_US;
}

/** Memory of a process that it shares with no other, in MiB. */
function memoryOf(pid) {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const kibibytes = [...text.matchAll(/^Private_\w+:\s+(\d+)/gm)];
  return kibibytes.reduce((sum, [, size]) => sum + Number(size), 0) / 1024;
}

/** The command with so many workers; with one, a single process. */
class Server {
  /** Ids of the workers that have become ready, in order; of a single process its own. */
  ready = [];
  #child;
  #log = "";

  /**
   * @param count Workers; 1 for a single process.
   * @param shared Port that the process shares with others of the same kind.
   */
  static async start(runtime, count, shared) {
    const server = new Server();
    server.port = shared ?? await freePort();
    const own = ["--port", `${server.port}`, "--workers", `${count}`];
    const given = { kind: "tcp", at: 3, port: server.port };
    const [program, ...args] = [
      ...shared !== undefined && runtime === "deno"
        ? ["/usr/bin/python3", HAND_OVER, JSON.stringify({ sockets: [given] })]
        : [],
      ...COMMANDS[runtime],
      "bench/load/servers/asgi_app.ts:app",
      ...shared === undefined
        ? own
        : runtime === "deno"
        ? ["--fd", "3"]
        : [...own, "--reuse-port"],
      ...["--no-access-log", "--log-level", "debug"],
    ];
    const child = server.#child = spawn(program, args, {
      cwd: ROOT,
      stdio: ["ignore", "ignore", "pipe"],
    });
    endsWithUs(child);
    server.ended = new Promise((resolve) => child.once("exit", resolve));
    child.stderr.setEncoding("utf8").on("data", (text) => {
      server.#log += text;
      const found = server.#log.matchAll(/Child process \[(\d+)\] is ready/g);
      server.ready = count === 1
        ? /Tricorn running on/.test(server.#log) ? [child.pid] : []
        : [...found].map(([, pid]) => Number(pid));
    });
    try {
      await server.until(count);
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  /** All its processes. */
  get pids() {
    return [...new Set([this.#child.pid, ...this.ready])];
  }

  /** Resolves when so many have become ready in all. */
  async until(count) {
    const end = performance.now() + PATIENCE_MS;
    while (this.ready.length < count) {
      if (performance.now() > end) throw new Error(this.#log);
      await pause(2);
    }
  }

  async stop() {
    this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), PATIENCE_MS);
    await this.ended;
    clearTimeout(timer);
  }
}

/** Loads a port for some seconds. Returns the number of answers. */
async function load(port, connections, seconds) {
  // wrk takes whole seconds, and stops in order when it is told to.
  const wrk = spawn("wrk", [
    ...["-t", "1", "-c", `${connections}`, "-d", "60s"],
    `http://127.0.0.1:${port}/`,
  ], { stdio: ["ignore", "pipe", "inherit"] });
  endsWithUs(wrk);
  const timer = setTimeout(() => wrk.kill("SIGINT"), seconds * 1000);
  let output = "";
  wrk.stdout.setEncoding("utf8").on("data", (text) => output += text);
  await new Promise((resolve) => wrk.once("close", resolve));
  clearTimeout(timer);
  const answers = Number(/(\d+) requests in/.exec(output)?.[1] ?? 0);
  if (answers === 0 || /Non-2xx|connect [1-9]|timeout [1-9]/.test(output)) {
    throw new Error(`Cannot load the server: ${output}`);
  }
  return answers;
}

/** One side of the comparison: servers with their processes. */
class Side {
  #servers;
  #used = new Map();
  /** CPU time of each request, by turns, in microseconds. */
  costs = [];
  /** Requests a second, by turns. */
  rates = [];

  constructor(servers) {
    this.#servers = servers;
  }

  /** One turn: `count` clients, which share the connections and the servers. */
  async turn(count, seconds) {
    const pids = this.#servers.flatMap((server) => server.pids);
    const before = new Map(pids.map((pid) => [pid, cpuOf(pid)]));
    const started = performance.now();
    const counts = await Promise.all(
      Array.from({ length: count }, (_, at) => {
        const { port } = this.#servers[at % this.#servers.length];
        return load(port, CONNECTIONS / count, seconds);
      }),
    );
    const took = (performance.now() - started) / 1000;
    const answers = counts.reduce((sum, each) => sum + each, 0);
    let all = 0;
    for (const pid of pids) {
      const us = cpuOf(pid) - before.get(pid);
      this.#used.set(pid, (this.#used.get(pid) ?? 0) + us);
      all += us;
    }
    this.costs.push(all / answers);
    this.rates.push(answers / took);
  }

  /** What the turns before have counted is forgotten. */
  forget() {
    this.#used.clear();
    this.costs = [];
    this.rates = [];
  }

  /** CPU time of a process in all turns, in microseconds. */
  usedBy(pid) {
    return this.#used.get(pid) ?? 0;
  }
}

async function measure(runtime, count) {
  const servers = [];
  const start = async (workers, shared) => {
    const server = await Server.start(runtime, workers, shared);
    servers.push(server);
    return server;
  };
  try {
    const server = await start(count);
    const side = new Side([server]);
    const sides = [side];
    if (count > 1) {
      const port = await freePort();
      const together = [];
      while (together.length < count) together.push(await start(1, port));
      const apart = [];
      while (apart.length < count) apart.push(await start(1));
      sides.push(new Side(together), new Side(apart));
    }
    for (const each of sides) {
      await each.turn(count, 1);
      each.forget();
    }
    for (let round = 0; round < ROUNDS; round++) {
      const order = round % 2 === 0 ? sides : sides.toReversed();
      for (const each of order) await each.turn(count, SECONDS);
    }
    const workers = [...server.ready];
    const all = workers.reduce((sum, pid) => sum + side.usedBy(pid), 0);
    const memory = workers.map(memoryOf);
    const shares = workers.map((pid) =>
      Math.round(100 * side.usedBy(pid) / all)
    );
    return [
      `${runtime} ${count}`,
      showSpread(spread(side.costs)),
      count > 1 ? showSpread(spread(sides[1].costs)) : "",
      count > 1 ? showSpread(spread(sides[2].costs)) : "",
      Math.round(spread(side.rates).median),
      shares.join(" "),
      memory.reduce((sum, size) => sum + size, 0) / count,
      count > 1 ? showSpread(spread(await restartsMs(server, count)), 0) : "",
    ].map((cell) => typeof cell === "number" ? cell.toFixed(0) : cell);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

/** From the death of a worker to the readiness of the next one, in milliseconds: once for each. */
async function restartsMs(server, count) {
  const times = [];
  for (const victim of server.ready.slice(0, count)) {
    const known = server.ready.length;
    const from = performance.now();
    process.kill(victim, "SIGKILL");
    // The first death of each worker is followed by a start at once.
    await server.until(known + 1);
    times.push(performance.now() - from);
  }
  return times;
}

if (spawnSync("wrk", ["-v"]).error !== undefined) {
  console.error("Cannot measure: wrk is not installed (apt-get install wrk)");
  process.exit(1);
}
const build = spawnSync(
  NODE,
  [join(ROOT, "packaging/npm.mjs"), "--out", PACKAGE],
  { encoding: "utf8" },
);
if (build.status !== 0) {
  console.error(`Cannot build the package: ${build.stderr}`);
  process.exit(1);
}
const rows = [];
for (const runtime of values.servers.split(",")) {
  for (const count of COUNTS) rows.push(await measure(runtime, count));
}
console.log(table([
  "runtime, workers",
  "µs of CPU a request",
  "processes on one port",
  "on a port for each",
  "requests/s",
  "shares in %",
  "MiB of a worker alone",
  "ms to replace",
], rows));

/**
 * What the start of a server costs: from the start of its process to the first answer.
 *
 *   node bench/startup.mjs [--rounds N] [--only deno,bun,node] [--beside DIR]
 *
 * Tricorn with a small application beside the server of the runtime in a script of its own: the
 * sources on Deno and Bun, and on all the command of the npm package, built beforehand. On Deno also
 * with `--loop native`, which need not load `node:net`. `--beside` takes another checkout into the
 * rounds, to compare commits, and can be repeated.
 */
import { spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { endsWithUs, exitOnSignals, temporaryFolder } from "./load/cleanup.mjs";
import { describeMachine, NODE, ROOT, RUNTIMES } from "./load/machine.mjs";
import { freePort } from "./load/processes.mjs";
import { table } from "./load/stats.mjs";

/** Rounds before those that count: caches of files and of compiled code fill. */
const WARM_UP = 3;
const READY_MS = 20_000;
/** What an orderly end may take, in milliseconds. */
const END_MS = 5_000;
/** Between two tries to connect, in milliseconds: what the figures are exact to. */
const RETRY_MS = 1;
const REQUEST =
  "GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n";
const HERE = join(ROOT, "bench/startup");

const settings = readArguments();
const folder = temporaryFolder();
exitOnSignals();
await main();

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        rounds: { type: "string", default: "25" },
        only: { type: "string", default: "deno,bun,node" },
        beside: { type: "string", multiple: true, default: [] },
      },
    });
    const rounds = Number(values.rounds);
    const only = values.only.split(",");
    const unknown = only.find((name) => !(name in RUNTIMES));
    if (unknown !== undefined) throw new Error(`Cannot measure "${unknown}"`);
    if (!(rounds >= 1)) throw new Error(`Cannot run "${values.rounds}" rounds`);
    return { rounds, only, beside: values.beside };
  } catch (error) {
    console.error(error.message);
    process.exit(2);
  }
}

async function main() {
  const { machine, versions, commit } = describeMachine();
  console.log(
    `Commit ${commit}; ${machine.model}, ${machine.cores} cores, Linux ${machine.kernel}; deno ` +
      `${versions.deno}, bun ${versions.bun}, node ${versions.node}; ${settings.rounds} rounds`,
  );
  const sides = sidesOf();
  for (let round = -WARM_UP; round < settings.rounds; round++) {
    for (const side of sides) {
      const figures = await timeStart(side);
      if (round >= 0) side.rounds.push(figures);
    }
    sides.push(sides.shift()); // nobody always runs after the same neighbour
  }
  console.log(
    "\nProcess start to first answer in milliseconds: median (quartiles). CPU is that of all " +
      "threads until then.\n",
  );
  sides.sort((a, b) => a.place - b.place);
  const rows = sides.map((side) => {
    const bare = sides.find((other) => other.runtime === side.runtime);
    const over = side === bare ? [] : ["ms", "cpu"].map((key) =>
      figures(
        side.rounds.map((round, at) => round[key] - bare.rounds[at][key]),
      )
    );
    return [
      side.name,
      figures(side.rounds.map(({ ms }) => ms)),
      figures(side.rounds.map(({ cpu }) => cpu)),
      ...(over.length > 0 ? over : ["", ""]),
    ];
  });
  const header = ["server", "wall", "CPU", "over the bare one", "CPU"];
  console.log(table(header, rows));
  process.exit(0);
}

function sidesOf() {
  const trees = [
    { name: "tricorn", root: ROOT },
    ...settings.beside.map((name) => ({ name, root: resolve(name) })),
  ].map((tree, at) => ({
    ...tree,
    command: build(tree.root, join(folder, String(at))),
  }));
  const sides = [];
  for (const runtime of settings.only) {
    const add = (name, ...args) =>
      sides.push({
        name: `${runtime} ${name}`,
        runtime,
        place: sides.length,
        command: (port) => [...RUNTIMES[runtime], ...args, port],
        rounds: [],
      });
    add("bare", join(HERE, `bare_${runtime}.mjs`));
    for (const { name, root, command } of trees) {
      const start = (side, ...args) =>
        add(side, ...args, "--app-dir", HERE, "app.mjs:app", "--port");
      if (runtime !== "node") start(name, join(root, "cli.ts"));
      start(`${name}, npm package`, command);
      if (runtime !== "deno") continue;
      start(`${name}, its own sockets`, join(root, "cli.ts"), "--loop=native");
      start(`${name}, package, its own sockets`, command, "--loop=native");
    }
  }
  return sides;
}

/** Builds the npm package of the sources at `root` as they do; returns the path of its command. */
function build(root, into) {
  const script = join(root, "packaging/npm.mjs");
  const { status, stderr } = spawnSync(
    NODE,
    [script, "--root", root, "--out", into],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`Cannot build ${root}:\n${stderr}`);
  return join(into, "bin/tricorn.js");
}

/** Starts `side`, waits for its first answer, and ends it. */
async function timeStart(side) {
  const [program, ...args] = side.command(String(await freePort()));
  const port = Number(args.at(-1));
  const started = performance.now();
  const child = endsWithUs(spawn(program, args, {
    cwd: ROOT,
    // As under a supervisor: nobody reads at a terminal.
    stdio: ["ignore", "pipe", "pipe"],
  }));
  child.stdout.resume();
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text) => errors += text);
  const ended = new Promise((resolve) => child.on("close", resolve));
  try {
    for (;;) {
      const answer = await ask(port);
      if (answer !== undefined) {
        const ms = performance.now() - started;
        const cpu = cpuMs(child.pid);
        if (!/^HTTP\/1\.1 200 [^]*Hello, world!/.test(answer)) {
          throw new Error(`${side.name} answered:\n${answer}`);
        }
        return { ms, cpu };
      }
      if (performance.now() - started > READY_MS || child.exitCode !== null) {
        throw new Error(`Cannot start ${side.name}: ${errors}`);
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  } finally {
    await end(child, ended);
  }
}

/** In order, as operators do: what it keeps for its next start, it may write at its end. */
async function end(child, ended) {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), END_MS);
  await ended;
  clearTimeout(timer);
}

/** The first answer at `port`; `undefined` if nobody listens yet. */
function ask(port) {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(REQUEST));
    socket.setEncoding("latin1").on("data", (text) => {
      answer += text;
      if (!/\r\n\r\n[^]*Hello, world!/.test(answer)) return;
      socket.destroy();
      resolve(answer);
    });
    socket.on("error", (error) => {
      if (error.code === "ECONNREFUSED") resolve(undefined);
      else reject(error);
    });
    socket.on("end", () => resolve(answer));
  });
}

/** Time on a processor of all threads that `pid` has, in milliseconds. */
function cpuMs(pid) {
  let ns = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      const path = `/proc/${pid}/task/${thread}/schedstat`;
      ns += Number(readFileSync(path, "latin1").split(" ")[0]);
    } catch {
      // It ended just now.
    }
  }
  return ns / 1e6;
}

/** `12.3 (11.9-13.0)`. Quartiles: a neighbour on the machine makes single rounds arbitrarily long. */
function figures(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part) =>
    sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]
      .toFixed(1);
  return `${at(0.5)} (${at(0.25)}-${at(0.75)})`;
}

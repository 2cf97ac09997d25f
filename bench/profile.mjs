// Where the CPU time of a request goes: a profile of each runtime, each part of it with a name.
//
//   node bench/profile.mjs [--only deno,bun,node] [--scenario get] [--seconds N]
//
// A server is loaded twice: without the profiler, which says what a request costs, and with it,
// which says whose the time is. The table is the one shared out by the other.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { temporaryFolder } from "./load/cleanup.mjs";
import {
  describeMachine,
  isInstalled,
  ROOT,
  RUNTIMES,
} from "./load/machine.mjs";
import { measureLoad, measureMessages } from "./load/measure.mjs";
import { Server } from "./load/processes.mjs";
import { LOADS, MESSAGE_LOADS } from "./load/scenarios.mjs";
import { SIDES } from "./load/sides.mjs";
import { spread, table } from "./load/stats.mjs";

const PROFILED = join(ROOT, "bench/load/servers/asgi_profiled.ts");
const ROUNDS = 5;
const WARM_UP_SECONDS = 3;
/** Of the time in a profile, what is looked at: neither the start and warming up, nor the end. */
const WINDOW = { from: 0.45, to: 0.95 };
const IDLE = "(idle)";

/** Whose a function is, by the file it is in or by its own name. The first that fits. */
const PARTS = [
  ["application", /\/bench\/load\/servers\//],
  [
    "request head",
    /\/src\/http\/(head_parser|field_|framing|request_|trailers|chunk_line|chars|latin1|header_names|host|lists|percent|bytes)/,
  ],
  [
    "response",
    /\/src\/http\/|\/src\/connection\/(response_stream|output_buffer|default_headers)/,
  ],
  ["scope", /\/src\/connection\/(scope|lazy_abort|drain_signal)/],
  [
    "receive and send",
    /\/src\/connection\/(http_cycle|websocket_cycle|request_body|event_errors|flow_control)/,
  ],
  ["connection", /\/src\/connection\//],
  ["WebSocket protocol", /\/src\/websocket\//],
  ["our sockets", /\/src\/runtime\//],
  ["the rest of ours", /\/src\//],
  ["the runtime's sockets", /^(node|ext|bun|internal):/],
  ["collector", /^\(garbage collector\)$/],
  ["the runtime, outside of JavaScript", /^\(program\)$|^\(root\)$/],
  ["writing: system call and kernel", /^(op_)?(write|send)/],
  ["the engine's own functions", /^/],
];

const settings = readArguments();
const folder = temporaryFolder();
await main();

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: "string", default: "deno,bun,node" },
        scenario: { type: "string", default: "get" },
        seconds: { type: "string", default: "6" },
      },
    });
    const { scenario } = values;
    const seconds = Number(values.seconds);
    const only = values.only.split(",");
    const load = LOADS[scenario] ?? MESSAGE_LOADS[scenario];
    if (load === undefined) {
      throw new Error(
        `Unknown scenario "${scenario}", expected one of ` +
          [...Object.keys(LOADS), ...Object.keys(MESSAGE_LOADS)].join(", "),
      );
    }
    const unknown = only.find((name) => !(name in RUNTIMES));
    if (unknown !== undefined) {
      throw new Error(
        `Unknown runtime "${unknown}", expected deno, bun or node`,
      );
    }
    if (!Number.isInteger(seconds) || seconds < 1) {
      throw new Error(
        `Bad value for --seconds: "${values.seconds}", expected 1 or more`,
      );
    }
    return { only, load, seconds, isMessages: !(scenario in LOADS) };
  } catch (error) {
    console.error(`Error: ${error.message}`);
    process.exit(2);
  }
}

async function main() {
  if (!isInstalled("wrk")) {
    console.error("Error: Cannot find wrk, which loads the servers");
    process.exit(1);
  }
  const { only, load } = settings;
  const { commit, machine, versions } = describeMachine();
  console.log(`Commit ${commit}; ${machine.model}, ${machine.cores} cores`);
  console.log(only.map((name) => `${name} ${versions[name]}`).join(", "));
  console.log(`${load.title ?? load.name}: CPU in us\n`);
  const columns = [];
  for (const name of only) {
    const side = SIDES.find((one) => one.name === `tricorn-${name}`);
    columns.push(await profileOf(side));
  }
  const rows = PARTS.map(([part]) => part)
    .filter((part) => columns.some(({ shares }) => shares.has(part)))
    .map((part) => [
      part,
      ...columns.map(({ shares, cost }) =>
        ((shares.get(part) ?? 0) * cost).toFixed(2)
      ),
    ]);
  rows.push(["all of it", ...columns.map(({ cost }) => cost.toFixed(2))]);
  console.log(table(["", ...only], rows));
}

/** What a request to `side` costs, and the share of each part in it. */
async function profileOf(side) {
  const cost = await withServer(side, async (server) => {
    const rounds = [];
    for (let round = 0; round < ROUNDS; round++) {
      rounds.push((await measure(server, 1)).cpuUs);
    }
    return spread(rounds).median;
  });
  const to = join(folder, side.runtime);
  await withServer(
    profiled(side, to),
    (server) => measure(server, settings.seconds),
  );
  const [file] = readdirSync(to).filter((name) => name.endsWith(".cpuprofile"));
  if (file === undefined) throw new Error(`${side.runtime} wrote no profile`);
  return { cost, shares: sharesIn(JSON.parse(readFileSync(join(to, file)))) };
}

async function withServer(side, body) {
  const server = await Server.start(side);
  try {
    await measure(server, WARM_UP_SECONDS);
    return await body(server);
  } finally {
    await server.stop();
  }
}

function measure(server, seconds) {
  return settings.isMessages
    ? measureMessages(server, settings.load, seconds)
    : measureLoad(server, settings.load, seconds);
}

/** The same server, writing a profile to `folder` when it ends. */
function profiled({ name, runtime }, folder) {
  const flags = ["--cpu-prof", `--cpu-prof-dir=${folder}`];
  return {
    name,
    runtime,
    command: (port) => [...RUNTIMES[runtime], ...flags, PROFILED, port],
  };
}

/** The share of each part in the time that was not idle, within the window. */
function sharesIn({ nodes, samples, timeDeltas }) {
  const parts = new Map(
    nodes.map(({ id, callFrame }) => [id, partOf(callFrame)]),
  );
  const busy = samples.map((id, at) =>
    parts.get(id) === IDLE ? 0 : timeDeltas[at]
  );
  const total = busy.reduce((sum, time) => sum + time, 0);
  const times = new Map();
  let passed = 0;
  let inside = 0;
  for (const [at, time] of busy.entries()) {
    passed += time;
    if (passed < total * WINDOW.from || passed > total * WINDOW.to) continue;
    inside += time;
    const part = parts.get(samples[at]);
    times.set(part, (times.get(part) ?? 0) + time);
  }
  return new Map([...times].map(([part, time]) => [part, time / inside]));
}

function partOf({ functionName, url }) {
  if (functionName === IDLE) return IDLE;
  const subject = url === "" ? functionName : url;
  return PARTS.find(([, pattern]) => pattern.test(subject))[0];
}

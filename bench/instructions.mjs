// How many instructions a request or message takes in memory (bench/connection), counted by
// valgrind: unlike times, they hardly change with what else the machine does.
//
//   node bench/instructions.mjs [--only deno,bun,node] [--case NAME] [--functions N]
//
// Two runs, one of them longer: what the start and the compilers take falls out of the difference.
// `--functions` also prints where they are, as far as the engine tells: V8 does, Bun does not.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { endsWithUs, exitOnSignals, temporaryFolder } from "./load/cleanup.mjs";
import {
  describeMachine,
  isInstalled,
  ROOT,
  RUNTIMES,
} from "./load/machine.mjs";
import { table } from "./load/stats.mjs";

/**
 * What can be counted, and the turns of the shorter run: the optimising compilers are done before
 * it ends. The longer one has twice as many.
 */
const CASES = {
  "GET": { file: "cycle_bench.ts", turns: 2_000 },
  "GET, measured": { file: "cycle_bench.ts", turns: 2_000 },
  "GET, 16 pipelined": { file: "cycle_bench.ts", turns: 200, size: 512 },
  "GET through a proxy": { file: "cycle_bench.ts", turns: 2_000 },
  "GET, 64 fields": { file: "cycle_bench.ts", turns: 400 },
  "POST echo, 10 kB": { file: "cycle_bench.ts", turns: 1_000 },
  "GET of Hono": { file: "fetch_bench.ts", turns: 1_000 },
  "text, 125 B": { file: "message_bench.ts", turns: 2_000 },
};
/** Requests or messages of a turn, where a case has no other size. */
const SIZE = 32;
/** All on one thread and the same in each run, as far as the engines can. */
const V8_FLAGS = [
  "--single-threaded",
  "--predictable",
  "--hash-seed=1",
  "--random-seed=1",
  "--perf-basic-prof",
  "--no-logfile-per-isolate",
];
const BUN_SETTINGS = {
  BUN_JSC_useConcurrentJIT: "0",
  BUN_JSC_useConcurrentGC: "0",
};

const settings = readArguments();
const folder = temporaryFolder();
exitOnSignals();
await main();

function readArguments() {
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        only: { type: "string", default: "deno,bun,node" },
        case: { type: "string" },
        functions: { type: "string", default: "0" },
      },
    }));
  } catch (error) {
    fail(error.message);
  }
  const runtimes = values.only.split(",");
  const cases = values.case === undefined ? Object.keys(CASES) : [values.case];
  checkNames("--only", runtimes, Object.keys(RUNTIMES));
  checkNames("--case", cases, Object.keys(CASES));
  if (!/^\d{1,4}$/.test(values.functions)) {
    fail(
      `Cannot use --functions "${values.functions}": expected a number from 0 to 9999`,
    );
  }
  return { runtimes, cases, functions: Number(values.functions) };
}

function checkNames(option, names, known) {
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const list = known.map((name) => `"${name}"`).join(", ");
  fail(`Cannot use ${option} "${unknown}": expected one of ${list}`);
}

function fail(message) {
  console.error(message);
  process.exit(2);
}

async function main() {
  if (!isInstalled("valgrind")) {
    fail("Cannot count without valgrind: apt-get install valgrind");
  }
  const { versions, commit } = describeMachine();
  console.log(
    `Commit ${commit}; deno ${versions.deno}, bun ${versions.bun}, node ${versions.node}`,
  );
  const { runtimes, cases } = settings;
  const rows = [];
  for (const name of cases) {
    const row = [name];
    for (const runtime of runtimes) {
      const functions = await count(runtime, name);
      row.push(functions.get("PROGRAM TOTALS").toFixed(0));
      if (settings.functions > 0) showFunctions(runtime, name, functions);
    }
    rows.push(row);
  }
  console.log("\nInstructions for each request or message, in memory\n");
  console.log(table(["", ...runtimes], rows));
}

function showFunctions(runtime, name, functions) {
  const rows = [...functions].sort(([, a], [, b]) => b - a)
    .slice(0, settings.functions)
    .map(([label, instructions]) => [label, instructions.toFixed(0)]);
  console.log(`\n${name} on ${runtime}\n\n${table(["", "each"], rows)}`);
}

/** Instructions of each function for one request, and of all in "PROGRAM TOTALS". */
async function count(runtime, name) {
  const { file, turns, size = SIZE } = CASES[name];
  const program = join(ROOT, "bench/connection", file);
  // Side by side: what each does is its own, whoever else runs.
  const [short, long] = await Promise.all(
    [turns, 2 * turns].map((count) =>
      runCounted(runtime, [program, "--turns", String(count), name])
    ),
  );
  const requests = turns * size;
  const each = new Map();
  for (const [label, instructions] of long) {
    each.set(label, (instructions - (short.get(label) ?? 0)) / requests);
  }
  return each;
}

async function runCounted(runtime, args) {
  const place = mkdtempSync(join(folder, "run-"));
  const counts = join(place, "counts");
  const flags = [
    ...V8_FLAGS,
    `--perf-basic-prof-path=${place}`,
    `--logfile=${join(place, "v8.log")}`,
  ];
  const [runner, ...rest] = RUNTIMES[runtime];
  const engine = {
    deno: [`--v8-flags=${flags.join(",")}`],
    bun: [],
    node: flags,
  }[runtime];
  const command = [
    "setarch",
    "-R",
    "valgrind",
    "--tool=callgrind",
    `--callgrind-out-file=${counts}`,
    runner,
    ...rest,
    ...engine,
    ...args,
  ];
  await runToEnd(command);
  const { stdout } = spawnSync("callgrind_annotate", [
    "--threshold=100",
    counts,
  ], { encoding: "utf8", maxBuffer: 1e9 });
  return readCounts(stdout, readNames(place));
}

function runToEnd([program, ...args]) {
  const child = endsWithUs(spawn(program, args, {
    cwd: ROOT,
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, ...BUN_SETTINGS, NO_COLOR: "1" },
  }));
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text) => errors += text);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`Cannot count ${args.join(" ")}:\n${errors}`));
    });
  });
}

/** What V8 says of the code that it made: where it begins, its size in bytes, its name. */
function readNames(place) {
  const map = readdirSync(place).find((name) => name.endsWith(".map"));
  if (map === undefined) return [];
  return readFileSync(join(place, map), "utf8").split("\n").filter(Boolean)
    .map((line) => {
      const [start, bytes, ...name] = line.split(" ");
      const from = Number.parseInt(start, 16);
      return { from, to: from + Number.parseInt(bytes, 16), name };
    });
}

function readCounts(text, names) {
  const counts = new Map();
  for (const line of text.split("\n")) {
    const match = /^ *([\d,]+) \([ \d.]+%\) +(\S.*)$/.exec(line);
    if (match === null) continue;
    const label = labelOf(match[2], names);
    const instructions = Number(match[1].replaceAll(",", ""));
    counts.set(label, (counts.get(label) ?? 0) + instructions);
  }
  return counts;
}

function labelOf(text, names) {
  const address = /^\?\?\?:0x([0-9a-f]+)/.exec(text)?.[1];
  const at = address === undefined ? -1 : Number.parseInt(address, 16);
  // Code that moved leaves its old place behind: the newest one counts.
  const known = names.findLast(({ from, to }) => from <= at && at < to);
  return (known?.name.join(" ") ?? text)
    .replace(/file:\/\/\S*\/(src|tests|bench)\//, "$1/")
    .replace(/ \[\S*\]$/, "").slice(0, 100);
}

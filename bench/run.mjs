// The whole bench: what primitives, functions, one wired request and real servers cost.
//
//   node bench/run.mjs [--scenario NAME,...] [--servers NAME,...] [--rounds N] [--seconds N]
//                      [--json FILE] [--full] [--charts] [--list]
//
// Plain JavaScript, for any Node from 20 on. See README.md beside it.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { describeMachine, isInstalled, ROOT } from "./load/machine.mjs";
import { exitOnSignals } from "./load/cleanup.mjs";
import { writeFiles } from "./load/files.mjs";
import { isPinned } from "./load/processes.mjs";
import {
  computeRatios,
  showRatios,
  showScenario,
  TARGETS,
} from "./load/report.mjs";
import { printProgress, runScenario, SCENARIOS, sidesOf } from "./load/run.mjs";
import { SIDES, whyNot } from "./load/sides.mjs";
import { PROGRAMS, runProgram } from "./programs.mjs";

const NAMES = [...Object.keys(PROGRAMS), ...Object.keys(SCENARIOS)];

const settings = readArguments();
await main();

function readArguments() {
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        scenario: { type: "string" },
        servers: { type: "string" },
        rounds: { type: "string" },
        seconds: { type: "string" },
        json: { type: "string" },
        full: { type: "boolean", default: false },
        charts: { type: "boolean", default: false },
        list: { type: "boolean", default: false },
      },
    }));
  } catch (error) {
    fail(error.message);
  }
  const { full } = values;
  if (values.list) {
    console.log(`Scenarios: ${NAMES.join(" ")}`);
    console.log(`Servers:   ${SIDES.map(({ name }) => name).join(" ")}`);
    process.exit(0);
  }
  return {
    full,
    scenarios: chosen("--scenario", values.scenario, NAMES) ?? NAMES,
    servers: chosen("--servers", values.servers, SIDES.map(({ name }) => name)),
    rounds: count("--rounds", values.rounds) ?? (full ? 5 : 3),
    // Of what no target speaks of.
    minorRounds: count("--rounds", values.rounds) ?? 3,
    seconds: count("--seconds", values.seconds) ?? (full ? 2 : 1),
    warmUpSeconds: full ? 2 : 1,
    memoryRounds: full ? 2 : 1,
    // Five steps in each round: about as long as the other scenarios.
    stepRounds: count("--rounds", values.rounds) ?? (full ? 3 : 1),
    stepSeconds: 1,
    json: values.json,
    charts: values.charts,
  };
}

function chosen(option, text, names) {
  if (text === undefined) return undefined;
  const list = text.split(",").filter(Boolean);
  for (const name of list) {
    if (!names.includes(name)) {
      fail(
        `Cannot use ${option} "${name}": expected one of ${names.join(", ")}`,
      );
    }
  }
  return list;
}

function count(option, text) {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,3}$/.test(text)) {
    fail(`Cannot use ${option} "${text}": expected a number from 1 to 9999`);
  }
  return Number(text);
}

function fail(message) {
  console.error(message);
  process.exit(2);
}

async function main() {
  const needsLoad = settings.scenarios.some((name) => name in SCENARIOS);
  if (needsLoad && process.platform !== "linux") {
    console.error(
      "Cannot load servers: their CPU time is read from Linux's /proc",
    );
    process.exit(1);
  }
  if (needsLoad && !isInstalled("wrk")) {
    console.error(
      "Cannot load servers without wrk: apt-get install wrk (or brew install wrk)",
    );
    process.exit(1);
  }
  exitOnSignals();
  if (needsLoad) writeFiles();

  const startMs = Date.now();
  const report = { ...describeMachine(), isPinned, settings, targets: TARGETS };
  printHead(report);

  report.programs = {};
  report.notRun = {};
  report.scenarios = {};
  let failures = 0;
  for (const name of settings.scenarios) {
    if (name in PROGRAMS) {
      const result = runProgram(PROGRAMS[name], settings);
      report.programs[name] = result;
      failures += result.failures.length;
      continue;
    }
    const scenario = SCENARIOS[name];
    const sides = [];
    for (const side of sidesOf(scenario, settings)) {
      const reason = whyNot(side);
      if (reason === undefined) sides.push(side);
      else report.notRun[side.name] = reason;
    }
    if (sides.length === 0) continue;
    const result = await runScenario(scenario, sides, settings, printProgress);
    report.scenarios[name] = result;
    for (const side of Object.values(result.sides)) {
      failures += side.failures.length;
    }
    console.log(showScenario(result));
  }

  report.ratios = computeRatios(report.scenarios);
  report.failures = failures;
  console.log(showRatios(report.ratios));
  for (const [name, reason] of Object.entries(report.notRun)) {
    console.log(`Not run: ${name} (${reason})`);
  }
  const file = write(report);
  if (settings.charts) drawCharts(file);
  const seconds = Math.round((Date.now() - startMs) / 1_000);
  console.log(
    `\n${failures} failed rounds, ${seconds} s, raw figures in ${file}`,
  );
  process.exit(failures === 0 ? 0 : 1);
}

function drawCharts(file) {
  const program = join(ROOT, "bench/charts.mjs");
  const path = settings.json === undefined ? join(ROOT, file) : resolve(file);
  const { status } = spawnSync(process.execPath, [program, path], {
    stdio: "inherit",
  });
  if (status !== 0) fail("Cannot draw the charts");
}

function printHead({ commit, isDirty, machine, versions, tool }) {
  console.log(`Commit ${commit}${isDirty ? " with local changes" : ""}`);
  console.log(
    `${machine.model}, ${machine.cores} cores, Linux ${machine.kernel}`,
  );
  console.log(
    Object.entries(versions).map(([name, version]) => `${name} ${version}`)
      .join(", "),
  );
  console.log(
    `${tool ?? "no wrk"}, ${settings.rounds} rounds; medians (least-greatest)`,
  );
  if (!isPinned) {
    console.log("Not pinned to cores: only the CPU figures mean something");
  }
  console.log();
}

function write(report) {
  const stamp = report.date.replace(/[:.]/g, "-");
  const file = settings.json === undefined
    ? join(ROOT, "bench/results", `${stamp}-${report.commit}.json`)
    : resolve(settings.json);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
  return settings.json ?? file.slice(ROOT.length + 1);
}

// Charts of a run, as SVG.
//
//   node bench/charts.mjs FILE... [--out FOLDER]
//
// Each FILE is what `run.mjs --json FILE` wrote. Of a scenario that is in several files the last
// one counts, so that a part measured anew replaces the older one. Without `--out` the charts go to
// bench/charts/.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import {
  barChart,
  figuresOf,
  lineChart,
  linesOf,
  mergeRuns,
  provenance,
} from "./svg.mjs";

/** The charts of bars: which scenarios each shows, and which of their figures. */
const BARS = {
  requests: {
    title: "CPU per request",
    unit: "microseconds",
    figure: "cpuUs",
    scenarios: {
      get: "GET /, 13 bytes",
      browser: "GET / with 64 header fields",
      pipelined: "GET / pipelined, 16 at a time",
      echo: "POST of 10 kB, echoed",
      download: "GET of 1 MB",
      "file-10k": "GET of a file of 10 kB",
      "file-1m": "GET of a file of 1 MB",
    },
  },
  messages: {
    title: "CPU per WebSocket message",
    unit: "microseconds",
    figure: "cpuUs",
    scenarios: {
      "ws-echo-16": "echo of 16 bytes",
      "ws-echo-125": "echo of 125 bytes",
      "ws-echo-4k": "echo of 4 kB",
      "ws-deflate-125": "echo of 125 bytes, compressed",
      "ws-deflate-4k": "echo of 4 kB, compressed",
      "ws-broadcast": "broadcast of 125 bytes, for each receiver",
    },
  },
  "half-load": {
    title: "99th percentile at half of each server's own rate",
    unit: "microseconds from when a request was due",
    figure: "p99Us",
    scenarios: { "half-load": "GET /, 13 bytes" },
  },
  idle: {
    title: "Memory of an idle connection, 10,000 held",
    unit: "kB",
    figure: "kbPerConnection",
    scenarios: { idle: "HTTP, kept alive", "ws-idle": "WebSocket" },
    hasOneScale: true,
  },
};

/** The charts of lines, by scenario. */
const LINES = {
  connections: {
    title: "CPU per request as connections grow",
    stepUnit: "connections",
  },
  fields: {
    title: "CPU per request as header fields grow",
    stepUnit: "header fields",
  },
  body: {
    title: "CPU per echo as its body grows",
    stepUnit: "bytes of body",
  },
};

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      options: { out: { type: "string" } },
      allowPositionals: true,
    });
    if (positionals.length === 0) {
      throw new Error("Cannot draw charts without figures: expected a file");
    }
    const here = dirname(fileURLToPath(import.meta.url));
    return {
      files: positionals,
      folder: resolve(values.out ?? join(here, "charts")),
    };
  } catch (error) {
    console.error(error.message);
    process.exit(2);
  }
}

/** Where the figures of `names` come from; parts of several runs are told apart by date and commit. */
function sourceOf(names, sources) {
  return [...new Set(names.map((name) => provenance(sources[name])))]
    .join("\n");
}

function draw({ scenarios, sources }) {
  const charts = {};
  for (const [name, { title, unit, figure, ...bars }] of Object.entries(BARS)) {
    const shown = Object.keys(bars.scenarios)
      .filter((each) => scenarios[each] !== undefined)
      .map((each) => ({
        scenario: each,
        label: bars.scenarios[each],
        figures: figuresOf(scenarios[each], figure),
      }))
      .filter(({ figures }) => figures.length > 0);
    if (shown.length === 0) continue;
    charts[name] = barChart({
      title,
      unit,
      groups: shown,
      hasOneScale: bars.hasOneScale,
      source: sourceOf(shown.map(({ scenario }) => scenario), sources),
    });
  }
  for (const [name, { title, stepUnit }] of Object.entries(LINES)) {
    const scenario = scenarios[name];
    const lines = scenario === undefined ? [] : linesOf(scenario, "cpuUs");
    if (lines.length === 0) continue;
    charts[name] = lineChart({
      title,
      unit: "microseconds",
      stepUnit,
      steps: scenario.steps,
      lines,
      source: sourceOf([name], sources),
    });
  }
  return charts;
}

const { files, folder } = readArguments();
const runs = files.map((file) => JSON.parse(readFileSync(file, "utf8")));
mkdirSync(folder, { recursive: true });
for (const [name, svg] of Object.entries(draw(mergeRuns(runs)))) {
  writeFileSync(join(folder, `${name}.svg`), svg);
  console.log(join(folder, `${name}.svg`));
}

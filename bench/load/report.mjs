// Tables of what was measured, and the ratios that the targets speak of.
import { showSpread, spread, table } from "./stats.mjs";

/**
 * The targets of each scenario: what must be reached, and what is aimed at. A target holds a figure
 * of Tricorn's over another server's, at most; `difference` says that it is the figure less the
 * other's, `least` that it is a figure of its own, at least.
 */
export const TARGETS = {
  get: {
    denoServe: { must: 1.35, aim: 1 },
    bunServe: { must: 1.1, aim: 1 },
    nodeHttp: { must: 0.6, aim: 0.5 },
    uvicorn: { must: 0.42, aim: 0.33 },
    floor: { must: 1.35, aim: 1.15 },
  },
  // Microseconds that a line in the access log adds.
  log: { unlogged: { must: 1.5, aim: 0.7, as: "difference" } },
  hono: {
    honoNative: { must: 1.25 },
    honoNodeServer: { must: 1 },
    srvx: { must: 1 },
  },
  // Requests per CPU second, pipelined over one at a time.
  pipelined: { itself: { must: 3, as: "least" } },
  echo: {
    denoServe: { must: 1 },
    bunServe: { must: 1 },
    nodeHttp: { must: 1 },
  },
  download: {
    denoServe: { must: 1 },
    bunServe: { must: 1 },
    nodeHttp: { must: 1 },
  },
  // The 99th percentile.
  "half-load": {
    denoServe: { must: 1 },
    bunServe: { must: 1 },
    nodeHttp: { must: 1 },
  },
  // Bun.serve holds less than the kB that a ratio could be formed of.
  idle: {
    denoServe: { must: 0.5 },
    nodeHttp: { must: 0.5 },
    bunServe: { must: 2, as: "difference" },
  },
  "ws-echo-125": {
    denoServe: { must: 0.9 },
    bunServe: { must: 1.15 },
    nodeWs: { must: 0.9 },
    uvicorn: { must: 0.35 },
  },
  "ws-idle": { nodeWs: { must: 1 }, denoServe: { must: 1 } },
};

const column = (rounds, name, scale = 1) =>
  spread(rounds.map((round) => round[name] * scale).filter(Number.isFinite));

/** How each kind of scenario shows its rounds. */
const COLUMNS = {
  load: [
    ["CPU us/request", (r) => showSpread(column(r, "cpuUs"))],
    ["requests/s", (r) => showSpread(column(r, "requestsPerSecond"), 0)],
    ["p50 ms", (r) => showSpread(column(r, "p50Us", 1e-3))],
    ["p99 ms", (r) => showSpread(column(r, "p99Us", 1e-3))],
    ["peak MB", (r) => column(r, "peakMb")?.greatest.toFixed(0) ?? "-"],
  ],
  messages: [
    ["CPU us/message", (r) => showSpread(column(r, "cpuUs"))],
    ["messages/s", (r) => showSpread(column(r, "messagesPerSecond"), 0)],
    ["p50 ms", (r) => showSpread(column(r, "p50Us", 1e-3))],
    ["p99 ms", (r) => showSpread(column(r, "p99Us", 1e-3))],
    ["core %", (r) => showSpread(column(r, "busy", 100), 0)],
    ["peak MB", (r) => column(r, "peakMb")?.greatest.toFixed(0) ?? "-"],
  ],
  pipelined: [
    ["CPU us/request", (r) => showSpread(column(r, "cpuUs"))],
    ["one at a time", (r) => showSpread(column(r, "plainCpuUs"))],
    ["per CPU second", (r) => showTimes(column(r, "gain"))],
    ["requests/s", (r) => showSpread(column(r, "requestsPerSecond"), 0)],
    ["peak MB", (r) => column(r, "peakMb")?.greatest.toFixed(0) ?? "-"],
  ],
  paced: [
    ["rate/s", (r) => showSpread(column(r, "rate"), 0)],
    ["CPU us/request", (r) => showSpread(column(r, "cpuUs"))],
    ["p50 us", (r) => showSpread(column(r, "p50Us"), 0)],
    ["p99 us", (r) => showSpread(column(r, "p99Us"), 0)],
    ["client's p99 us", (r) => showSpread(column(r, "delayP99Us"), 0)],
  ],
  upload: [
    ["CPU ms/upload", (r) => showSpread(column(r, "cpuMs"), 1)],
    ["MB/s", (r) => showSpread(column(r, "megabytesPerSecond"), 0)],
    ["peak MB", (r) => column(r, "peakMb")?.greatest.toFixed(0) ?? "-"],
  ],
  idle: [
    ["held", (r) => r[0]?.held ?? "-"],
    ["kB/connection", (r) => showSpread(column(r, "kbPerConnection"))],
    ["idle CPU %", (r) => showSpread(column(r, "idleCpuPercent"), 1)],
    ["memory MB", (r) => showSpread(column(r, "memoryMb"), 0)],
  ],
  memory: [
    ["early MB", (r) => showSpread(column(r, "earlyMb"), 1)],
    ["late MB", (r) => showSpread(column(r, "lateMb"), 1)],
    ["growth MB", (r) => showSpread(column(r, "growthMb"), 1)],
    ["peak MB", (r) => column(r, "peakMb")?.greatest.toFixed(1) ?? "-"],
  ],
};

const showTimes = (value) =>
  value === undefined ? "-" : `x ${showSpread(value)}`;

/** A column for each step, of CPU per request. */
const stepColumns = ({ steps, unit }) =>
  steps.map((step, i) => [
    `${i === 0 ? `us, ${unit}: ` : ""}${step}`,
    (r) => showSpread(column(r.filter((each) => each.step === step), "cpuUs")),
  ]);

/** One scenario's table, least first column first. */
export function showScenario(result) {
  const columns = COLUMNS[result.kind] ?? stepColumns(result);
  const rows = Object.entries(result.sides).map((
    [name, { rounds, failures }],
  ) => [
    failures.length === 0 ? name : `${name} (${failures.length} failed)`,
    ...columns.map(([, show]) => show(rounds)),
  ]);
  const lines = [
    `\n${result.title}\n`,
    table(["server", ...columns.map(([t]) => t)], rows),
  ];
  for (const [name, { failures }] of Object.entries(result.sides)) {
    for (const failure of failures) lines.push(`  failed: ${name}: ${failure}`);
  }
  return lines.join("\n");
}

/** What the comparisons of a kind of scenario are of. */
const COMPARED = {
  load: "cpuUs",
  pipelined: "cpuUs",
  messages: "cpuUs",
  paced: "p99Us",
  idle: "kbPerConnection",
  steps: "cpuUs",
};

const UNITS = { cpuUs: "us", p99Us: "us", kbPerConnection: "kB" };

/** How the words in `TARGETS` compare a figure of Tricorn's with another's. */
const COMPARE = {
  ratio: (figure, other) => figure / other,
  difference: (figure, other) => figure - other,
};

/** Round by round, so that what disturbs the machine disturbs both sides. */
function compare(rounds, others, figure, as) {
  const over = new Map(others.map((round) => [round.round, round[figure]]));
  const values = [];
  for (const round of rounds) {
    const value = COMPARE[as](round[figure], over.get(round.round));
    if (Number.isFinite(value)) values.push(value);
  }
  return spread(values);
}

/** Who is held against whom, and by which of a scenario's targets. */
const COMPARISONS = [
  ["tricorn-deno", "deno-serve", "denoServe"],
  ["tricorn-deno", "uvicorn", "uvicorn"],
  ["tricorn-deno", "raw-deno", "floor"],
  ["tricorn-bun", "bun-serve", "bunServe"],
  ["tricorn-bun", "uvicorn", "uvicorn"],
  ["tricorn-bun", "raw-bun", "floor"],
  ["tricorn-node", "node-http", "nodeHttp"],
  ["tricorn-node", "node-ws", "nodeWs"],
  ["tricorn-node", "uvicorn", "uvicorn"],
  ["tricorn-node", "raw-node", "floor"],
  ["tricorn-deno-log", "tricorn-deno", "unlogged"],
  ["tricorn-bun-log", "tricorn-bun", "unlogged"],
  ["tricorn-node-log", "tricorn-node", "unlogged"],
  ["tricorn-deno-hono", "deno-serve-deno-hono", "honoNative"],
  ["tricorn-deno-hono", "srvx-deno-hono", undefined],
  ["raw-deno-hono", "deno-serve-deno-hono", undefined],
  ["tricorn-bun-hono", "bun-serve-bun-hono", "honoNative"],
  ["tricorn-bun-hono", "srvx-bun-hono", undefined],
  ["tricorn-bun-hono-light", "bun-serve-bun-hono", "honoNative"],
  // Both replace the global classes.
  ["tricorn-node-hono-light", "node-server-node-hono", "honoNodeServer"],
  ["tricorn-node-hono", "node-server-node-hono", undefined],
  ["tricorn-node-hono", "node-server-plain-node-hono", undefined],
  ["tricorn-node-hono", "srvx-node-hono", "srvx"],
  ["tricorn-deno-net", "raw-deno-net", undefined],
  ["tricorn-bun-net", "raw-bun-net", undefined],
];

/** Those whose pipelined requests are held against their own, one at a time. */
const PIPELINING = ["tricorn-deno", "tricorn-bun", "tricorn-node"];

/** Whether `value` reaches `bound`; `undefined` where none is set. */
function reaches(value, bound, as) {
  if (bound === undefined) return undefined;
  return as === "least" ? value >= bound : value <= bound;
}

function held(value, target, as) {
  const { must, aim } = target ?? {};
  return {
    ...value,
    as,
    must,
    isMet: reaches(value.median, must, as),
    aim,
    isAimMet: reaches(value.median, aim, as),
  };
}

/** Tricorn's figure against everybody else's, for each scenario that has one to compare. */
export function computeRatios(results) {
  const ratios = [];
  for (const [scenario, { kind, sides, steps }] of Object.entries(results)) {
    const figure = COMPARED[kind];
    if (figure === undefined) continue;
    // Set for some scenarios alone; beside the others they would mislead.
    const targets = TARGETS[scenario] ?? {};
    const roundsOf = (name, step) =>
      (sides[name]?.rounds ?? []).filter((round) => round.step === step);
    for (const step of steps ?? [undefined]) {
      for (const [above, below, targetName] of COMPARISONS) {
        const target = targets[targetName];
        const as = target?.as ?? "ratio";
        const value = compare(
          roundsOf(above, step),
          roundsOf(below, step),
          figure,
          as,
        );
        if (value === undefined) continue;
        ratios.push({
          scenario,
          step,
          figure,
          above,
          below,
          ...held(value, target, as),
        });
      }
    }
    if (kind !== "pipelined") continue;
    for (const above of PIPELINING) {
      const value = column(roundsOf(above), "gain");
      if (value === undefined) continue;
      ratios.push({
        scenario,
        figure: "gain",
        above,
        ...held(value, targets.itself, "least"),
      });
    }
  }
  return ratios;
}

function showCompared({ scenario, step, figure, above, below, as }) {
  const what = {
    p99Us: " (p99)",
    kbPerConnection: " (memory)",
    gain: " (requests per CPU second)",
  }[figure] ?? "";
  const where = step === undefined ? scenario : `${scenario} ${step}`;
  if (below === undefined) {
    return `${where}${what}: ${above}, to one at a time`;
  }
  return as === "difference"
    ? `${where}${what}: ${above} - ${below}, ${UNITS[figure]}`
    : `${where}${what}: ${above} / ${below}`;
}

/** The table of ratios, targets beside. */
export function showRatios(ratios) {
  if (ratios.length === 0) return "";
  const show = (bound, as) =>
    bound === undefined
      ? ""
      : `${as === "least" ? ">=" : "<="} ${bound.toFixed(2)}`;
  const rows = ratios.map(({ must, isMet, aim, isAimMet, ...compared }) => [
    showCompared(compared),
    showSpread(compared),
    show(must, compared.as),
    isMet === undefined ? "" : isMet ? "met" : "MISSED",
    show(aim, compared.as),
    isAimMet === undefined ? "" : isAimMet ? "met" : "not yet",
  ]);
  return `\nTricorn against the others, round by round\n\n${
    table(["", "median (spread)", "must", "", "aim", ""], rows)
  }`;
}

// Tables of what was measured, and the ratios that the targets speak of.
import { showSpread, spread, table } from "./stats.mjs";

/** The targets: Tricorn's CPU per `GET /` over that of another server, at most. */
export const TARGETS = {
  uvicorn: 0.5,
  nodeHttp: 0.7,
  floor: 1.6,
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

/** One scenario's table, least first column first. */
export function showScenario(result) {
  const columns = COLUMNS[result.kind];
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

/** Round by round, so that what disturbs the machine disturbs both sides of a ratio. */
function ratio(sides, above, below) {
  const over = new Map(
    (sides[below]?.rounds ?? []).map((round) => [round.round, round.cpuUs]),
  );
  const values = [];
  for (const { round, cpuUs } of sides[above]?.rounds ?? []) {
    if (over.get(round) > 0) values.push(cpuUs / over.get(round));
  }
  return spread(values);
}

const COMPARISONS = [
  ["tricorn-deno", "deno-serve", undefined],
  ["tricorn-deno", "uvicorn", TARGETS.uvicorn],
  ["tricorn-deno", "raw-deno", TARGETS.floor],
  ["tricorn-bun", "bun-serve", undefined],
  ["tricorn-bun", "uvicorn", TARGETS.uvicorn],
  ["tricorn-bun", "raw-bun", TARGETS.floor],
  ["tricorn-node", "node-http", TARGETS.nodeHttp],
  ["tricorn-node", "uvicorn", TARGETS.uvicorn],
  ["tricorn-node", "raw-node", TARGETS.floor],
  ["tricorn-deno-net", "raw-deno-net", undefined],
  ["tricorn-bun-net", "raw-bun-net", undefined],
];

/** Tricorn's CPU per request over everybody else's, for each load scenario that ran. */
export function computeRatios(results) {
  const ratios = [];
  for (const [scenario, { kind, sides }] of Object.entries(results)) {
    if (kind !== "load") continue;
    for (const [above, below, target] of COMPARISONS) {
      const value = ratio(sides, above, below);
      if (value === undefined) continue;
      // The targets are set for the small GET; beside the other loads they would mislead.
      const most = scenario === "get" ? target : undefined;
      const isMet = most === undefined ? undefined : value.median <= most;
      ratios.push({ scenario, above, below, ...value, target: most, isMet });
    }
  }
  return ratios;
}

/** The table of ratios, targets beside. */
export function showRatios(ratios) {
  if (ratios.length === 0) return "";
  const rows = ratios.map((
    { scenario, above, below, target, isMet, ...value },
  ) => [
    `${scenario}: ${above} / ${below}`,
    showSpread(value),
    target === undefined ? "" : `<= ${target.toFixed(2)}`,
    isMet === undefined ? "" : isMet ? "met" : "MISSED",
  ]);
  return `\nRatios of CPU per request, round by round\n\n${
    table(["", "median (spread)", "target", ""], rows)
  }`;
}

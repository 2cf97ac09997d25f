// Tables of what was measured, and the ratios that the targets speak of.
import { showSpread, spread, table } from "./stats.mjs";

/**
 * The targets, at most, of Tricorn's figure over another server's: CPU per `GET /`, CPU per echo
 * of 125 bytes, memory of an idle WebSocket.
 */
export const TARGETS = {
  get: { uvicorn: 0.5, nodeHttp: 0.7, floor: 1.6 },
  "ws-echo-125": { uvicorn: 0.35, nodeWs: 1, denoServe: 1, bunServe: 1.3 },
  "ws-idle": { nodeWs: 1, denoServe: 1 },
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

/** What the ratios of a kind of scenario are of. */
const COMPARED = {
  load: "cpuUs",
  messages: "cpuUs",
  idle: "kbPerConnection",
};

/** Round by round, so that what disturbs the machine disturbs both sides of a ratio. */
function ratio(sides, above, below, figure) {
  const over = new Map(
    (sides[below]?.rounds ?? []).map((round) => [round.round, round[figure]]),
  );
  const values = [];
  for (const round of sides[above]?.rounds ?? []) {
    const other = over.get(round.round);
    if (other > 0) values.push(round[figure] / other);
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
  ["tricorn-deno-net", "raw-deno-net", undefined],
  ["tricorn-bun-net", "raw-bun-net", undefined],
];

/** Tricorn's figure over everybody else's, for each scenario that has one to compare. */
export function computeRatios(results) {
  const ratios = [];
  for (const [scenario, { kind, sides }] of Object.entries(results)) {
    const figure = COMPARED[kind];
    if (figure === undefined) continue;
    for (const [above, below, targetName] of COMPARISONS) {
      const value = ratio(sides, above, below, figure);
      if (value === undefined) continue;
      // Set for some scenarios alone; beside the others they would mislead.
      const target = TARGETS[scenario]?.[targetName];
      const isMet = target === undefined ? undefined : value.median <= target;
      ratios.push({ scenario, figure, above, below, ...value, target, isMet });
    }
  }
  return ratios;
}

/** The table of ratios, targets beside. */
export function showRatios(ratios) {
  if (ratios.length === 0) return "";
  const rows = ratios.map((
    { scenario, figure, above, below, target, isMet, ...value },
  ) => [
    `${scenario}${figure === "cpuUs" ? "" : " (memory)"}: ${above} / ${below}`,
    showSpread(value),
    target === undefined ? "" : `<= ${target.toFixed(2)}`,
    isMet === undefined ? "" : isMet ? "met" : "MISSED",
  ]);
  return `\nRatios of CPU per request or message, round by round\n\n${
    table(["", "median (spread)", "target", ""], rows)
  }`;
}

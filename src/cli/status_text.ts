/** The status of a server as text for a terminal. What peers sent is escaped. */
import type { ServerStatus, WorkerStatus } from "../control/controlled.ts";
import type { InFlight } from "../server/process_status.ts";
import { printable } from "../text/printable.ts";

/** How to write it. */
export interface StatusTextOptions {
  /** Characters in a line, at least 40: longer ones are cut. */
  readonly columns: number;
  /** Lines; those that do not fit are left out, with a line that says so. `Infinity` for all. */
  readonly rows: number;
  /** Requests a second of each worker since the last look, by its id; `undefined` at the first. */
  readonly rates?: ReadonlyMap<number, number> | undefined;
}

const WAITS: Readonly<Record<InFlight["waitsFor"], string>> = {
  application: "application",
  body: "request body",
  client: "client to read",
  slot: "free slot",
  message: "message",
  close: "closing",
};

/** The lines, each without its end. */
export function statusLines(
  status: ServerStatus,
  { columns, rows, rates }: StatusTextOptions,
): readonly string[] {
  const requests = requestLines(status);
  const lines = [
    `${status.application}, ${status.phase} for ${
      duration(status.uptimeSeconds)
    }, process ${status.pid}, ${restarts(status.restarts)}`,
    `tricorn ${status.version} on ${status.runtime}`,
    ...status.addresses,
    "",
    ...workerLines(status.workers, rates),
    "",
    ...requests,
  ].map((line) => cut(printable(line), columns));
  if (lines.length <= rows) return lines;
  const shown = lines.slice(0, rows - 1);
  return [...shown, cut(`… and ${lines.length - shown.length} more`, columns)];
}

function restarts(count: number): string {
  return count === 1 ? "1 restart" : `${count} restarts`;
}

function workerLines(
  workers: readonly WorkerStatus[],
  rates: ReadonlyMap<number, number> | undefined,
): string[] {
  if (workers.length === 0) {
    return ["No server process runs: the log says why."];
  }
  const head = [
    "SLOT",
    "PID",
    "STATE",
    "UPTIME",
    "REQUESTS",
    ...rates === undefined ? [] : ["/S"],
    "NOW",
    "CONNS",
    "RESTARTS",
    "MEMORY",
    "LAG",
  ];
  const rows = workers.map((worker) => [
    String(worker.slot),
    String(worker.pid),
    worker.isResponding ? worker.phase : "silent",
    duration(worker.uptimeSeconds),
    String(worker.totalRequests),
    ...rates === undefined
      ? []
      : [String(Math.round(rates.get(worker.pid) ?? 0))],
    String(worker.requestsInProgress),
    String(worker.connections),
    String(worker.restarts),
    `${Math.round(worker.memoryBytes / 1024 / 1024)} MiB`,
    `${worker.loopLagMs} ms`,
  ]);
  return table([head, ...rows]);
}

function requestLines(status: ServerStatus): string[] {
  const all = status.workers.flatMap(({ inFlight }) => inFlight);
  all.sort((a, b) => (b.ageMs ?? 0) - (a.ageMs ?? 0));
  const count = status.workers.reduce(
    (sum, worker) => sum + worker.requestsInProgress,
    0,
  );
  if (all.length === 0) {
    return [
      count === 0
        ? "No requests in progress."
        : `${count} in progress, after their responses.`,
    ];
  }
  const rows = all.map((request) => [
    request.ageMs === null ? "?" : `${(request.ageMs / 1000).toFixed(1)} s`,
    WAITS[request.waitsFor] ?? request.waitsFor,
    request.client || "-",
    `${request.method} ${request.path}`,
  ]);
  const lines = table([["AGE", "WAITS FOR", "CLIENT", "REQUEST"], ...rows], 1);
  return lines;
}

/** Columns of equal width: the first ones end at their right, those of `leftFrom` on begin left. */
function table(
  rows: readonly (readonly string[])[],
  leftFrom: number = Infinity,
): string[] {
  const widths = rows[0]!.map((_, at) =>
    Math.max(...rows.map((row) => row[at]!.length))
  );
  return rows.map((row) =>
    row.map((cell, at) =>
      at >= leftFrom ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!)
    ).join("  ").trimEnd()
  );
}

/** `12 s`, `3:04 min`, `5:06 h` or `7 days`. */
export function duration(seconds: number): string {
  const whole = Math.floor(seconds);
  const two = (value: number) => String(value).padStart(2, "0");
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}:${two(whole % 60)} min`;
  if (whole < 48 * 3600) {
    return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)} h`;
  }
  return `${Math.floor(whole / 86400)} days`;
}

/** Characters that terminals draw two columns wide, as far as that is common. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** At most `columns` wide; what is cut off shows as an ellipsis. */
function cut(text: string, columns: number): string {
  let width = 0;
  let kept = "";
  for (const char of text) {
    const size = WIDE.test(char) ? 2 : 1;
    if (width + size > columns) {
      return `${[...kept].slice(0, -1).join("")}…`;
    }
    width += size;
    kept += char;
  }
  return kept;
}

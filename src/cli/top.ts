/** `tricorn top`: the status of a server, drawn again and again. */
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import type { ServerStatus } from "../control/controlled.ts";
import type { TextSink } from "../runtime/types.ts";
import { statusLines } from "./status_text.ts";

/** Size of a terminal that does not tell. */
const COLUMNS = 80;
const ROWS = 24;
/** Narrower terminals are drawn as if they had this. */
const MIN_COLUMNS = 40;
const MIN_ROWS = 6;

/** To the upper left corner. */
const HOME = "\x1b[H";
const CLEAR_LINE_END = "\x1b[K";
const CLEAR_BELOW = "\x1b[J";
const CLEAR_ALL = "\x1b[2J";

/** How to draw. */
export interface TopOptions {
  readonly intervalMs: number;
  readonly stdout: Pick<TextSink, "write" | "isTerminal">;
  /** Size of the terminal. Default: that of this process. */
  readonly size?: () => { readonly columns: number; readonly rows: number };
  /** Waits. Default: a timer. */
  readonly wait?: (ms: number) => Promise<unknown>;
}

/**
 * Draws until `look` rejects. Where the output is no terminal, it is written once.
 *
 * @param look Asks for the status.
 */
export async function top(
  look: () => Promise<ServerStatus>,
  { intervalMs, stdout, size = terminalSize, wait = sleep }: TopOptions,
): Promise<void> {
  let status = await look();
  if (!stdout.isTerminal) {
    const lines = statusLines(status, { columns: COLUMNS, rows: Infinity });
    stdout.write(`${lines.join("\n")}\n`);
    return;
  }
  let rates: ReadonlyMap<number, number> | undefined;
  stdout.write(CLEAR_ALL);
  for (;;) {
    stdout.write(screen(status, size(), rates));
    await wait(intervalMs);
    const before = status;
    status = await look();
    rates = ratesOf(before, status);
  }
}

/** Overwrites line by line: a screen that is cleared first would flicker. */
function screen(
  status: ServerStatus,
  size: { readonly columns: number; readonly rows: number },
  rates: ReadonlyMap<number, number> | undefined,
): string {
  const columns = Math.max(size.columns, MIN_COLUMNS);
  const rows = Math.max(size.rows, MIN_ROWS) - 1; // the cursor's line
  const lines = statusLines(status, { columns, rows, rates });
  return HOME + lines.map((line) => `${line}${CLEAR_LINE_END}\n`).join("") +
    CLEAR_BELOW;
}

/** Requests a second of each process that both looks have met. */
function ratesOf(
  before: ServerStatus,
  now: ServerStatus,
): ReadonlyMap<number, number> {
  const old = new Map(before.workers.map((worker) => [worker.pid, worker]));
  const rates = new Map<number, number>();
  for (const worker of now.workers) {
    const last = old.get(worker.pid);
    if (last === undefined) continue;
    const seconds = worker.uptimeSeconds - last.uptimeSeconds;
    const requests = worker.totalRequests - last.totalRequests;
    if (seconds > 0 && requests >= 0) {
      rates.set(worker.pid, requests / seconds);
    }
  }
  return rates;
}

function terminalSize(): { readonly columns: number; readonly rows: number } {
  const { columns, rows } = process.stdout;
  return { columns: columns || COLUMNS, rows: rows || ROWS };
}

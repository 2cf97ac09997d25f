/**
 * What the benches of this folder share: sockets that cost nothing, and how time and memory of what
 * goes over them are taken. Nanoseconds for each request or message, and bytes allocated for it on
 * Deno and Node (V8 counts as it allocates, JavaScriptCore only when it collects).
 */
import process from "node:process";
import type {
  Address,
  Socket,
  SocketHandler,
} from "../../src/runtime/types.ts";

/** Takes what is written and keeps none of it. */
export class CountingSocket implements Socket {
  handler!: SocketHandler;
  readonly localAddress: Address = {
    kind: "tcp",
    host: "127.0.0.1",
    port: 8000,
  };
  readonly remoteAddress: Address = {
    kind: "tcp",
    host: "127.0.0.1",
    port: 50123,
  };
  readonly tls: undefined = undefined;
  readonly isLending = true;
  readonly queuedBytes = 0;
  bytes = 0;
  isClosed = false;
  /** Set to keep the next writes, for the comparison; each octet a character. */
  kept: string | undefined;

  write(bytes: Uint8Array): boolean {
    this.bytes += bytes.length;
    if (this.kept !== undefined) {
      for (const octet of bytes) this.kept += String.fromCharCode(octet);
    }
    return true;
  }
  writePair(head: Uint8Array, body: Uint8Array): boolean {
    this.write(head);
    return this.write(body);
  }
  pause(): void {}
  resume(): void {}
  overrideAddresses(): void {}
  end(): void {
    this.isClosed = true;
  }
  destroy(): void {
    this.isClosed = true;
  }
  reset(): void {
    this.isClosed = true;
  }
}

/** Connections of one case that have something to read in each turn, as in a busy server. */
export interface Exchange {
  readonly name: string;
  /** Requests or messages that a turn answers. */
  readonly size: number;
  /** One turn of the loop: every socket reads, every answer leaves. */
  turn(): Promise<void>;
  /** Throws unless every socket answers as it should. */
  check(): Promise<void>;
}

/** How many sockets take part in a turn. */
export const CONNECTIONS = 32;
const BATCH_MS = 20;
const REPEATS = 25;
/** Turns between two looks at the heap: few, so that most spans see no collection. */
const TURNS_PER_SPAN = 4;
const SPANS = 60;

/**
 * Measures one after the other and prints the rows. With `--turns N NAME` among the arguments, the
 * exchange of that name has so many turns and nothing is measured: for those who count instructions
 * from outside.
 */
export async function printCosts(
  unit: string,
  exchanges: readonly Exchange[],
): Promise<void> {
  const at = process.argv.indexOf("--turns");
  if (at >= 0) {
    const [turns, name] = process.argv.slice(at + 1);
    const exchange = exchanges.find((each) => each.name === name);
    if (exchange === undefined) throw new Error(`No exchange "${name}"`);
    await run(exchange, Number(turns));
    await exchange.check();
    return;
  }
  const rows: Record<string, number> = {};
  for (const exchange of exchanges) {
    await exchange.check();
    rows[`${exchange.name}, ns`] = await leastNs(exchange);
    const bytes = await allocatedBytes(exchange);
    if (bytes !== undefined) rows[`${exchange.name}, bytes allocated`] = bytes;
    await exchange.check();
  }
  process.stdout.write(`${JSON.stringify({ unit, rows })}\n`);
}

/** Waits until the application has come to `isDone`. */
export async function until(
  isDone: () => boolean,
  what: string,
): Promise<void> {
  for (let i = 0; !isDone(); i++) {
    if (i === 10_000) throw new Error(`Cannot finish a turn of "${what}"`);
    await null;
  }
}

async function leastNs(exchange: Exchange): Promise<number> {
  let turns = 16;
  for (;;) {
    const ms = await run(exchange, turns);
    if (ms >= BATCH_MS) break;
    turns *= 2;
  }
  let best = Infinity;
  for (let i = 0; i < REPEATS; i++) {
    best = Math.min(best, await run(exchange, turns));
  }
  return best * 1e6 / (turns * exchange.size);
}

/** CPU time in milliseconds: the clock on the wall also counts what else the machine does. */
async function run(exchange: Exchange, turns: number): Promise<number> {
  const begin = process.cpuUsage();
  for (let i = 0; i < turns; i++) await exchange.turn();
  const { user, system } = process.cpuUsage(begin);
  return (user + system) / 1e3;
}

/** The median; `undefined` where the heap is not counted as it grows. */
async function allocatedBytes(exchange: Exchange): Promise<number | undefined> {
  if ("bun" in process.versions) return undefined;
  const spans: number[] = [];
  for (let i = 0; i < SPANS; i++) {
    const before = process.memoryUsage().heapUsed;
    for (let turn = 0; turn < TURNS_PER_SPAN; turn++) await exchange.turn();
    const bytes = process.memoryUsage().heapUsed - before;
    if (bytes > 0) spans.push(bytes); // less: a collection came in between
  }
  if (spans.length === 0) return undefined;
  spans.sort((a, b) => a - b);
  return spans[spans.length >> 1] / (TURNS_PER_SPAN * exchange.size);
}

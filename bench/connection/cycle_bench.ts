/**
 * One request through connection, cycle and application over a fake socket: everything the server
 * does in JavaScript, and nothing of the kernel or the runtime's sockets. Nanoseconds for each
 * request, and bytes allocated for it on Deno and Node (V8 counts as it allocates, JavaScriptCore
 * only when it collects).
 *
 * As in a busy server, `CONNECTIONS` sockets have something to read in each turn of the loop. The
 * answers are counted and one of each kind is compared before anything is measured.
 */
import { performance } from "node:perf_hooks";
import process from "node:process";
import type { HttpApp } from "../../src/asgi.ts";
import { HttpConnection } from "../../src/connection/http_connection.ts";
import type { HttpContext } from "../../src/connection/http_context.ts";
import type { Logger } from "../../src/logging/logger.ts";
import type {
  Address,
  Socket,
  SocketHandler,
} from "../../src/runtime/types.ts";
import type { FakeClock } from "../../tests/_support/fake_clock.ts";
import { Harness } from "../../tests/_support/harness.ts";

const CONNECTIONS = 32;
const BATCH_MS = 100;
const REPEATS = 5;
/** Turns between two looks at the heap: few, so that most spans see no collection. */
const TURNS_PER_SPAN = 4;
const SPANS = 60;

const encoder = new TextEncoder();
const HELLO = encoder.encode("Hello, world!");

/** Takes what is written and keeps none of it. */
class CountingSocket implements Socket {
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
  /** Set to keep the next writes, for the comparison. */
  kept: string | undefined;

  write(bytes: Uint8Array): boolean {
    this.bytes += bytes.length;
    if (this.kept !== undefined) this.kept += new TextDecoder().decode(bytes);
    return true;
  }
  pause(): void {}
  resume(): void {}
  readdress(): void {}
  end(): void {
    this.isClosed = true;
  }
  destroy(): void {
    this.isClosed = true;
  }
}

const SILENT: Logger = {
  name: "tricorn",
  isEnabled: () => false,
  critical() {},
  error() {},
  warning() {},
  info() {},
  debug() {},
  trace() {},
};

const hello: HttpApp = async (_scope, _receive, send) => {
  await send({
    type: "http.response.start",
    status: 200,
    headers: [["content-type", "text/plain"], [
      "content-length",
      String(HELLO.length),
    ]],
  });
  await send({ type: "http.response.body", body: HELLO });
};

const echo: HttpApp = async (_scope, receive, send) => {
  const event = await receive();
  const body = event.type === "http.request" ? event.body : HELLO;
  await send({
    type: "http.response.start",
    status: 200,
    headers: [["content-type", "text/plain"], [
      "content-length",
      String(body.length),
    ]],
  });
  await send({ type: "http.response.body", body });
};

interface Case {
  readonly name: string;
  readonly app: HttpApp;
  readonly bytes: Uint8Array;
  /** Requests in `bytes`. */
  readonly requests: number;
  /** Ends the answers to `bytes`. */
  readonly ending: string;
}

const GET = "GET / HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n\r\n";
const BODY = "x".repeat(10_000);

function manyFields(): string {
  let text =
    "GET / HTTP/1.1\r\nHost: www.example.com\r\nAccept: text/html,*/*;q=0.8\r\n" +
    "Accept-Encoding: gzip, deflate, br\r\nAccept-Language: en-US,en;q=0.9\r\n" +
    `User-Agent: ${"Mozilla/5.0 (X11; Linux x86_64) ".repeat(3)}\r\n` +
    `Cookie: session=${"c0ffee".repeat(20)}\r\n`;
  for (let i = 7; i <= 64; i++) {
    text += `X-Page-Context-${i}: value ${"abcdef".repeat(i % 5)}\r\n`;
  }
  return `${text}\r\n`;
}

const CASES: readonly Case[] = [
  {
    name: "GET",
    app: hello,
    bytes: encoder.encode(GET),
    requests: 1,
    ending: "Hello, world!",
  },
  {
    name: "GET, 16 pipelined",
    app: hello,
    bytes: encoder.encode(GET.repeat(16)),
    requests: 16,
    ending: "Hello, world!",
  },
  {
    name: "GET, 64 fields",
    app: hello,
    bytes: encoder.encode(manyFields()),
    requests: 1,
    ending: "Hello, world!",
  },
  {
    name: "POST echo, 10 kB",
    app: echo,
    bytes: encoder.encode(
      `POST /echo HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`,
    ),
    requests: 1,
    ending: BODY,
  },
];

/** Connections of one case, and the clock whose turns they live in. */
class Bench {
  readonly #sockets: CountingSocket[] = [];
  readonly #context: HttpContext;
  readonly #clock: FakeClock;
  readonly #case: Case;

  constructor(one: Case) {
    const harness = new Harness(one.app, { date: true, server: "tricorn" });
    this.#clock = harness.clock;
    this.#context = { ...harness.context, logger: SILENT, access: undefined };
    this.#case = one;
    for (let i = 0; i < CONNECTIONS; i++) {
      const socket = new CountingSocket();
      socket.handler = new HttpConnection(socket, this.#context);
      this.#sockets.push(socket);
    }
  }

  /** One turn of the loop: every socket reads, every answer leaves. */
  async turn(): Promise<void> {
    const context = this.#context;
    const wanted = context.totalRequests + CONNECTIONS * this.#case.requests;
    for (const socket of this.#sockets) socket.handler.onData(this.#case.bytes);
    for (let i = 0; context.totalRequests < wanted; i++) {
      if (i === 10_000) {
        throw new Error(`Cannot finish a turn of "${this.#case.name}"`);
      }
      await null;
    }
    this.#clock.endTurn();
  }

  /** Throws unless every socket answered as it should, and is open for more. */
  async check(): Promise<void> {
    for (const socket of this.#sockets) socket.kept = "";
    await this.turn();
    for (const socket of this.#sockets) {
      const text = socket.kept ?? "";
      const answers = text.split("HTTP/1.1 200 OK\r\n").length - 1;
      if (
        answers !== this.#case.requests ||
        !text.endsWith(`\r\n\r\n${this.#case.ending}`) ||
        socket.isClosed
      ) {
        throw new Error(
          `Unexpected answer to "${this.#case.name}": ${text.slice(0, 200)}`,
        );
      }
      socket.kept = undefined;
    }
  }

  /** Best nanoseconds for one request. */
  async time(): Promise<number> {
    let turns = 16;
    for (;;) {
      const ms = await this.#run(turns);
      if (ms >= BATCH_MS) break;
      turns *= 2;
    }
    let best = Infinity;
    for (let i = 0; i < REPEATS; i++) {
      best = Math.min(best, await this.#run(turns));
    }
    return best * 1e6 / (turns * CONNECTIONS * this.#case.requests);
  }

  async #run(turns: number): Promise<number> {
    const startMs = performance.now();
    for (let i = 0; i < turns; i++) await this.turn();
    return performance.now() - startMs;
  }

  /** Bytes allocated for one request; `undefined` where the heap is not counted as it grows. */
  async allocation(): Promise<number | undefined> {
    if ("bun" in process.versions) return undefined;
    const spans: number[] = [];
    for (let i = 0; i < SPANS; i++) {
      const before = process.memoryUsage().heapUsed;
      for (let turn = 0; turn < TURNS_PER_SPAN; turn++) await this.turn();
      const bytes = process.memoryUsage().heapUsed - before;
      if (bytes > 0) spans.push(bytes); // less: a collection came in between
    }
    if (spans.length === 0) return undefined;
    spans.sort((a, b) => a - b);
    return spans[spans.length >> 1] /
      (TURNS_PER_SPAN * CONNECTIONS * this.#case.requests);
  }
}

async function main(): Promise<void> {
  const rows: Record<string, number> = {};
  for (const one of CASES) {
    const bench = new Bench(one);
    await bench.check();
    rows[`${one.name}, ns`] = await bench.time();
    const bytes = await bench.allocation();
    if (bytes !== undefined) rows[`${one.name}, bytes allocated`] = bytes;
    await bench.check();
  }
  process.stdout.write(
    `${JSON.stringify({ unit: "for each request", rows })}\n`,
  );
}

await main();

/**
 * One request through connection, cycle and application over a fake socket: everything the server
 * does in JavaScript, and nothing of the kernel or the runtime's sockets. The answers are counted
 * and one of each kind is compared before anything is measured.
 */
import type { HttpApp } from "../../src/asgi.ts";
import { Http1Connection } from "../../src/connection/http1/http1_connection.ts";
import type { ServerContext } from "../../src/connection/context.ts";
import type { FakeClock } from "../../tests/_support/fake_clock.ts";
import { Harness } from "../../tests/_support/harness.ts";
import {
  CONNECTIONS,
  CountingSocket,
  type Exchange,
  printCosts,
  SILENT,
  until,
} from "./wired.ts";

const encoder = new TextEncoder();
const HELLO = encoder.encode("Hello, world!");

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
class Requests implements Exchange {
  readonly name: string;
  readonly size: number;
  readonly #sockets: CountingSocket[] = [];
  readonly #context: ServerContext;
  readonly #clock: FakeClock;
  readonly #case: Case;

  constructor(one: Case) {
    this.name = one.name;
    this.size = CONNECTIONS * one.requests;
    const harness = new Harness(one.app, { date: true, server: "tricorn" });
    this.#clock = harness.clock;
    this.#context = { ...harness.context, logger: SILENT, access: undefined };
    this.#case = one;
    for (let i = 0; i < CONNECTIONS; i++) {
      const socket = new CountingSocket();
      socket.handler = new Http1Connection(socket, this.#context);
      this.#sockets.push(socket);
    }
  }

  async turn(): Promise<void> {
    const context = this.#context;
    const wanted = context.totalRequests + this.size;
    for (const socket of this.#sockets) socket.handler.onData(this.#case.bytes);
    await until(() => context.totalRequests >= wanted, this.name);
    this.#clock.endTurn();
  }

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
          `Unexpected answer to "${this.name}": ${text.slice(0, 200)}`,
        );
      }
      socket.kept = undefined;
    }
  }
}

await printCosts("for each request", CASES.map((one) => new Requests(one)));

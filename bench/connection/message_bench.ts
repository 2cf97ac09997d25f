/**
 * One WebSocket message through connection, cycle and application and back, over a fake socket:
 * the frame is read and unmasked, the text decoded, the message received, sent and written.
 */
import { SILENT } from "../../src/logging/logger.ts";
import { Buffer } from "node:buffer";
import type {
  HttpApp,
  Receive,
  Scope,
  Send,
  WebSocketReceiveEvent,
} from "../../src/asgi.ts";
import { Http1Connection } from "../../src/connection/http1/http1_connection.ts";
import { DEFAULT_WEBSOCKET_LIMITS } from "../../src/websocket/limits.ts";
import type { FakeClock } from "../../tests/_support/fake_clock.ts";
import { Harness } from "../../tests/_support/harness.ts";
import {
  binaryFrame,
  readFrame,
  textFrame,
} from "../../tests/_support/websocket_frames.ts";
import {
  CONNECTIONS,
  CountingSocket,
  type Exchange,
  printCosts,
  until,
} from "./wired.ts";

const HANDSHAKE = new TextEncoder().encode(
  "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nUpgrade: websocket\r\n" +
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
);

const WEBSOCKET = {
  limits: DEFAULT_WEBSOCKET_LIMITS,
  maxQueue: 32,
  pingIntervalMs: Infinity,
  pingTimeoutMs: Infinity,
  closeMs: Infinity,
  handshakeMs: Infinity,
  deflate: undefined,
};

interface Case {
  readonly name: string;
  readonly frame: Uint8Array;
  /** One unit per octet. */
  readonly payload: string;
}

const text = (size: number): string =>
  "0123456789abcde ".repeat(size / 16 + 1).slice(0, size);

const CASES: readonly Case[] = [
  { name: "text, 16 B", frame: textFrame(text(16)), payload: text(16) },
  { name: "text, 125 B", frame: textFrame(text(125)), payload: text(125) },
  { name: "text, 4 kB", frame: textFrame(text(4096)), payload: text(4096) },
  { name: "bytes, 125 B", frame: binaryFrame(text(125)), payload: text(125) },
  { name: "bytes, 4 kB", frame: binaryFrame(text(4096)), payload: text(4096) },
];

/** WebSockets that echo. */
class Messages implements Exchange {
  readonly name: string;
  readonly size: number = CONNECTIONS;
  readonly #sockets: CountingSocket[] = [];
  readonly #clock: FakeClock;
  readonly #case: Case;
  /** Where frames are read into: they are unmasked in place. */
  readonly #shared: Uint8Array;
  #received = 0;

  constructor(one: Case) {
    this.name = one.name;
    this.#case = one;
    this.#shared = Buffer.allocUnsafeSlow(one.frame.length);
    const harness = new Harness(this.#echo as unknown as HttpApp, {
      settings: { websocket: WEBSOCKET },
      logger: SILENT,
      observesRequests: false,
    });
    this.#clock = harness.clock;
    const { context } = harness;
    for (let i = 0; i < CONNECTIONS; i++) {
      const socket = new CountingSocket();
      socket.handler = new Http1Connection(socket, context);
      this.#sockets.push(socket);
    }
  }

  /** Opens all of them. */
  async open(): Promise<void> {
    for (const socket of this.#sockets) socket.handler.onData(HANDSHAKE);
    await until(() => this.#received === CONNECTIONS, "opening");
    this.#clock.endTurn();
    this.#received = 0;
  }

  readonly #echo = async (
    _scope: Scope,
    receive: Receive,
    send: Send,
  ): Promise<void> => {
    await receive();
    await send({ type: "websocket.accept" });
    for (;;) {
      this.#received++;
      const event = await receive() as WebSocketReceiveEvent;
      if (event.type !== "websocket.receive") return;
      await send(
        event.text !== null
          ? { type: "websocket.send", text: event.text }
          : { type: "websocket.send", bytes: event.bytes! },
      );
    }
  };

  async turn(): Promise<void> {
    for (const socket of this.#sockets) {
      this.#shared.set(this.#case.frame);
      socket.handler.onData(this.#shared);
    }
    await until(() => this.#received === CONNECTIONS, this.name);
    this.#received = 0;
    this.#clock.endTurn();
  }

  async check(): Promise<void> {
    for (const socket of this.#sockets) socket.kept = "";
    await this.turn();
    for (const socket of this.#sockets) {
      const read = readFrame(socket.kept ?? "");
      if (read?.frame.payload !== this.#case.payload || socket.isClosed) {
        throw new Error(`Unexpected echo of "${this.name}": ${socket.kept}`);
      }
      socket.kept = undefined;
    }
  }
}

const exchanges: Messages[] = [];
for (const one of CASES) {
  const messages = new Messages(one);
  await messages.open();
  exchanges.push(messages);
}
await printCosts("for each message", exchanges);

/** A client for tests: the real server, started in memory, and everything a client can do to it. */
import type { Application } from "../application/application.ts";
import type { State } from "../asgi.ts";
import { Config } from "../config/config.ts";
import type { OptionsInput } from "../config/options/mod.ts";
import { tlsExtension } from "../connection/scope/tls_extension.ts";
import type { Logging } from "../logging/logging.ts";
import type { LogRecord, LogSink } from "../logging/record.ts";
import type { Address } from "../runtime/types.ts";
import { Server } from "../server/server.ts";
import { exchange } from "./http/exchange.ts";
import { outgoing, type OutgoingOptions } from "./http/outgoing.ts";
import type { TestResponse } from "./http/test_response.ts";
import { MemoryTransport } from "./network/memory_transport.ts";
import { type TestClock, turns } from "./test_clock.ts";
import {
  type ConnectOptions,
  linkOptions,
  TestConnection,
} from "./test_connection.ts";
import { openWebSocket, type WebSocketOptions } from "./websocket/handshake.ts";
import { WebSocketRefused } from "./websocket/web_socket_refused.ts";
import type { TestWebSocket } from "./websocket/test_web_socket.ts";

/** The options of the server, and those of the client. */
export type TestClientOptions = OptionsInput & {
  /** Drives all timeouts and delays of the server. Default: they go by real time. */
  readonly clock?: TestClock | undefined;
  /** What paths are completed by. Default: the server's own URL, `http://127.0.0.1:8000`. */
  readonly baseUrl?: string | undefined;
};

/** What `fetch` takes besides the members of the standard. */
export type TestRequestInit = RequestInit & OutgoingOptions & {
  /**
   * The connection that carries it: an open one, which stays open for the next request, or how to
   * make one. Default: one of its own, which is closed when the response has been read.
   */
  readonly connection?: TestConnection | ConnectOptions | undefined;
};

/** How a WebSocket is opened. */
export interface TestWebSocketOptions extends WebSocketOptions {
  /** The connection that carries it: an open one, or how to make one. Default: one of its own. */
  readonly connection?: TestConnection | ConnectOptions | undefined;
}

/** Most log records that are kept. */
const MAX_LOGS = 10_000;
/** First port of clients. */
const FIRST_PORT = 50_000;
/** How long a call may go on after its client has gone, when a test client closes, in seconds. */
const LAST_SECONDS = 1;
/** Turns of the event loop in which all that is on its way arrives. */
const SETTLING_TURNS = 10;

/** @internal What a client is made with, besides a configuration. */
export interface TestClientParts {
  readonly clock?: TestClock | undefined;
  readonly baseUrl?: string | undefined;
  /** What the server has logged. */
  readonly logs: readonly LogRecord[];
  /** Where it logs to. Default: as its options say. */
  readonly logging?: Logging;
}

/**
 * A server that serves in memory, and its clients. Made by {@linkcode testClient}, closed by
 * `await using` or `close()`.
 */
export class TestClient {
  /** The server: `stop()`, `stats`, `phase` and the rest are those of any server. */
  readonly server: Server;
  /** What the server logged, access lines included, oldest first; the last 10,000 records. */
  readonly logs: readonly LogRecord[];
  readonly #transport = new MemoryTransport();
  readonly #clock: TestClock | undefined;
  readonly #connections = new Set<TestConnection>();
  #baseUrl: string | undefined;
  #connected = 0;
  #closing: Promise<boolean> | undefined;

  /** @internal */
  constructor(config: Config, parts: TestClientParts) {
    const { clock, baseUrl, logs, logging } = parts;
    this.logs = logs;
    this.#clock = clock;
    this.#baseUrl = baseUrl;
    this.server = new Server(config, {
      selectTransport: () => this.#transport,
      tlsExtension,
      ...logging === undefined ? {} : { logging },
      ...clock === undefined ? {} : { time: clock.time },
    });
  }

  /** @internal Starts the server. */
  async open(): Promise<this> {
    this.server.start();
    await this.server.listening;
    this.#baseUrl ??= this.server.url;
    return this;
  }

  /** What lifespan startup left in `scope.state`. */
  get state(): State {
    return this.server.state ?? {};
  }

  /** What the server and the application failed with: the errors of the log. */
  get errors(): readonly unknown[] {
    return this.logs.filter((record) => "error" in record).map(({ error }) =>
      error
    );
  }

  /** What paths are completed by. */
  get baseUrl(): string {
    const url = this.#baseUrl;
    return url?.startsWith("http") ? url : "http://localhost";
  }

  /**
   * Sends a request, and resolves when the head of its response has come. Bodies stream in both
   * directions. Redirects are not followed, cookies not kept, contents not decoded, and no header is
   * added but `host` and those that frame the body.
   *
   * @param input A path, a URL or a `Request`.
   * @throws ConnectionLost if the connection ends before the head; what `init.signal` was aborted
   * with; TypeError as `new Request()`.
   *
   * @example
   * ```ts
   * const response = await client.fetch("/items", {
   *   method: "POST",
   *   body: JSON.stringify({ name: "a" }),
   *   headers: { "content-type": "application/json" },
   * });
   * console.assert(response.status === 201);
   * ```
   */
  async fetch(
    input: string | URL | Request,
    init: TestRequestInit = {},
  ): Promise<TestResponse> {
    const { connection: given, ...rest } = init;
    const request = await outgoing(input, rest, this.baseUrl);
    const connection = this.#connectionFor(given, new URL(request.url));
    if (connection.isBusy) {
      throw new TypeError(
        "Cannot fetch: the response before has not been read to its end",
      );
    }
    const signal = init.signal ??
      (input instanceof Request ? input.signal : undefined);
    return await exchange(connection, request, {
      keepsConnection: given instanceof TestConnection,
      signal: signal ?? undefined,
    });
  }

  /**
   * Opens a WebSocket.
   *
   * @param url A path, or a URL with `ws:`, `wss:`, `http:` or `https:`.
   * @throws WebSocketRefused, with the response, if the application refuses it; ConnectionLost if
   * the connection ends.
   */
  async webSocket(
    url: string | URL,
    options: TestWebSocketOptions = {},
  ): Promise<TestWebSocket> {
    const { connection: given, ...rest } = options;
    const whole = new URL(url, this.baseUrl);
    const connection = this.#connectionFor(given, whole);
    try {
      return await openWebSocket(connection, whole, rest);
    } catch (error) {
      if (!(error instanceof WebSocketRefused)) {
        connection.close();
      }
      throw error;
    }
  }

  /**
   * Opens a connection for bytes as they are, or for several requests.
   *
   * @throws Error if the server does not listen any more.
   */
  connect(options: ConnectOptions = {}): TestConnection {
    const remoteAddress: Address = {
      kind: "tcp",
      host: "127.0.0.1",
      port: FIRST_PORT + this.#connected++ % 10_000,
    };
    const connection = new TestConnection((client) => {
      const socket = this.#transport.connect(
        linkOptions(options, remoteAddress),
        client,
      );
      if (socket !== undefined) return socket;
      throw new Error("Cannot connect: the server does not listen");
    }, options.cut);
    this.#connections.add(connection);
    void connection.closed.then(() => this.#connections.delete(connection));
    return connection;
  }

  /** Lets what is on its way in memory arrive; not what waits for timers, files or networks. */
  async settle(): Promise<void> {
    await turns(SETTLING_TURNS);
  }

  /**
   * Cuts off all connections, and stops the server with the application's shutdown. Calls of the
   * application that go on for a second more are cut off. Idempotent.
   *
   * @returns Whether none had to be.
   */
  close(): Promise<boolean> {
    return this.#closing ??= this.#close();
  }

  /** See `close()`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<boolean> {
    for (const connection of this.#connections) connection.reset();
    const stopClock = this.#clock?.run();
    try {
      return await this.server.stop({ timeout: LAST_SECONDS, delay: 0 });
    } finally {
      stopClock?.();
      await turns(SETTLING_TURNS);
    }
  }

  #connectionFor(
    given: TestConnection | ConnectOptions | undefined,
    { protocol }: URL,
  ): TestConnection {
    if (given instanceof TestConnection) return given;
    const isTls = protocol === "https:" || protocol === "wss:";
    return this.connect(isTls ? { tls: true, ...given } : given);
  }
}

/**
 * Starts a server for `app` in memory, and resolves when its lifespan startup is complete. Everything
 * behind the sockets is the real server: parsing, limits, timeouts, back-pressure, logs and
 * shutdown. No port is opened, and with certificates in the options nothing is encrypted.
 *
 * @param app Whatever `serve()` takes.
 * @param options Options of the server, and of the client.
 * @throws What `server.listening` rejects with, such as StartupError; ConfigError for a wrong option.
 *
 * @example
 * ```ts
 * import { testClient } from "jsr:@tricorn/serve/testing";
 *
 * await using client = await testClient(async (scope, _receive, send) => {
 *   if (scope.type !== "http") return;
 *   await send({ type: "http.response.start", status: 200 });
 *   await send({ type: "http.response.body", body: "Hello!" });
 * });
 * const response = await client.fetch("/");
 * console.assert(await response.text() === "Hello!");
 * ```
 */
export async function testClient(
  app: Application | string,
  options: TestClientOptions = {},
): Promise<TestClient> {
  const { clock, baseUrl, ...rest } = options;
  const logs: LogRecord[] = [];
  const given = rest.logSink;
  const logSink: LogSink = (record) => {
    if (logs.length === MAX_LOGS) logs.shift();
    logs.push(record);
    return given?.(record);
  };
  // What a log configuration does is what its test wants to see.
  const isCaptured = rest.logConfig === undefined;
  const config = new Config(app, isCaptured ? { ...rest, logSink } : rest);
  return await new TestClient(config, { clock, baseUrl, logs }).open();
}

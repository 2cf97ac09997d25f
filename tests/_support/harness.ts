/** An HTTP connection wired to a fake socket, a fake clock and an application. */
import type { AsgiApp, HttpApp, Scope } from "../../src/asgi.ts";
import { DrainSignal } from "../../src/connection/scope/drain_signal.ts";
import { Http1Connection } from "../../src/connection/http1/http1_connection.ts";
import { loadWebSocketPart } from "../../src/connection/http1/websocket_part.ts";
import type {
  HttpSettings,
  ServerContext,
} from "../../src/connection/context.ts";
import { tlsExtension } from "../../src/connection/scope/tls_extension.ts";
import { createServerContext } from "../../src/connection/server_context.ts";
import type { ServerObserver } from "../../src/connection/tracking/server_observer.ts";
import { Tracker } from "../../src/connection/tracking/tracker.ts";
import { DEFAULT_LIMITS } from "../../src/http/limits.ts";
import type { RequestRecord } from "../../src/logging/access/request_record.ts";
import type { LogDetails, Logger, LogLevel } from "../../src/logging/logger.ts";
import { ServerTopics } from "../../src/server/server_topics.ts";
import { runtime } from "../../src/runtime/mod.ts";
import type { OpenFile } from "../../src/runtime/types.ts";
import { FakeClock, settle } from "./fake_clock.ts";
import { FakeSocket } from "./fake_socket.ts";

// As soon after the start of a server; handshakes that come before are tested by themselves.
await loadWebSocketPart();

export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly error?: unknown;
}

/** A logger that keeps its lines. */
export class FakeLogger implements Logger {
  readonly name = "tricorn";
  readonly lines: LogLine[] = [];

  isEnabled(): boolean {
    return true;
  }
  #add(level: LogLevel, message: string, details?: LogDetails): void {
    this.lines.push({ level, message, error: details?.error });
  }
  critical(message: string, details?: LogDetails): void {
    this.#add("critical", message, details);
  }
  error(message: string, details?: LogDetails): void {
    this.#add("error", message, details);
  }
  warning(message: string, details?: LogDetails): void {
    this.#add("warning", message, details);
  }
  info(message: string, details?: LogDetails): void {
    this.#add("info", message, details);
  }
  debug(message: string, details?: LogDetails): void {
    this.#add("debug", message, details);
  }
  trace(message: string, details?: LogDetails): void {
    this.#add("trace", message, details);
  }

  /** The messages of one level. */
  at(level: LogLevel): string[] {
    return this.lines.filter((line) => line.level === level).map((line) =>
      line.message
    );
  }
}

export const SETTINGS: HttpSettings = {
  originRule: undefined,
  requestIdRule: undefined,
  limits: DEFAULT_LIMITS,
  rootPath: "",
  prefixesRootPath: true,
  keepAliveMs: 5_000,
  firstByteMs: 75_000,
  headMs: 30_000,
  bodyMs: 60_000,
  maxBodyBytes: Infinity,
  minBodyRate: 0,
  stallMs: 60_000,
  pauseMs: 300_000,
  requestMs: Infinity,
  concurrencyWaitMs: 0,
  maxConcurrency: Infinity,
  healthPath: undefined,
  raisesAfterDisconnect: true,
  offersEarlyHints: true,
  websocket: undefined,
};

export interface HarnessOptions {
  readonly settings?: Partial<HttpSettings>;
  readonly state?: Record<string, unknown>;
  readonly openFile?: (path: string) => Promise<OpenFile>;
  readonly date?: boolean;
  readonly server?: string;
  readonly headers?: readonly (readonly [string, string])[];
  /** Default: the harness's own, which keeps its lines. */
  readonly logger?: Logger;
  /** Whether `requests` is filled. Default: `true`. */
  readonly observesRequests?: boolean;
  /** Further observers. Default: none. */
  readonly observers?: readonly ServerObserver[];
  /** See {@linkcode Tracker}. Default: `false`. */
  readonly countsClients?: boolean;
}

/** One server's worth of shared parts, and the means to connect to it. */
export class Harness {
  readonly clock: FakeClock = new FakeClock();
  readonly logger: FakeLogger = new FakeLogger();
  /** The requests that have ended. */
  readonly requests: RequestRecord[] = [];
  readonly drainSignal: DrainSignal = new DrainSignal();
  readonly topics: ServerTopics = new ServerTopics(this.logger);
  readonly tracker: Tracker;
  readonly context: ServerContext;

  constructor(app: HttpApp, options: HarnessOptions = {}) {
    this.tracker = new Tracker({
      countsClients: options.countsClients ?? false,
      observers: [
        ...options.observesRequests === false ? [] : [{
          onRequestEnd: (record: RequestRecord) =>
            void this.requests.push(record),
        }],
        ...options.observers ?? [],
      ],
    });
    this.context = createServerContext({
      app: app as unknown as AsgiApp,
      settings: { ...SETTINGS, ...options.settings },
      headers: {
        date: options.date ?? false,
        server: options.server,
        headers: options.headers ?? [],
      },
      epochMs: () => this.clock.nowMs,
      logger: options.logger ?? this.logger,
      tracker: this.tracker,
      state: options.state ?? {},
      drainSignal: this.drainSignal.extension,
      topics: this.topics.topics,
      tlsExtension,
    }, {
      afterTurn: this.clock.afterTurn,
      atTurnEnd: this.clock.atTurnEnd,
      allocate: (size) => new Uint8Array(size),
      createDeflater: runtime.createDeflater,
      createInflater: runtime.createInflater,
      every: this.clock.every,
      monotonicMs: this.clock.monotonicMs,
      coarseMs: () => Math.floor(this.clock.nowMs),
      openFile: options.openFile ??
        (() => Promise.reject(new Error("no files here"))),
      sha1: runtime.sha1,
    });
  }

  connect(socket: FakeSocket = new FakeSocket()): FakeSocket {
    socket.handler = new Http1Connection(socket, this.context);
    return socket;
  }

  /** Lets promises settle and the turn end, until nothing moves any more. */
  async turn(): Promise<void> {
    for (let i = 0; i < 4; i++) {
      await settle();
      this.clock.endTurn();
    }
    await settle();
  }

  /** Sends `request` on a connection of its own and returns all that comes back. */
  async exchange(request: string): Promise<string> {
    const socket = this.connect();
    socket.receive(request);
    await this.turn();
    return socket.text;
  }
}

/** An application that answers 200 with `body`. */
export function answering(
  body: string,
  headers: [string, string][] = [],
): HttpApp {
  return async (_scope, _receive, send) => {
    await send({ type: "http.response.start", status: 200, headers });
    await send({ type: "http.response.body", body });
  };
}

/** A promise and its ends, for applications that wait for the test. */
export function gate(): PromiseWithResolvers<void> {
  return Promise.withResolvers<void>();
}

export type { Scope };

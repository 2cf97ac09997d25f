/** An HTTP connection wired to a fake socket, a fake clock and an application. */
import type { AsgiApp, HttpApp, Scope } from "../../src/asgi.ts";
import { Deadlines } from "../../src/connection/tracking/deadlines.ts";
import { DefaultHeaders } from "../../src/connection/output/default_headers.ts";
import { DrainSignal } from "../../src/connection/exchange/drain_signal.ts";
import { ServerAddresses } from "../../src/connection/exchange/connection_info.ts";
import { Http1Connection } from "../../src/connection/http1/http1_connection.ts";
import type {
  HttpSettings,
  ServerContext,
} from "../../src/connection/context.ts";
import { OpenConnections } from "../../src/connection/tracking/open_connections.ts";
import { IndexedList } from "../../src/connection/tracking/indexed_list.ts";
import { WriterPool } from "../../src/connection/output/output_buffer.ts";
import { FlushScheduler } from "../../src/connection/output/flush_scheduler.ts";
import { tlsExtension } from "../../src/connection/exchange/tls_extension.ts";
import { DEFAULT_LIMITS } from "../../src/http/limits.ts";
import type { AccessEntry } from "../../src/logging/access_log.ts";
import type { LogDetails, Logger, LogLevel } from "../../src/logging/logger.ts";
import { runtime } from "../../src/runtime/mod.ts";
import type { OpenFile } from "../../src/runtime/types.ts";
import { KEY_SUFFIX } from "../../src/websocket/handshake.ts";
import { FakeClock, settle } from "./fake_clock.ts";
import { FakeSocket } from "./fake_socket.ts";

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
  maxConcurrency: Infinity,
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
}

/** One server's worth of shared parts, and the means to connect to it. */
export class Harness {
  readonly clock: FakeClock = new FakeClock();
  readonly logger: FakeLogger = new FakeLogger();
  readonly access: AccessEntry[] = [];
  readonly drainSignal: DrainSignal = new DrainSignal();
  readonly context: ServerContext;

  constructor(app: HttpApp, options: HarnessOptions = {}) {
    const defaults = new DefaultHeaders({
      date: options.date ?? false,
      server: options.server,
      headers: options.headers ?? [],
    });
    this.context = {
      app: app as unknown as AsgiApp,
      settings: { ...SETTINGS, ...options.settings },
      logger: this.logger,
      access: { log: (entry) => void this.access.push(entry) },
      defaults,
      deadlines: new Deadlines(
        this.clock,
        () => defaults.refresh(this.clock.nowMs),
      ),
      flushScheduler: new FlushScheduler(this.clock.afterTurn),
      writers: new WriterPool(),
      acceptKey: (key) => runtime.sha1(key + KEY_SUFFIX),
      tlsExtension,
      createDeflater: runtime.createDeflater,
      createInflater: runtime.createInflater,
      openFile: options.openFile ??
        (() => Promise.reject(new Error("no files here"))),
      afterTurn: this.clock.afterTurn,
      monotonicMs: this.clock.monotonicMs,
      state: options.state ?? {},
      drainSignal: this.drainSignal.extension,
      connections: new OpenConnections(),
      detachedCalls: new IndexedList(),
      isDraining: false,
      runningCycles: 0,
      concurrentCycles: 0,
      totalRequests: 0,
      serverAddresses: new ServerAddresses(),
      nextConnectionId: 0,
      onProgress: () => {},
      hasWarnedOfReturnValue: false,
      hasWarnedOfOldUpgrade: false,
    };
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

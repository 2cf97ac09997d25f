/** One process's server: starts the application, listens, tracks connections, drains. */
import type { AsgiApp } from "./asgi.ts";
import type { Config } from "./config/config.ts";
import type { Options } from "./config/options.ts";
import { Deadlines } from "./connection/deadlines.ts";
import { DefaultHeaders } from "./connection/default_headers.ts";
import { DrainSignal } from "./connection/drain_signal.ts";
import { HttpConnection } from "./connection/http_connection.ts";
import type {
  HttpContext,
  HttpSettings,
  WebSocketSettings,
} from "./connection/http_context.ts";
import { WriterPool } from "./connection/output_buffer.ts";
import { TurnEnd } from "./connection/turn_end.ts";
import { StartupError } from "./errors.ts";
import { DEFAULT_LIMITS } from "./http/limits.ts";
import { reasonPhrase } from "./http/status_lines.ts";
import { Lifespan } from "./lifespan.ts";
import { createLogging, type Logging } from "./logging/logging.ts";
import { runtime, selectTransport } from "./runtime/mod.ts";
import type { Address, Listener } from "./runtime/types.ts";
import { VERSION } from "./version.ts";
import { KEY_SUFFIX } from "./websocket/handshake.ts";
import { DEFAULT_WEBSOCKET_LIMITS } from "./websocket/limits.ts";

/** How to stop. */
export interface StopOptions {
  /**
   * Seconds that requests in progress get before they are cut off; default: the option
   * `timeoutGracefulShutdown`.
   */
  readonly timeout?: number;
}

/** Counters of a server, as of now. */
export interface ServerStats {
  /** Open connections, idle ones included. */
  readonly connections: number;
  /** Application calls that have not returned. */
  readonly requestsInProgress: number;
  /** Responses completed or cut off since the start, refusals included. */
  readonly totalRequests: number;
}

/** Where a server stands. */
export type ServerPhase =
  | "new"
  | "starting"
  | "running"
  | "stopping"
  | "finished";

/** Time that connections get to close after their requests were cut off, in milliseconds. */
const LAST_WORDS_MS = 500;

/**
 * A server for one application. It takes no signals and never ends the process: `run()` does.
 *
 * @example
 * ```ts
 * const server = new Server(new Config(app, { port: 0 }));
 * server.start();
 * await server.listening;
 * await server.stop();
 * ```
 */
export class Server {
  /** What it was made from. */
  readonly config: Config;
  /** Resolves with the addresses once connections are accepted; rejects if the start fails. */
  readonly listening: Promise<readonly Address[]>;
  /** Resolves when everything is closed; rejects with the reason if the start fails. */
  readonly finished: Promise<void>;
  readonly #listening = Promise.withResolvers<readonly Address[]>();
  readonly #finished = Promise.withResolvers<void>();
  readonly #stopRequested = Promise.withResolvers<void>();
  readonly #forced = Promise.withResolvers<void>();
  /** Resolves when a later `stop()` with a shorter limit runs out. */
  readonly #hurried = Promise.withResolvers<void>();
  readonly #logging: Logging;
  readonly #drainSignal = new DrainSignal();
  #phase: ServerPhase = "new";
  #listener: Listener | undefined;
  #lifespan: Lifespan | undefined;
  #context: HttpContext | undefined;
  #isStopping = false;
  #isForced = false;
  #isRefed = true;
  #timeoutMs: number;
  #wasCutOff = false;
  #shutdownFailed = false;
  #maxRequests = Infinity;
  /** The error of the start that is in the log. */
  #reported: unknown;
  /** What draining waits for: looked at whenever something has ended. */
  #awaited:
    | { readonly isMet: () => boolean; readonly resolve: () => void }
    | undefined;

  /** @param logging Where to log; default: as the options say. */
  constructor(config: Config, logging: Logging = loggingFor(config)) {
    this.config = config;
    this.#logging = logging;
    this.listening = this.#listening.promise;
    this.finished = this.#finished.promise;
    // The error is in the log already; who does not wait for it need not handle it.
    this.listening.catch(() => {});
    this.finished.catch(() => {});
    this.#timeoutMs = config.options.timeoutGracefulShutdown * 1000;
  }

  /** Where it stands. */
  get phase(): ServerPhase {
    return this.#phase;
  }

  /** Whether connections are accepted. */
  get started(): boolean {
    return this.#phase === "running";
  }

  /** What it listens on; empty before and after. */
  get addresses(): readonly Address[] {
    return this.#listener === undefined ? [] : [this.#listener.address];
  }

  /** The first address as a URL, such as `http://127.0.0.1:8000`; `undefined` while it does not listen. */
  get url(): string | undefined {
    return this.#listener === undefined
      ? undefined
      : addressText(this.#listener.address);
  }

  /** Counters, as of now. */
  get stats(): ServerStats {
    const context = this.#context;
    return {
      connections: context?.connections.size ?? 0,
      requestsInProgress: context?.runningCycles ?? 0,
      totalRequests: context?.totalRequests ?? 0,
    };
  }

  /** Whether the application's shutdown failed; meaningful once `finished` has resolved. */
  get shutdownFailed(): boolean {
    return this.#shutdownFailed;
  }

  /** Starts. Returns at once: see `listening`. */
  start(): void {
    if (this.#phase !== "new") return;
    this.#phase = "starting";
    void this.#live().then(
      () => {
        this.#end();
        this.#listening.reject(
          new StartupError("Server was stopped before it listened"),
        );
        this.#finished.resolve();
      },
      (error: unknown) => {
        this.#report(error);
        this.#end();
        this.#listening.reject(error);
        this.#finished.reject(error);
      },
    );
  }

  /** Logs an error of the start, once: nobody need wait for `listening` to hear of it. */
  #report(error: unknown): void {
    // The lifespan has told of its own.
    if (error instanceof StartupError || error === this.#reported) return;
    this.#reported = error;
    this.#logging.server.error(
      error instanceof Error ? error.message : String(error),
    );
  }

  #end(): void {
    this.#phase = "finished";
    this.#logging.flush();
  }

  /** Starts and resolves when the server has ended. */
  serve(): Promise<void> {
    this.start();
    return this.finished;
  }

  /**
   * Stops accepting, lets requests in progress finish, then stops the application. Idempotent.
   *
   * @returns Whether nobody was cut off.
   */
  async stop(options: StopOptions = {}): Promise<boolean> {
    if (options.timeout !== undefined) {
      this.#timeoutMs = options.timeout * 1000;
      // Already draining: the new limit counts from now.
      if (this.#phase === "stopping") {
        const stopTimer = startTimer(this.#timeoutMs, this.#hurried.resolve);
        void this.finished.finally(stopTimer).catch(() => {});
      }
    }
    if (this.#phase === "starting" && !this.#isStopping) {
      this.#logging.server.info(
        "Waiting for the start to finish before stopping. (CTRL+C to force quit)",
      );
    }
    this.#isStopping = true;
    this.#stopRequested.resolve();
    if (this.#phase === "new") {
      this.#phase = "finished";
      this.#listening.reject(
        new StartupError("Server was stopped before it started"),
      );
      this.#finished.resolve();
    }
    await this.finished.catch(() => {});
    return !this.#wasCutOff;
  }

  /** Ends now: cuts requests off, and does not wait for the application (process:P-037, asgi:A-168). */
  forceStop(): void {
    if (this.#isForced) return;
    this.#isForced = true;
    if (this.#phase === "new") void this.stop();
    this.#isStopping = true;
    this.#stopRequested.resolve();
    this.#lifespan?.abandon();
    this.#forced.resolve();
  }

  /** See `stop()`: `await using server = serve(app)` stops it at the end of the block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Lets the server alone keep the process alive (the default). */
  ref(): void {
    this.#isRefed = true;
    this.#listener?.ref();
  }

  /** Lets the process end although the server runs. */
  unref(): void {
    this.#isRefed = false;
    this.#listener?.unref();
  }

  /** From start to end: rejects if it never ran. */
  async #live(): Promise<void> {
    const logger = this.#logging.server;
    // Loading may hang for ever: only a forced stop leaves it behind.
    const app = await this.#orForced(
      this.config.load((message) => logger.warning(message)),
    );
    if (app === undefined) return;
    logger.info(`Started server process [${runtime.pid}]`, {
      styled: `Started server process [\x1b[36m${runtime.pid}\x1b[0m]`,
    });
    logger.debug(`Tricorn ${VERSION} on ${runtime.name} ${runtime.version}`);
    const lifespan = this.#lifespan = new Lifespan(app, {
      mode: this.config.options.lifespan,
      limitMs: this.config.options.timeoutLifespan * 1000,
      startTimer,
    }, logger);
    if (!await lifespan.startup()) {
      if (this.#isForced) return;
      throw new StartupError("Application startup failed");
    }
    const context = this.#context = this.#newContext(app, lifespan);
    // process:P-012: an end asked for during startup still gets the application its shutdown.
    if (!this.#isStopping) {
      try {
        await this.#listen(context);
      } catch (error) {
        this.#report(error);
        await lifespan.shutdown(); // process:P-006
        throw error;
      }
      await this.#stopRequested.promise;
      this.#phase = "stopping";
      await this.#drain(context);
    }
    if (!this.#isForced) this.#shutdownFailed = !await lifespan.shutdown();
    logger.info(`Finished server process [${runtime.pid}]`, {
      styled: `Finished server process [\x1b[36m${runtime.pid}\x1b[0m]`,
    });
  }

  async #orForced<T>(work: Promise<T>): Promise<T | undefined> {
    // Nothing else may hold the process while the application's module waits for something.
    const stopTimer = startTimer(2 ** 31 - 1, () => {});
    try {
      return await Promise.race([
        work,
        this.#forced.promise.then(() => undefined),
      ]);
    } finally {
      stopTimer();
    }
  }

  async #listen(context: HttpContext): Promise<void> {
    const { options, listenTarget } = this.config;
    const transport = selectTransport(options.loop);
    this.#logging.server.debug(
      `Listening through the transport "${transport.name}"`,
    );
    const listener = await transport.listen(
      listenTarget,
      { backlog: options.backlog },
      (socket) => {
        const connection = new HttpConnection(socket, context);
        // Accepted by the kernel before the listener was closed, told to us after it.
        if (context.isDraining) connection.drain();
        return connection;
      },
    );
    this.#listener = listener;
    if (!this.#isRefed) listener.unref();
    this.#phase = "running";
    this.#logRunning(listener.address);
    this.#listening.resolve([listener.address]);
  }

  #logRunning(address: Address): void {
    const isUnix = address.kind === "unix";
    const where = addressText(address);
    const text = (place: string) =>
      isUnix
        ? `Tricorn running on unix socket ${place} (Press CTRL+C to quit)`
        : `Tricorn running on ${place} (Press CTRL+C to quit)`;
    this.#logging.server.info(text(where), {
      styled: text(`\x1b[1m${where}\x1b[0m`),
    });
  }

  #newContext(app: AsgiApp, lifespan: Lifespan): HttpContext {
    const { options } = this.config;
    const defaults = new DefaultHeaders({
      date: options.dateHeader,
      server: options.serverHeader ? "tricorn" : undefined,
      headers: options.headers,
    });
    if (options.limitMaxRequests !== undefined) {
      // options:O-025: drawn once, so that workers do not end all at the same time.
      const jitter = Math.floor(
        Math.random() * (options.limitMaxRequestsJitter + 1),
      );
      this.#maxRequests = options.limitMaxRequests + jitter;
    }
    const settings: HttpSettings = {
      scheme: "http",
      limits: { ...DEFAULT_LIMITS, maxHeadBytes: options.limitRequestHead },
      rootPath: options.rootPath,
      prefixesRootPath: options.rootPathMode === "prefix",
      keepAliveMs: options.timeoutKeepAlive * 1000,
      headMs: options.timeoutRequestHead * 1000,
      bodyMs: options.timeoutRequestBody * 1000,
      maxConcurrency: options.limitConcurrency ?? Infinity,
      raisesAfterDisconnect: options.sendAfterDisconnect === "raise",
      offersEarlyHints: options.earlyHints,
      websocket: options.ws === "none" ? undefined : webSocketSettings(options),
    };
    return {
      app,
      settings,
      logger: this.#logging.server,
      access: this.#logging.access,
      defaults,
      deadlines: new Deadlines(runtime, () => defaults.refresh(Date.now())),
      turnEnd: new TurnEnd(runtime.afterTurn),
      writers: new WriterPool(),
      openFile: runtime.openFile,
      acceptKey: (key) => runtime.sha1(key + KEY_SUFFIX),
      createDeflater: runtime.createDeflater,
      createInflater: runtime.createInflater,
      afterTurn: runtime.afterTurn,
      monotonicMs: runtime.monotonicMs,
      state: lifespan.state,
      drainSignal: this.#drainSignal.extension,
      connections: new Set(),
      orphans: new Set(),
      isDraining: false,
      runningCycles: 0,
      totalRequests: 0,
      nextConnectionId: 0,
      onProgress: () => this.#onProgress(),
      hasWarnedOfReturnValue: false,
    };
  }

  #onProgress(): void {
    const context = this.#context!;
    if (context.totalRequests >= this.#maxRequests && !this.#isStopping) {
      this.#logging.server.info(
        `Maximum request limit of ${this.#maxRequests} exceeded. Terminating process.`,
      );
      void this.stop();
    }
    if (this.#awaited?.isMet()) this.#awaited.resolve();
  }

  /** Phases 1 to 4 of a graceful shutdown (process:P-041 to P-045). */
  async #drain(context: HttpContext): Promise<void> {
    const logger = this.#logging.server;
    logger.info("Shutting down");
    const closed = this.#listener!.close();
    this.#listener = undefined;
    context.isDraining = true;
    this.#drainSignal.raise();
    for (const connection of context.connections) connection.drain();
    // Most connections close at once: only those that do not are worth a line.
    const stopTelling = startTimer(100, () => this.#tellWaiting(context));
    const isDone = await this.#until(
      () => isQuiet(context),
      this.#timeoutMs,
      Promise.race([this.#forced.promise, this.#hurried.promise]),
    );
    stopTelling();
    if (!isDone) await this.#cutOff(context);
    await closed;
  }

  /**
   * Waits until `isMet`, for `ms` at most, or until `broken`.
   *
   * @returns Whether it is met.
   */
  async #until(
    isMet: () => boolean,
    ms: number,
    broken?: Promise<void>,
  ): Promise<boolean> {
    if (isMet()) return true;
    const met = Promise.withResolvers<void>();
    this.#awaited = { isMet, resolve: met.resolve };
    const stopTimer = startTimer(ms, met.resolve);
    await (broken === undefined
      ? met.promise
      : Promise.race([met.promise, broken]));
    stopTimer();
    this.#awaited = undefined;
    return isMet();
  }

  #tellWaiting(context: HttpContext): void {
    const what = context.connections.size > 0
      ? "Waiting for connections to close."
      : "Waiting for background tasks to complete.";
    this.#logging.server.info(`${what} (CTRL+C to force quit)`);
  }

  /** Stops waiting: applications are told by their abort signal, connections are closed. */
  async #cutOff(context: HttpContext): Promise<void> {
    const running = context.runningCycles;
    const busy = [...context.connections].some((connection) =>
      connection.isBusy
    );
    if (running > 0 || busy) this.#wasCutOff = true;
    if (!this.#isForced) {
      this.#logging.server.error(
        `Cancel ${running} running task(s), timeout graceful shutdown exceeded`,
      );
    }
    const reason = this.#isForced
      ? new DOMException("The server was stopped by force", "AbortError")
      : new DOMException(
        "Task cancelled, timeout graceful shutdown exceeded",
        "TimeoutError",
      );
    for (const connection of [...context.connections]) connection.abort(reason);
    for (const cycle of [...context.orphans]) cycle.cancel(reason);
    if (!this.#isForced) {
      await this.#until(
        () => isQuiet(context),
        LAST_WORDS_MS,
        this.#forced.promise,
      );
    }
    for (const connection of [...context.connections]) connection.destroy();
    // They are told of their end in a later turn.
    await this.#until(() => context.connections.size === 0, LAST_WORDS_MS);
  }
}

function webSocketSettings(options: Options): WebSocketSettings {
  // 0 switches a timer off (options:O-037, O-038).
  const orNever = (seconds: number) =>
    seconds === 0 ? Infinity : seconds * 1000;
  return {
    limits: { ...DEFAULT_WEBSOCKET_LIMITS, maxMessageBytes: options.wsMaxSize },
    maxQueue: options.wsMaxQueue,
    pingIntervalMs: orNever(options.wsPingInterval),
    pingTimeoutMs: orNever(options.wsPingTimeout),
    closeMs: options.wsCloseTimeout * 1000,
    handshakeMs: options.wsHandshakeTimeout * 1000,
    // Windows of 12 bits take an eighth of the memory and cost some percent (websocket:W-103).
    deflate: options.wsPerMessageDeflate
      ? {
        serverMaxWindowBits: 12,
        clientMaxWindowBits: 12,
        keepsContext: runtime.keepsDeflateContext,
      }
      : undefined,
  };
}

function isQuiet(context: HttpContext): boolean {
  return context.connections.size === 0 && context.runningCycles === 0;
}

/** Calls back after `ms`; keeps the process alive until then. */
function startTimer(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, Math.min(ms, 2 ** 31 - 1));
  return () => clearTimeout(timer);
}

/** `http://host:port`, IPv6 in brackets; or the path of a UNIX socket. */
function addressText(address: Address): string {
  if (address.kind === "unix") return address.path;
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return `http://${host}:${address.port}`;
}

/** Logs as the options of `config` say, to the standard streams. */
export function loggingFor(config: Config): Logging {
  return createLogging(config.options, {
    stdout: runtime.stdout,
    stderr: runtime.stderr,
    env: runtime.env,
    afterTurn: runtime.afterTurn,
    phrase: reasonPhrase,
  });
}

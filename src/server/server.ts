/** One process's server: starts the application, listens, tracks connections, drains. */
import type { AsgiApp } from "../asgi.ts";
import type { Config } from "../config/config.ts";
import { usesTls } from "../config/options/tls.ts";
import { Deadlines } from "../connection/tracking/deadlines.ts";
import { DefaultHeaders } from "../connection/output/default_headers.ts";
import { DrainSignal } from "../connection/exchange/drain_signal.ts";
import { ServerAddresses } from "../connection/exchange/connection_info.ts";
import type { ServerContext } from "../connection/context.ts";
import { OpenConnections } from "../connection/tracking/open_connections.ts";
import { IndexedList } from "../connection/tracking/indexed_list.ts";
import { WriterPool } from "../connection/output/output_buffer.ts";
import { FlushScheduler } from "../connection/output/flush_scheduler.ts";
import { ConfigError, StartupError } from "../errors.ts";
import { reasonPhrase } from "../http/status_lines.ts";
import { Lifespan } from "../application/lifespan.ts";
import { createLogging, type Logging } from "../logging/logging.ts";
import { describeTarget, runtime } from "../runtime/mod.ts";
import type { Address, ListenOptions } from "../runtime/types.ts";
import { VERSION } from "../version.ts";
import { KEY_SUFFIX } from "../websocket/handshake.ts";
import { Admission } from "./listening/admission.ts";
import type { Certificates } from "./tls/certificates.ts";
import { Drain } from "./shutdown.ts";
import { AcceptDrain } from "./listening/accept_drain.ts";
import { type Binding, bindingsFor, Listeners } from "./listening/listeners.ts";
import { processLine, readyLine, urlText } from "./ready_line.ts";
import { admissionLimits, httpSettings } from "./settings.ts";

/** Time for TLS handshakes that have begun before the listeners were closed, in milliseconds. */
const LAST_HANDSHAKES_MS = 500;

/** How to stop. */
export interface StopOptions {
  /**
   * Seconds that requests in progress get before they are cut off; default: the option
   * `timeoutGracefulShutdown`.
   */
  readonly timeout?: number;
  /**
   * Seconds to go on as before, for load balancers that have to learn of it first; default: the
   * option `shutdownDelay`.
   */
  readonly delay?: number;
}

/** How to start. */
export interface StartOptions {
  /**
   * Whether CTRL+C reaches the server, as it does under `run()`; then the log says so. Default:
   * `false`, because a server takes no signals of its own.
   */
  readonly quitsOnCtrlC?: boolean;
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

/** How far a server has come. It only moves forward. */
export type ServerPhase =
  /** `start()` has not been called. */
  | "new"
  /** Loads and starts the application, then opens the listening sockets. */
  | "starting"
  /** Accepts connections. */
  | "running"
  /** Shuts down: requests in progress finish, then the application is stopped. */
  | "stopping"
  /** Everything is closed, or the start failed. */
  | "finished";

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
  /** Resolves when a later `stop()` with a shorter delay runs out. */
  readonly #delayCut = Promise.withResolvers<void>();
  readonly #logging: Logging;
  readonly #drainSignal = new DrainSignal();
  #phase: ServerPhase = "new";
  #listeners: Listeners | undefined;
  #certificates: Certificates | undefined;
  #tlsExtension: ServerContext["tlsExtension"];
  readonly #acceptDrain = new AcceptDrain(runtime);
  #drain: Drain | undefined;
  #lifespan: Lifespan | undefined;
  #context: ServerContext | undefined;
  /** Whether the application is still to be loaded. */
  #isLoading = true;
  #isStopping = false;
  #isForced = false;
  #isRefed = true;
  #timeoutMs: number;
  #delayMs: number;
  #shutdownFailed = false;
  #quitsOnCtrlC = false;
  #maxRequests = Infinity;
  /** The error of the start that is in the log. */
  #reported: unknown;

  /** Makes a server that logs as the options say. Nothing happens before `start()`. */
  constructor(config: Config);
  /** @internal Makes one that logs elsewhere. */
  constructor(config: Config, logging: Logging);
  constructor(config: Config, logging: Logging = loggingFor(config)) {
    this.config = config;
    this.#logging = logging;
    this.listening = this.#listening.promise;
    this.finished = this.#finished.promise;
    // The error is in the log already; who does not wait for it need not handle it.
    this.listening.catch(() => {});
    this.finished.catch(() => {});
    this.#timeoutMs = config.options.timeoutGracefulShutdown * 1000;
    this.#delayMs = config.options.shutdownDelay * 1000;
  }

  /**
   * How far the server has come: `new` before `start()`, `starting` until it accepts connections,
   * `running` while it does, `stopping` during the shutdown, `finished` once everything is closed
   * or the start has failed.
   */
  get phase(): ServerPhase {
    return this.#phase;
  }

  /** Whether connections are accepted. */
  get started(): boolean {
    return this.#phase === "running";
  }

  /** What it listens on; empty before and after. */
  get addresses(): readonly Address[] {
    return this.#listeners?.addresses ?? [];
  }

  /** The first address as a URL, such as `http://127.0.0.1:8000`; `undefined` while it does not listen. */
  get url(): string | undefined {
    const [first] = this.addresses;
    return first === undefined ? undefined : urlText(first, this.#scheme);
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

  get #scheme(): "http" | "https" {
    return usesTls(this.config.options) ? "https" : "http";
  }

  /** How to end it sooner, for log lines that say that something is waited for. */
  get #forceHint(): string {
    return this.#quitsOnCtrlC ? " (CTRL+C to force quit)" : "";
  }

  /** Whether the application's shutdown failed; meaningful once `finished` has resolved. */
  get shutdownFailed(): boolean {
    return this.#shutdownFailed;
  }

  /** Starts. Returns at once: see `listening`. */
  start(options: StartOptions = {}): void {
    if (this.#phase !== "new") return;
    this.#phase = "starting";
    this.#quitsOnCtrlC = options.quitsOnCtrlC === true;
    void this.#live().then(
      () => {
        this.#finish();
        this.#listening.reject(
          new StartupError("Server was stopped before it listened"),
        );
        this.#finished.resolve();
      },
      (error: unknown) => {
        this.#report(error);
        this.#finish();
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

  #finish(): void {
    this.#phase = "finished";
    this.#certificates?.close();
    this.#logging.flush();
  }

  /** Starts and resolves when the server has ended. */
  serve(options: StartOptions = {}): Promise<void> {
    this.start(options);
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
      this.#ifStopping(this.#timeoutMs, this.#hurried.resolve);
    }
    if (options.delay !== undefined) {
      this.#delayMs = options.delay * 1000;
      this.#ifStopping(this.#delayMs, this.#delayCut.resolve);
    }
    if (this.#phase === "starting" && !this.#isStopping && !this.#isLoading) {
      this.#logging.server.info(
        `Waiting for the start to finish before stopping.${this.#forceHint}`,
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
    return this.#drain?.wasCutOff !== true;
  }

  /** Calls back after `ms` if the server is about to end, and has not ended by then. */
  #ifStopping(ms: number, callback: () => void): void {
    if (this.#phase !== "stopping") return;
    const stopTimer = startTimer(ms, callback);
    void this.finished.finally(stopTimer).catch(() => {});
  }

  /** Ends now: aborts requests in progress and skips the application's shutdown. */
  forceStop(): void {
    if (this.#isForced) return;
    this.#isForced = true;
    if (this.#phase === "new") void this.stop();
    this.#isStopping = true;
    this.#stopRequested.resolve();
    this.#lifespan?.abandon();
    this.#forced.resolve();
  }

  /**
   * Reads certificates and keys anew, and uses them for every handshake from now on; open
   * connections are not touched. Happens by itself when the files change.
   *
   * @throws ConfigError if they cannot be used: those of before stay in use then, and the log says
   * why. Also if the server does not use TLS.
   */
  async reloadTls(): Promise<void> {
    if (!usesTls(this.config.options)) {
      throw new ConfigError("Cannot reload TLS: the server does not use it");
    }
    if (this.#phase !== "finished") await this.#certificates?.reload();
  }

  /** See `stop()`: `await using server = serve(app)` stops it at the end of the block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Lets the server alone keep the process alive (the default). */
  ref(): void {
    this.#isRefed = true;
    this.#listeners?.ref();
  }

  /** Lets the process end although the server runs. */
  unref(): void {
    this.#isRefed = false;
    this.#listeners?.unref();
  }

  /** From start to end: rejects if it never ran. */
  async #live(): Promise<void> {
    const logger = this.#logging.server;
    if (usesTls(this.config.options)) {
      // What only TLS needs is loaded only for it.
      const { openCertificates, tlsExtension } = await import(
        "./tls/open_certificates.ts"
      );
      this.#tlsExtension = tlsExtension;
      this.#certificates = await this.#orForced(
        openCertificates(this.config, logger),
      );
      if (this.#certificates === undefined) return;
    }
    // What no transport can do is found before the application is started.
    const listenOptions = this.#listenOptions();
    const bindings = bindingsFor(
      this.config.options.loop,
      this.config.listenTargets,
      listenOptions,
    );
    // Nothing of the application has begun that could be ended in order, and its module may wait
    // for ever: a stop leaves it behind.
    const app = await this.#orStopped(
      this.config.load((message) => logger.warning(message)),
      this.#stopRequested.promise.then(untilTurnEnd),
    );
    if (this.#isForced) return;
    if (app === undefined) {
      logger.info("Stopped while the application was being loaded.");
      return;
    }
    this.#isLoading = false;
    const started = processLine("Started", runtime.pid);
    logger.info(started.message, started);
    logger.debug(`Tricorn ${VERSION} on ${runtime.name} ${runtime.version}`);
    const lifespan = this.#lifespan = new Lifespan(app, {
      mode: this.config.options.lifespan,
      limitMs: this.config.options.timeoutLifespan * 1000,
      startTimer,
    }, logger);
    if (!await lifespan.startup()) {
      if (this.#isForced) return;
      await untilTurnEnd(); // an application that has said why may throw it, too
      throw startupError(lifespan);
    }
    const context = this.#context = this.#newContext(app, lifespan);
    // An end asked for during startup still gets the application its shutdown.
    if (!this.#isStopping) {
      let isListening: boolean;
      try {
        isListening = await this.#listen(context, bindings, listenOptions);
      } catch (error) {
        this.#report(error);
        await lifespan.shutdown();
        throw error;
      }
      if (isListening) {
        await this.#stopRequested.promise;
        this.#phase = "stopping";
        await this.#delay();
        await this.#end(context);
      }
    }
    if (!this.#isForced) this.#shutdownFailed = !await lifespan.shutdown();
    const finished = processLine("Finished", runtime.pid);
    logger.info(finished.message, finished);
  }

  #orForced<T>(work: Promise<T>): Promise<T | undefined> {
    return this.#orStopped(work, this.#forced.promise);
  }

  /** What `work` resolves to; `undefined` if `stopped` resolves before. */
  async #orStopped<T>(
    work: Promise<T>,
    stopped: Promise<void>,
  ): Promise<T | undefined> {
    // Nothing else may hold the process while the application's module waits for something.
    const stopTimer = startTimer(2 ** 31 - 1, () => {});
    try {
      return await Promise.race([
        work,
        stopped.then(() => undefined),
      ]);
    } finally {
      stopTimer();
    }
  }

  #listenOptions(): ListenOptions {
    const { backlog, reusePort, ipv6Only } = this.config.options;
    // A PROXY header comes before TLS.
    const tls = this.config.options.proxyProtocol
      ? undefined
      : this.#certificates?.context;
    return { backlog, reusePort, ipv6Only, tls };
  }

  /** @returns Whether it listens: a forced stop does not wait for names to be resolved. */
  async #listen(
    context: ServerContext,
    bindings: readonly Binding[],
    options: ListenOptions,
  ): Promise<boolean> {
    for (const { target, transport } of bindings) {
      this.#logging.server.debug(
        `Listening on ${
          describeTarget(target)
        } through the transport "${transport.name}"`,
      );
    }
    const acceptDrain = this.#acceptDrain;
    const admission = new Admission(
      context,
      admissionLimits(this.config.options, runtime.descriptorLimit()),
    );
    const beforeHandshake = acceptDrain.watchHandshakes(
      (pending) => admission.beforeHandshake(pending),
      () => this.#drain?.onProgress(),
    );
    const { proxyProtocol, forwardedAllowIps } = this.config.options;
    if (proxyProtocol) {
      const { proxyRules } = await import("./listening/proxy_rules.ts");
      admission.demandProxyHeaders(
        proxyRules(forwardedAllowIps, {
          tls: this.#certificates?.context,
          beforeHandshake,
        }),
      );
    }
    const opening = Listeners.open(
      bindings,
      options.tls === undefined ? options : { ...options, beforeHandshake },
      acceptDrain.watch((socket) => admission.admit(socket)),
    );
    this.#listeners = await this.#orForced(opening);
    if (this.#listeners === undefined) {
      opening.then((listeners) => listeners.close()).catch(() => {});
      return false;
    }
    this.#drain = new Drain(context, this.#logging.server, startTimer, {
      forced: this.#forced.promise,
      hurried: this.#hurried.promise,
      isForced: () => this.#isForced,
      handshakes: () => acceptDrain.handshakes,
      forceHint: this.#forceHint,
    });
    if (!this.#isRefed) this.#listeners.unref();
    this.#phase = "running";
    this.#certificates?.watch();
    const { bound, addresses } = this.#listeners;
    for (const { target, address } of bound) {
      const hint = this.#quitsOnCtrlC ? " (Press CTRL+C to quit)" : "";
      const line = readyLine(target, address, this.#scheme, hint);
      this.#logging.server.info(line.message, line);
    }
    this.#listening.resolve(addresses);
    return true;
  }

  #newContext(app: AsgiApp, lifespan: Lifespan): ServerContext {
    const { options } = this.config;
    const defaults = new DefaultHeaders({
      date: options.dateHeader,
      server: options.serverHeader ? "tricorn" : undefined,
      headers: options.headers,
    });
    if (options.limitMaxRequests !== undefined) {
      // Drawn once, so that workers do not end all at the same time.
      const jitter = Math.floor(
        Math.random() * (options.limitMaxRequestsJitter + 1),
      );
      this.#maxRequests = options.limitMaxRequests + jitter;
    }
    return {
      app,
      settings: httpSettings(options),
      logger: this.#logging.server,
      access: this.#logging.access,
      defaults,
      deadlines: new Deadlines(runtime, () => defaults.refresh(Date.now())),
      flushScheduler: new FlushScheduler(runtime.afterTurn),
      writers: new WriterPool(runtime.allocate),
      openFile: runtime.openFile,
      acceptKey: (key) => runtime.sha1(key + KEY_SUFFIX),
      tlsExtension: this.#tlsExtension,
      createDeflater: runtime.createDeflater,
      createInflater: runtime.createInflater,
      afterTurn: runtime.afterTurn,
      monotonicMs: runtime.monotonicMs,
      state: lifespan.state,
      drainSignal: this.#drainSignal.extension,
      connections: new OpenConnections(
        options.limitConnectionsPerClient !== undefined,
      ),
      detachedCalls: new IndexedList(),
      isDraining: false,
      runningCycles: 0,
      concurrentCycles: 0,
      totalRequests: 0,
      serverAddresses: new ServerAddresses(),
      nextConnectionId: 0,
      onProgress: () => this.#onProgress(),
      hasWarnedOfReturnValue: false,
      hasWarnedOfOldUpgrade: false,
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
    this.#drain?.onProgress();
  }

  /** Goes on as before for as long as `shutdownDelay` says. */
  async #delay(): Promise<void> {
    const delayMs = this.#delayMs;
    if (delayMs === 0 || this.#isForced) return;
    const seconds = delayMs / 1000;
    this.#logging.server.info(
      `Shutting down in ${seconds} second${
        seconds === 1 ? "" : "s"
      }; connections are still accepted.${this.#forceHint}`,
    );
    const over = Promise.withResolvers<void>();
    const stopTimer = startTimer(delayMs, over.resolve);
    await Promise.race([
      over.promise,
      this.#delayCut.promise,
      this.#hurried.promise,
      this.#forced.promise,
    ]);
    stopTimer();
  }

  /** Phases 1 to 4 of a graceful shutdown. */
  async #end(context: ServerContext): Promise<void> {
    const logger = this.#logging.server;
    logger.info("Shutting down");
    const listeners = this.#listeners!;
    // Before the first answer says "close": who is told so connects anew.
    await this.#acceptDrain.end(
      () => listeners.close(),
      () => context.isDraining = true,
    );
    this.#listeners = undefined;
    this.#drainSignal.raise();
    const stopTimer = startTimer(
      LAST_HANDSHAKES_MS,
      () => this.#acceptDrain.dropHandshakes(),
    );
    await this.#drain!.run(this.#timeoutMs);
    stopTimer();
    this.#acceptDrain.dropHandshakes();
  }
}

function startupError({ failure }: Lifespan): StartupError {
  const reason = failure?.message?.replace(/\.$/, "");
  return new StartupError(
    reason
      ? `Application startup failed: ${reason}`
      : "Application startup failed",
    failure !== undefined && "cause" in failure
      ? { cause: failure.cause }
      : undefined,
  );
}

/** Resolves when what was ready in this turn has been seen. */
function untilTurnEnd(): Promise<void> {
  return new Promise((resolve) => runtime.afterTurn(resolve));
}

/** Calls back after `ms`; keeps the process alive until then. */
function startTimer(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, Math.min(ms, 2 ** 31 - 1));
  return () => clearTimeout(timer);
}

/** @internal Logs as the options of `config` say, to the standard streams. */
export function loggingFor(config: Config): Logging {
  const { stdout, stderr } = runtime;
  const logging = createLogging(config.options, {
    stdout,
    stderr,
    env: runtime.env,
    afterTurn: runtime.afterTurn,
    phrase: reasonPhrase,
  });
  const tellOf = (stream: string) => (lines: number) =>
    logging.server.warning(
      `Dropped ${lines} line${
        lines === 1 ? "" : "s"
      } of standard ${stream}: it took no more`,
    );
  stdout.onDropped = tellOf("output");
  stderr.onDropped = tellOf("error");
  return logging;
}

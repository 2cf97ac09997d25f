/** A server and its life: starts the application, listens, and shuts down in order. */
import { userError } from "../application/user_stack.ts";
import type { Lifespan } from "../application/lifespan.ts";
import type { AsgiApp, State, Topics } from "../asgi.ts";
import type { Config } from "../config/config.ts";
import { wantsMetrics } from "../config/options/metrics.ts";
import { wantsHealth } from "../config/options/health.ts";
import { type SslIdentity, usesTls } from "../config/options/tls.ts";
import type { ServerContext } from "../connection/context.ts";
import { DrainSignal } from "../connection/scope/drain_signal.ts";
import { createServerContext } from "../connection/server_context.ts";
import { containedObserver } from "../connection/tracking/observers.ts";
import type { ServerObserver } from "../connection/tracking/server_observer.ts";
import { Tracker } from "../connection/tracking/tracker.ts";
import { AppLoadError, ConfigError, StartupError } from "../errors.ts";
import type { Logging } from "../logging/logging.ts";
import { describeTarget, runtime, selectTransport } from "../runtime/mod.ts";
import type { Address, ListenOptions, ListenTarget } from "../runtime/types.ts";
import type { TopicsLink } from "../topics/link.ts";
import type { Readiness } from "./health/readiness.ts";
import type { ServerHealth } from "./health/server_health.ts";
import { Acceptor } from "./listening/acceptor.ts";
import {
  type Binding,
  bindingsFor,
  type Listeners,
} from "./listening/listeners.ts";
import type { Measuring, ServerMetricsView } from "./measuring.ts";
import { loggingFor } from "./process_logging.ts";
import type { ServerPhase } from "./phase.ts";
import { type ProcessStatus, processStatus } from "./process_status.ts";
import {
  CTRL_C_HINT,
  logAddresses,
  processLine,
  urlText,
  versionLine,
} from "./ready_line.ts";
import { limitRequests } from "./request_limit.ts";
import { ServerTopics } from "./server_topics.ts";
import { headerSettings, httpSettings } from "./settings.ts";
import { shutDown } from "./shutdown.ts";
import {
  lifespanFor,
  loadApplication,
  loadTraces,
  startLifespan,
  wrapApplication,
} from "./startup.ts";
import { type StopOptions, StopRequest } from "./stop_request.ts";
import type { Certificates } from "./tls/certificates.ts";
import type { Watchdog } from "./watchdog.ts";
import { type ServerTime, SYSTEM_TIME, unlessStopped } from "./timers.ts";

export type { ServerPhase } from "./phase.ts";
export type { StopOptions } from "./stop_request.ts";

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
  /** Requests that wait for a slot under `limitConcurrency`. */
  readonly queuedRequests: number;
  /** Responses completed or cut off since the start, refusals included. */
  readonly totalRequests: number;
  /** Connections that there have been. */
  readonly totalConnections: number;
}

/** @internal What a server does for the parent of its process. */
export interface WorkerDuties {
  /** Where to accept, in place of what the options say. */
  readonly targets: readonly ListenTarget[];
  /** The certificate for development that all workers show; `undefined` without one. */
  readonly development: SslIdentity | undefined;
  /** Called once `limitMaxRequests` is reached: the parent says when to stop. */
  onRequestLimit(requests: number): void;
}

/** @internal What a server uses in place of its process's own. */
export interface ServerParts {
  /** Default: to the standard streams, as the options say. */
  readonly logging?: Logging;
  /** Finds the sockets for an address. Default: those of the runtime. */
  readonly selectTransport?: typeof selectTransport;
  /** Whether its requests can be looked at, with their age. Default: `false`. */
  readonly isObserved?: boolean;
  /** Whether it counts and measures. Default: as its options say. */
  readonly isMeasured?: boolean;
  /** Default: the clocks of the process. */
  readonly time?: ServerTime;
  /** For sockets that have TLS although the options say nothing of it. Default: there are none. */
  readonly tlsExtension?: ServerContext["tlsExtension"];
  /** How other workers hear what is published here. Default: there are none. */
  readonly topicsLink?: TopicsLink;
  /** Given to a worker: its parent says where it listens, and ends it. */
  readonly worker?: WorkerDuties;
}

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
  readonly #logging: Logging;
  readonly #selectTransport: typeof selectTransport;
  readonly #time: ServerTime;
  readonly #givenTlsExtension: ServerContext["tlsExtension"];
  readonly #worker: WorkerDuties | undefined;
  readonly #stop: StopRequest;
  readonly #tracker: Tracker;
  readonly #drainSignal = new DrainSignal();
  readonly #topics: ServerTopics;
  /** `undefined` if nothing is measured. */
  readonly #measuring: Promise<Measuring> | undefined;
  #phase: ServerPhase = "new";
  /** On the monotonic clock. */
  #startedAtMs = 0;
  #lifespan: Lifespan | undefined;
  /** While it serves. */
  #context: ServerContext | undefined;
  /** Set once it has been started. */
  #app: AsgiApp | undefined;
  #certificates: Certificates | undefined;
  /** Set before the lifespan begins, if somebody may ask for it. */
  #health: ServerHealth | undefined;
  /** While connections are accepted and drained, if the event loop is watched. */
  #watchdog: Watchdog | undefined;
  #acceptor: Acceptor | undefined;
  #isRefed = true;
  #quitsOnCtrlC = false;
  #hasCutOff = false;
  #shutdownFailed = false;
  /** The error of the start that is in the log. */
  #reported: unknown;

  /** Makes a server that logs as the options say. Nothing happens before `start()`. */
  constructor(config: Config);
  /** @internal */
  constructor(config: Config, parts: ServerParts);
  constructor(config: Config, parts: ServerParts = {}) {
    const { options } = config;
    this.config = config;
    this.#logging = parts.logging ?? loggingFor(config);
    this.#selectTransport = parts.selectTransport ?? selectTransport;
    this.#time = parts.time ?? SYSTEM_TIME;
    this.#givenTlsExtension = parts.tlsExtension;
    this.#worker = parts.worker;
    this.#stop = new StopRequest({
      timeoutMs: options.timeoutGracefulShutdown * 1000,
      delayMs: options.shutdownDelay * 1000,
    }, this.#time.startTimer);
    const { access } = this.#logging;
    this.#tracker = new Tracker({
      countsClients: options.limitConnectionsPerClient !== undefined,
      observers: access === undefined ? [] : [access],
      keepsStartTimes: parts.isObserved === true ||
        options.pidFile !== undefined || options.controlSocket !== undefined,
    });
    this.#topics = new ServerTopics(this.#logging.server);
    if (parts.topicsLink !== undefined) this.#topics.attach(parts.topicsLink);
    const isMeasured = parts.isMeasured ?? wantsMetrics(options);
    this.#measuring = isMeasured ? this.#measure() : undefined;
    this.listening = this.#listening.promise;
    this.finished = this.#finished.promise;
    // The reason is in the log already: a program need not wait for these.
    this.listening.catch(() => {});
    this.finished.catch(() => {});
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
    return this.#acceptor?.listeners?.addresses ?? [];
  }

  /** The first address as a URL, such as `http://127.0.0.1:8000`; `undefined` while it does not listen. */
  get url(): string | undefined {
    const [first] = this.addresses;
    return first === undefined ? undefined : urlText(first, this.#scheme);
  }

  /** The first port it listens on; `undefined` while it does not listen, or on UNIX sockets alone. */
  get port(): number | undefined {
    return this.addresses.find((address) => address.kind === "tcp")?.port;
  }

  /** Counters, as of now: there whether or not `metrics` are asked for, and cheap to read. */
  get stats(): ServerStats {
    const { connections, runningCalls, waitingRequests, totalRequests } =
      this.#tracker;
    return {
      connections: connections.size,
      requestsInProgress: runningCalls,
      queuedRequests: waitingRequests,
      totalRequests,
      totalConnections: this.#tracker.lastConnectionId,
    };
  }

  /**
   * Metrics of this process: see {@linkcode ServerMetricsView}. `undefined` unless the option
   * `metrics` asks for them.
   */
  get metrics(): ServerMetricsView | undefined {
    const measuring = this.#measuring;
    return measuring && {
      render: async (accept) => (await measuring).render(accept),
      snapshot: async () => (await measuring).snapshot(),
    };
  }

  /** @internal What counts and measures; `undefined` if nothing does. */
  get measuring(): Promise<Measuring> | undefined {
    return this.#measuring;
  }

  /**
   * Tells `observer` what happens from now on, after those that are told already.
   *
   * @throws Error once the server listens: what has begun would have no beginning for it.
   */
  observe(observer: ServerObserver): void {
    if (this.#phase !== "new" && this.#phase !== "starting") {
      throw new Error("Cannot observe a server that listens already");
    }
    this.#tracker.observe(
      containedObserver(
        observer,
        (error) =>
          this.#logging.server.error("Exception in an observer", { error }),
      ),
    );
  }

  /** Messages between applications and programs, in this process and beyond: see {@linkcode Topics}. */
  get topics(): Topics {
    return this.#topics.topics;
  }

  /** @internal Resolves when it is asked to stop. */
  get stopping(): Promise<void> {
    return this.#stop.requested;
  }

  /** @internal How the application answers a GET of `path`: see `probe()` of probe.ts. */
  async probe(path: string): Promise<number> {
    const { probe } = await import("./probe.ts");
    return this.#context === undefined ? 0 : await probe(this.#context, path);
  }

  /** @internal Whether requests are welcome, and if not, why. */
  async readiness(): Promise<Readiness> {
    if (this.#health !== undefined) return await this.#health.readiness();
    const { READY, unreadyPhase } = await import("./health/readiness.ts");
    return unreadyPhase(this.#phase, this.#stop.isRequested) ?? READY;
  }

  /** @internal What this process tells an operator. @param loopLagMs See `LoopLag`. */
  status(loopLagMs: number): ProcessStatus {
    return processStatus({
      pid: runtime.pid,
      phase: this.#phase,
      connections: this.#tracker.connections,
      stats: this.stats,
      memoryBytes: runtime.memoryBytes(),
      loopLagMs,
      startedAtMs: this.#startedAtMs,
      nowMs: runtime.monotonicMs(),
    });
  }

  /** @internal Where it logs to. */
  get logging(): Logging {
    return this.#logging;
  }

  /** @internal What lifespan startup left; `undefined` before it. */
  get state(): State | undefined {
    return this.#lifespan?.state;
  }

  get #scheme(): "http" | "https" {
    return usesTls(this.config.options) ? "https" : "http";
  }

  /** How to end it sooner, for log lines about a wait. */
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
    this.#startedAtMs = runtime.monotonicMs();
    this.#quitsOnCtrlC = options.quitsOnCtrlC === true;
    void this.#live().then(
      () => this.#finish("Server was stopped before it listened"),
      (error: unknown) => {
        this.#report(error);
        this.#close();
        this.#listening.reject(error);
        this.#finished.reject(error);
      },
    );
  }

  /** Starts and resolves when the server has ended. */
  serve(options: StartOptions = {}): Promise<void> {
    this.start(options);
    return this.finished;
  }

  /**
   * Answers `request` with the application, started and with its state, but past sockets, limits
   * and the access log. A shutdown raises its drain signal, and does not wait for it.
   *
   * @returns The response; 500 if the application fails, which is logged. Rejects if the server
   * does not start.
   */
  async fetch(request: Request): Promise<Response> {
    await this.listening;
    const { callWith } = await import("../application/to_fetch/to_fetch.ts");
    const { rootPath, rootPathMode } = this.config.options;
    const { response } = callWith(this.#app!, request, {
      env: undefined,
      rootPath,
      prefixesRootPath: rootPathMode === "prefix",
      state: this.#lifespan!.state,
      drainSignal: this.#drainSignal.extension.signal,
      onError: (error) =>
        this.#logging.server.error("Exception in ASGI application", { error }),
    });
    return await response;
  }

  /**
   * Stops accepting, lets requests in progress finish, then stops the application. Idempotent.
   *
   * @returns Whether nobody was cut off.
   */
  async stop(options: StopOptions = {}): Promise<boolean> {
    const isStarting = this.#phase === "starting" &&
      this.#lifespan !== undefined;
    if (isStarting && !this.#stop.isRequested) {
      this.#logging.server.info(
        `Waiting for the start to finish before stopping.${this.#forceHint}`,
      );
    }
    this.#stop.request(options);
    if (this.#phase === "new") {
      this.#finish("Server was stopped before it started");
    }
    await this.finished.catch(() => {});
    return !this.#hasCutOff;
  }

  /** Ends now: aborts requests in progress and skips the application's shutdown. */
  forceStop(): void {
    if (this.#stop.isForced) return;
    this.#stop.force();
    if (this.#phase === "new") void this.stop();
    this.#lifespan?.abandon();
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
    this.#acceptor?.listeners?.ref();
  }

  /** Lets the process end although the server runs. */
  unref(): void {
    this.#isRefed = false;
    this.#acceptor?.listeners?.unref();
  }

  // -- Its life.

  /** From start to end: rejects if it never ran. */
  async #live(): Promise<void> {
    const { config } = this;
    const stop = this.#stop;
    const logger = this.#logging.server;
    const tlsExtension = await this.#openTls();
    if (stop.isForced) return;
    // What no transport can do is found before the application is started.
    const listenOptions = this.#listenOptions();
    const bindings = bindingsFor(
      config.options.loop,
      this.#worker?.targets ?? config.listenTargets,
      listenOptions,
      this.#selectTransport,
    );
    const measuring = await this.#measuring;
    await measuring?.start();
    const traces = await loadTraces(config, logger);
    const loaded = await loadApplication(config, this.#logging, stop);
    if (loaded === undefined) return;
    const app = await wrapApplication(loaded, config, traces?.calls);
    await this.#logging.open(); // nothing is left to do, unless a program has loaded it by itself
    const started = processLine("Started", runtime.pid);
    logger.info(started.message, started);
    logger.debug(versionLine(runtime, runtime.env("npm_config_user_agent")));
    await this.#openChannel();
    const health = this.#health = await this.#loadHealth();
    const lifespan = this.#lifespan = lifespanFor(
      app,
      config,
      logger,
      this.#time.startTimer,
      { topics: this.topics, health: health?.extension },
    );
    if (!await startLifespan(lifespan, stop)) return;
    traces?.calls.start();
    for (const observer of traces?.observers ?? []) {
      this.#tracker.observe(observer);
    }
    // A stop that was asked for during the startup still gets the application its shutdown.
    if (!stop.isRequested) {
      this.#app = app;
      this.#watchdog = await this.#startWatchdog();
      const watched = this.#watchdog?.wrap(app) ?? app;
      const served = health?.wrap(watched) ?? watched;
      const context = this.#newContext(served, lifespan, {
        tlsExtension,
        newRawUpgrade: await this.#loadRawUpgrade(),
      });
      await this.#serve(context, bindings, listenOptions);
    }
    if (!stop.isForced) this.#shutdownFailed = !await lifespan.shutdown();
    const finished = processLine("Finished", runtime.pid);
    logger.info(finished.message, finished);
  }

  /** Loads what counts and measures. */
  async #measure(): Promise<Measuring> {
    const { Measuring } = await import("./measuring.ts");
    return new Measuring({
      options: this.config.options,
      tracker: this.#tracker,
      logging: this.#logging,
      handshakes: () => this.#acceptor?.handshakes ?? 0,
      isLoaded: () => this.#app !== undefined,
      isWorker: this.#worker !== undefined,
    });
  }

  /** Lets topics reach other hosts, if the options say by which way. */
  async #openChannel(): Promise<void> {
    const { channels, appDir } = this.config.options;
    if (channels === undefined) return;
    await unlessStopped(
      this.#topics.openChannel({ channels, folder: appDir ?? "." }),
      this.#stop.forced,
    );
  }

  /** Loads what tells of the server's health, if somebody may ask for it. */
  async #loadHealth(): Promise<ServerHealth | undefined> {
    const { options } = this.config;
    if (!wantsHealth(options)) return undefined;
    const { ServerHealth } = await import("./health/server_health.ts");
    const phase = () => this.#phase;
    const isStopping = () => this.#stop.isRequested;
    return new ServerHealth(
      {
        get phase() {
          return phase();
        },
        get isStopping() {
          return isStopping();
        },
        fetch: (request) => this.fetch(request),
      },
      options,
      this.#time,
      this.#logging.server,
    );
  }

  /** Watches the event loop, if that is asked for. */
  async #startWatchdog(): Promise<Watchdog | undefined> {
    const { watchdog, logFormat } = this.config.options;
    if (watchdog === undefined) return undefined;
    const { Watchdog } = await import("./watchdog.ts");
    return await Watchdog.start({
      limitMs: watchdog * 1000,
      isJson: logFormat === "json",
      logger: this.#logging.server,
    }, runtime);
  }

  /** Loads what only TLS needs, if it is used. */
  async #openTls(): Promise<ServerContext["tlsExtension"]> {
    if (!usesTls(this.config.options)) return this.#givenTlsExtension;
    const { openCertificates, tlsExtension } = await import(
      "./tls/open_certificates.ts"
    );
    this.#certificates = await unlessStopped(
      openCertificates(
        this.config,
        this.#logging.server,
        this.#worker?.development,
      ),
      this.#stop.forced,
    );
    return tlsExtension;
  }

  /** Loads what only Node applications need: they speak other protocols by themselves. */
  async #loadRawUpgrade(): Promise<ServerContext["newRawUpgrade"]> {
    if (this.config.detected?.name !== "node") return undefined;
    return (await import("../connection/http1/raw_upgrade.ts")).newRawUpgrade;
  }

  #listenOptions(): ListenOptions {
    const { backlog, reusePort, ipv6Only, proxyProtocol } = this.config.options;
    // A PROXY header comes before TLS.
    const tls = proxyProtocol ? undefined : this.#certificates?.context;
    return { backlog, reusePort, ipv6Only, tls };
  }

  #newContext(
    app: AsgiApp,
    lifespan: Lifespan,
    loaded: Pick<ServerContext, "newRawUpgrade" | "tlsExtension">,
  ): ServerContext {
    const { options } = this.config;
    return createServerContext(
      {
        app,
        settings: httpSettings(
          this.config.detected?.name === "wsgi"
            ? { ...options, ws: "none" } // WSGI knows no WebSockets
            : options,
        ),
        headers: headerSettings(options),
        epochMs: this.#time.epochMs,
        logger: this.#logging.server,
        tracker: this.#tracker,
        state: lifespan.state,
        drainSignal: this.#drainSignal.extension,
        topics: this.topics,
        ...loaded,
      },
      runtime,
      this.#time,
    );
  }

  /** Listens until it is to stop, then shuts down all but the application. */
  async #serve(
    context: ServerContext,
    bindings: readonly Binding[],
    listenOptions: ListenOptions,
  ): Promise<void> {
    const stop = this.#stop;
    const logger = this.#logging.server;
    this.#context = context;
    for (const { target, transport } of bindings) {
      logger.debug(
        `Listening on ${
          describeTarget(target)
        } through the transport "${transport.name}"`,
      );
    }
    const acceptor = this.#acceptor = new Acceptor(
      context,
      this.config.options,
      this.#certificates?.context,
      this.#time.startTimer,
    );
    const listeners = await this.#open(acceptor, bindings, listenOptions);
    if (listeners === undefined) return;
    this.#onListening(listeners);
    await stop.requested;
    this.#phase = "stopping";
    stop.begin();
    this.#hasCutOff = await shutDown({
      context,
      acceptor,
      drainSignal: this.#drainSignal,
      stop,
      logger,
      forceHint: this.#forceHint,
      startTimer: this.#time.startTimer,
    });
  }

  /** A forced stop does not wait for names to be resolved: then it is `undefined`. */
  async #open(
    acceptor: Acceptor,
    bindings: readonly Binding[],
    listenOptions: ListenOptions,
  ): Promise<Listeners | undefined> {
    const opening = acceptor.open(bindings, listenOptions);
    try {
      const listeners = await unlessStopped(opening, this.#stop.forced);
      if (listeners === undefined) {
        opening.then((late) => late.close()).catch(() => {});
      }
      return listeners;
    } catch (error) {
      this.#report(error); // before the lines of the application's shutdown
      await this.#lifespan!.shutdown();
      throw error;
    }
  }

  #onListening(listeners: Listeners): void {
    const { limitMaxRequests, limitMaxRequestsJitter } = this.config.options;
    if (!this.#isRefed) listeners.unref();
    this.#phase = "running";
    this.#certificates?.watch();
    if (limitMaxRequests !== undefined) {
      const limit = { limitMaxRequests, limitMaxRequestsJitter };
      limitRequests(limit, this.#tracker, (max) => this.#onMaxRequests(max));
    }
    this.#announce(listeners);
    this.#listening.resolve(listeners.addresses);
    this.config.announce(listeners.addresses);
  }

  #announce(listeners: Listeners): void {
    if (this.#worker !== undefined) return;
    const hint = this.#quitsOnCtrlC ? CTRL_C_HINT : "";
    logAddresses(listeners.bound, this.#scheme, hint, this.#logging.server);
  }

  #onMaxRequests(max: number): void {
    if (this.#stop.isRequested) return;
    this.#logging.server.info(
      `Maximum request limit of ${max} exceeded. Terminating process.`,
    );
    if (this.#worker === undefined) void this.stop();
    else this.#worker.onRequestLimit(max);
  }

  /** Logs an error of the start, once: nobody need wait for `listening` to hear of it. */
  #report(error: unknown): void {
    // The lifespan has logged its own.
    if (error instanceof StartupError || error === this.#reported) return;
    this.#reported = error;
    this.#logging.server.error(
      error instanceof Error ? error.message : String(error),
      // Of an application that broke, the stack says where.
      error instanceof AppLoadError && error.cause !== undefined
        ? { error: userError(error.cause) }
        : {},
    );
  }

  /** @param unheard Why `listening` rejects, if it has not resolved. */
  #finish(unheard: string): void {
    this.#close();
    this.#listening.reject(new StartupError(unheard));
    this.#finished.resolve();
  }

  #close(): void {
    this.#phase = "finished";
    this.#stop.end();
    this.#certificates?.close();
    this.#watchdog?.close();
    void this.#topics.close();
    void this.#measuring?.then((measuring) => measuring.close());
    this.#logging.flush();
  }
}

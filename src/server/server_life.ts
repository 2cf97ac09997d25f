/**
 * What a server does from its start to its end: loads the application, starts it, listens, and shuts
 * down in order. server.ts is what programs hold of it.
 */
import type { Lifespan } from "../application/lifespan.ts";
import { userError } from "../application/user_stack.ts";
import type { AsgiApp, State } from "../asgi.ts";
import type { Config } from "../config/config.ts";
import { usesTls } from "../config/options/tls.ts";
import type { ServerContext } from "../connection/context.ts";
import { DrainSignal } from "../connection/scope/drain_signal.ts";
import { createServerContext } from "../connection/server_context.ts";
import { Tracker } from "../connection/tracking/tracker.ts";
import { AppLoadError, StartupError } from "../errors.ts";
import type { Logger } from "../logging/logger.ts";
import type { Logging } from "../logging/logging.ts";
import { describeTarget, runtime, selectTransport } from "../runtime/mod.ts";
import type { Address, ListenOptions } from "../runtime/types.ts";
import { Acceptor } from "./listening/acceptor.ts";
import {
  type Binding,
  bindingsFor,
  type Listeners,
} from "./listening/listeners.ts";
import { LoadedParts, type PartsOwner } from "./loaded_parts.ts";
import type { ServerPhase } from "./phase.ts";
import { loggingFor } from "./process_logging.ts";
import {
  CTRL_C_HINT,
  logAddresses,
  processLine,
  versionLine,
} from "./ready_line.ts";
import { limitRequests } from "./request_limit.ts";
import type { ServerParts } from "./server_parts.ts";
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
import { type ServerTime, SYSTEM_TIME, unlessStopped } from "./timers.ts";

/** One server's. */
export class ServerLife implements PartsOwner {
  readonly config: Config;
  readonly logging: Logging;
  readonly time: ServerTime;
  readonly stop: StopRequest;
  readonly tracker: Tracker;
  readonly topics: ServerTopics;
  readonly parts: LoadedParts;
  /** See `Server.listening`. */
  readonly listening: Promise<readonly Address[]>;
  /** See `Server.finished`. */
  readonly finished: Promise<void>;
  /** On the monotonic clock; 0 before the start. */
  startedAtMs = 0;
  /** Whether the application's shutdown failed. */
  shutdownFailed = false;
  readonly #given: ServerParts;
  readonly #listening = Promise.withResolvers<readonly Address[]>();
  readonly #finished = Promise.withResolvers<void>();
  readonly #drainSignal = new DrainSignal();
  #phase: ServerPhase = "new";
  #lifespan: Lifespan | undefined;
  /** While it serves. */
  #context: ServerContext | undefined;
  /** Set once it has been started. */
  #app: AsgiApp | undefined;
  #acceptor: Acceptor | undefined;
  #isRefed = true;
  #quitsOnCtrlC = false;
  #hasCutOff = false;
  /** The error of the start that is in the log. */
  #reported: unknown;

  constructor(config: Config, given: ServerParts) {
    const { options } = config;
    this.config = config;
    this.#given = given;
    this.logging = given.logging ?? loggingFor(config);
    this.time = given.time ?? SYSTEM_TIME;
    this.stop = new StopRequest({
      timeoutMs: options.timeoutGracefulShutdown * 1000,
      delayMs: options.shutdownDelay * 1000,
    }, this.time.startTimer);
    const { access } = this.logging;
    this.tracker = new Tracker({
      countsClients: options.limitConnectionsPerClient !== undefined,
      observers: access === undefined ? [] : [access],
      keepsStartTimes: given.isObserved === true ||
        options.pidFile !== undefined || options.controlSocket !== undefined,
    });
    this.topics = new ServerTopics(this.logger);
    if (given.topicsLink !== undefined) this.topics.attach(given.topicsLink);
    this.parts = new LoadedParts(this, given);
    this.listening = this.#listening.promise;
    this.finished = this.#finished.promise;
    // The reason is in the log already: a program need not wait for these.
    this.listening.catch(() => {});
    this.finished.catch(() => {});
  }

  /** See `Server.phase`. */
  get phase(): ServerPhase {
    return this.#phase;
  }

  /** Where the server itself logs to. */
  get logger(): Logger {
    return this.logging.server;
  }

  /** While connections are accepted. */
  get listeners(): Listeners | undefined {
    return this.#acceptor?.listeners;
  }

  /** See {@linkcode PartsOwner}. */
  get handshakes(): number {
    return this.#acceptor?.handshakes ?? 0;
  }

  /** See {@linkcode PartsOwner}. */
  get isLoaded(): boolean {
    return this.#app !== undefined;
  }

  /** See {@linkcode PartsOwner}. */
  get isStopping(): boolean {
    return this.stop.isRequested;
  }

  /** What connections share, while it serves. */
  get context(): ServerContext | undefined {
    return this.#context;
  }

  /** What lifespan startup left; `undefined` before it. */
  get state(): State | undefined {
    return this.#lifespan?.state;
  }

  get scheme(): "http" | "https" {
    return usesTls(this.config.options) ? "https" : "http";
  }

  /** How to end it sooner, for log lines about a wait. */
  get #forceHint(): string {
    return this.#quitsOnCtrlC ? " (CTRL+C to force quit)" : "";
  }

  /** @param quitsOnCtrlC See `StartOptions`. */
  begin(quitsOnCtrlC: boolean): void {
    if (this.#phase !== "new") return;
    this.#phase = "starting";
    this.startedAtMs = runtime.monotonicMs();
    this.#quitsOnCtrlC = quitsOnCtrlC;
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

  /** See `Server.fetch`. */
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
        this.logger.error("Exception in ASGI application", { error }),
    });
    return await response;
  }

  /** See `Server.stop`. */
  async end(options: StopOptions): Promise<boolean> {
    const isStarting = this.#phase === "starting" &&
      this.#lifespan !== undefined;
    if (isStarting && !this.stop.isRequested) {
      this.logger.info(
        `Waiting for the start to finish before stopping.${this.#forceHint}`,
      );
    }
    this.stop.request(options);
    if (this.#phase === "new") {
      this.#finish("Server was stopped before it started");
    }
    await this.finished.catch(() => {});
    return !this.#hasCutOff;
  }

  /** See `Server.forceStop`. */
  endNow(): void {
    if (this.stop.isForced) return;
    this.stop.force();
    if (this.#phase === "new") void this.end({});
    this.#lifespan?.abandon();
  }

  /** @param isRefed Whether it keeps the process alive by itself. */
  keepAlive(isRefed: boolean): void {
    this.#isRefed = isRefed;
    if (isRefed) this.listeners?.ref();
    else this.listeners?.unref();
  }

  /** From start to end: rejects if it never ran. */
  async #live(): Promise<void> {
    const { config, stop, logger, parts, topics } = this;
    const tlsExtension = await parts.openTls();
    if (stop.isForced) return;
    // What no transport can do is found before the application is started.
    const listenOptions = this.#listenOptions();
    const bindings = bindingsFor(
      config.options.loop,
      this.#given.worker?.targets ?? config.listenTargets,
      listenOptions,
      this.#given.selectTransport ?? selectTransport,
    );
    const measuring = await parts.measuring;
    await measuring?.start();
    const traces = await loadTraces(config, logger);
    const loaded = await loadApplication(config, this.logging, stop);
    if (loaded === undefined) return;
    const app = await wrapApplication(loaded, config, traces?.calls);
    await this.logging.open(); // nothing is left to do, unless a program has loaded it by itself
    const started = processLine("Started", runtime.pid);
    logger.info(started.message, started);
    logger.debug(versionLine(runtime, runtime.env("npm_config_user_agent")));
    await parts.openChannel();
    const health = await parts.openHealth();
    const lifespan = this.#lifespan = lifespanFor(
      app,
      config,
      logger,
      this.time.startTimer,
      { topics: topics.topics, health: health?.extension },
    );
    if (!await startLifespan(lifespan, stop)) return;
    traces?.calls.start();
    for (const observer of traces?.observers ?? []) {
      this.tracker.observe(observer);
    }
    // A stop that was asked for during the startup still gets the application its shutdown.
    if (!stop.isRequested) {
      this.#app = app;
      const watched = await parts.watch(app);
      const context = this.#newContext(health?.wrap(watched) ?? watched, {
        state: lifespan.state,
        tlsExtension,
        newRawUpgrade: await parts.loadRawUpgrade(),
      });
      await parts.loadWebSockets();
      await this.#serve(context, bindings, listenOptions);
    }
    if (!stop.isForced) this.shutdownFailed = !await lifespan.shutdown();
    const finished = processLine("Finished", runtime.pid);
    logger.info(finished.message, finished);
  }

  #listenOptions(): ListenOptions {
    const { backlog, reusePort, ipv6Only, proxyProtocol } = this.config.options;
    // A PROXY header comes before TLS.
    const tls = proxyProtocol ? undefined : this.parts.certificates?.context;
    return { backlog, reusePort, ipv6Only, tls };
  }

  #newContext(
    app: AsgiApp,
    ready: Pick<ServerContext, "state" | "newRawUpgrade" | "tlsExtension">,
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
        epochMs: this.time.epochMs,
        logger: this.logger,
        tracker: this.tracker,
        drainSignal: this.#drainSignal.extension,
        topics: this.topics.topics,
        ...ready,
      },
      runtime,
      this.time,
    );
  }

  /** Listens until it is to stop, then shuts down all but the application. */
  async #serve(
    context: ServerContext,
    bindings: readonly Binding[],
    listenOptions: ListenOptions,
  ): Promise<void> {
    const { stop, logger } = this;
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
      this.parts.certificates?.context,
      this.time.startTimer,
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
      startTimer: this.time.startTimer,
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
      const listeners = await unlessStopped(opening, this.stop.forced);
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
    this.parts.certificates?.watch();
    this.parts.loadWebSocketsLater();
    if (limitMaxRequests !== undefined) {
      const limit = { limitMaxRequests, limitMaxRequestsJitter };
      limitRequests(limit, this.tracker, (max) => this.#onMaxRequests(max));
    }
    this.#announce(listeners);
    this.#listening.resolve(listeners.addresses);
    this.config.announce(listeners.addresses);
  }

  #announce(listeners: Listeners): void {
    if (this.#given.worker !== undefined) return;
    const hint = this.#quitsOnCtrlC ? CTRL_C_HINT : "";
    logAddresses(listeners.bound, this.scheme, hint, this.logger);
  }

  #onMaxRequests(max: number): void {
    if (this.stop.isRequested) return;
    this.logger.info(
      `Maximum request limit of ${max} exceeded. Terminating process.`,
    );
    const { worker } = this.#given;
    if (worker === undefined) void this.end({});
    else worker.onRequestLimit(max);
  }

  /** Logs an error of the start, once: nobody need wait for `listening` to hear of it. */
  #report(error: unknown): void {
    // The lifespan has logged its own.
    if (error instanceof StartupError || error === this.#reported) return;
    this.#reported = error;
    this.logger.error(
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
    this.stop.end();
    this.parts.close();
    void this.topics.close();
    this.logging.flush();
  }
}

/** A server as programs hold it: how to start and stop it, and what it tells. server_life.ts runs it. */
import type { State, Topics } from "../asgi.ts";
import type { Config } from "../config/config.ts";
import { usesTls } from "../config/options/tls.ts";
import { containedObserver } from "../connection/tracking/observers.ts";
import type { ServerObserver } from "../connection/tracking/server_observer.ts";
import { ConfigError } from "../errors.ts";
import type { Logging } from "../logging/logging.ts";
import { runtime } from "../runtime/mod.ts";
import type { Address } from "../runtime/types.ts";
import type { Readiness } from "./health/readiness.ts";
import type { Measuring, ServerMetricsView } from "./measuring.ts";
import type { ServerPhase } from "./phase.ts";
import { type ProcessStatus, processStatus } from "./process_status.ts";
import { urlText } from "./ready_line.ts";
import { ServerLife } from "./server_life.ts";
import type { ServerParts } from "./server_parts.ts";
import type { StopOptions } from "./stop_request.ts";

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
  readonly #life: ServerLife;

  /** Makes a server that logs as the options say. Nothing happens before `start()`. */
  constructor(config: Config);
  /** @internal */
  constructor(config: Config, parts: ServerParts);
  constructor(config: Config, parts: ServerParts = {}) {
    this.config = config;
    this.#life = new ServerLife(config, parts);
    this.listening = this.#life.listening;
    this.finished = this.#life.finished;
  }

  /**
   * How far the server has come: `new` before `start()`, `starting` until it accepts connections,
   * `running` while it does, `stopping` during the shutdown, `finished` once everything is closed
   * or the start has failed.
   */
  get phase(): ServerPhase {
    return this.#life.phase;
  }

  /** Whether connections are accepted. */
  get started(): boolean {
    return this.phase === "running";
  }

  /** What it listens on; empty before and after. */
  get addresses(): readonly Address[] {
    return this.#life.listeners?.addresses ?? [];
  }

  /** The first address as a URL, such as `http://127.0.0.1:8000`; `undefined` while it does not listen. */
  get url(): string | undefined {
    const [first] = this.addresses;
    return first === undefined ? undefined : urlText(first, this.#life.scheme);
  }

  /** The first port it listens on; `undefined` while it does not listen, or on UNIX sockets alone. */
  get port(): number | undefined {
    return this.addresses.find((address) => address.kind === "tcp")?.port;
  }

  /** Counters, as of now: there whether or not `metrics` are asked for, and cheap to read. */
  get stats(): ServerStats {
    const {
      connections,
      runningCalls,
      waitingRequests,
      totalRequests,
      lastConnectionId,
    } = this.#life.tracker;
    return {
      connections: connections.size,
      requestsInProgress: runningCalls,
      queuedRequests: waitingRequests,
      totalRequests,
      totalConnections: lastConnectionId,
    };
  }

  /**
   * Metrics of this process: see {@linkcode ServerMetricsView}. `undefined` unless the option
   * `metrics` asks for them.
   */
  get metrics(): ServerMetricsView | undefined {
    const { measuring } = this;
    return measuring && {
      render: async (accept) => (await measuring).render(accept),
      snapshot: async () => (await measuring).snapshot(),
    };
  }

  /** @internal What counts and measures; `undefined` if nothing does. */
  get measuring(): Promise<Measuring> | undefined {
    return this.#life.parts.measuring;
  }

  /**
   * Tells `observer` what happens from now on, after those that are told already.
   *
   * @throws Error once the server listens: what has begun would have no beginning for it.
   */
  observe(observer: ServerObserver): void {
    if (this.phase !== "new" && this.phase !== "starting") {
      throw new Error("Cannot observe a server that listens already");
    }
    this.#life.tracker.observe(
      containedObserver(
        observer,
        (error) =>
          this.#life.logger.error("Exception in an observer", { error }),
      ),
    );
  }

  /** Messages between applications and programs, in this process and beyond: see {@linkcode Topics}. */
  get topics(): Topics {
    return this.#life.topics.topics;
  }

  /** @internal Resolves when it is asked to stop. */
  get stopping(): Promise<void> {
    return this.#life.stop.requested;
  }

  /** @internal How the application answers a GET of `path`: see `probe()` of probe.ts. */
  async probe(path: string): Promise<number> {
    const { probe } = await import("./probe.ts");
    const { context } = this.#life;
    return context === undefined ? 0 : await probe(context, path);
  }

  /** @internal Whether requests are welcome, and if not, why. */
  async readiness(): Promise<Readiness> {
    const { parts: { health }, isStopping } = this.#life;
    if (health !== undefined) return await health.readiness();
    const { READY, unreadyPhase } = await import("./health/readiness.ts");
    return unreadyPhase(this.phase, isStopping) ?? READY;
  }

  /** @internal What this process tells an operator. @param loopLagMs See `LoopLag`. */
  status(loopLagMs: number): ProcessStatus {
    return processStatus({
      pid: runtime.pid,
      phase: this.phase,
      connections: this.#life.tracker.connections,
      stats: this.stats,
      memoryBytes: runtime.memoryBytes(),
      loopLagMs,
      startedAtMs: this.#life.startedAtMs,
      nowMs: runtime.monotonicMs(),
    });
  }

  /** @internal Where it logs to. */
  get logging(): Logging {
    return this.#life.logging;
  }

  /** @internal What lifespan startup left; `undefined` before it. */
  get state(): State | undefined {
    return this.#life.state;
  }

  /** Whether the application's shutdown failed; meaningful once `finished` has resolved. */
  get shutdownFailed(): boolean {
    return this.#life.shutdownFailed;
  }

  /** Starts. Returns at once: see `listening`. */
  start(options: StartOptions = {}): void {
    this.#life.begin(options.quitsOnCtrlC === true);
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
    return await this.#life.fetch(request);
  }

  /**
   * Stops accepting, lets requests in progress finish, then stops the application. Idempotent.
   *
   * @returns Whether nobody was cut off.
   */
  async stop(options: StopOptions = {}): Promise<boolean> {
    return await this.#life.end(options);
  }

  /** Ends now: aborts requests in progress and skips the application's shutdown. */
  forceStop(): void {
    this.#life.endNow();
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
    if (this.phase === "finished") return;
    await this.#life.parts.certificates?.reload();
  }

  /** See `stop()`: `await using server = serve(app)` stops it at the end of the block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Lets the server alone keep the process alive (the default). */
  ref(): void {
    this.#life.keepAlive(true);
  }

  /** Lets the process end although the server runs. */
  unref(): void {
    this.#life.keepAlive(false);
  }
}

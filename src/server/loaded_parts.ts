/**
 * The parts of a server that are loaded only if its options ask for them: metrics, TLS, health, the
 * way to other hosts, the watchdog, upgrades by applications of Node. An ordinary start reads none
 * of their modules. Each is kept here from its opening to the end of the server.
 */
import type { AsgiApp } from "../asgi.ts";
import type { Config } from "../config/config.ts";
import { wantsHealth } from "../config/options/health.ts";
import { wantsMetrics } from "../config/options/metrics.ts";
import { usesTls } from "../config/options/tls.ts";
import type { ServerContext } from "../connection/context.ts";
import { loadWebSocketPart } from "../connection/http1/websocket_part.ts";
import type { Tracker } from "../connection/tracking/tracker.ts";
import type { Logger } from "../logging/logger.ts";
import type { Logging } from "../logging/logging.ts";
import { runtime } from "../runtime/mod.ts";
import type { HealthHost, ServerHealth } from "./health/server_health.ts";
import type { Measuring } from "./measuring.ts";
import type { ServerParts } from "./server_parts.ts";
import type { ServerTopics } from "./server_topics.ts";
import type { StopRequest } from "./stop_request.ts";
import { type ServerTime, unlessStopped } from "./timers.ts";
import type { Certificates } from "./tls/certificates.ts";
import type { Watchdog } from "./watchdog.ts";

/** From the start to the loading of what speaks WebSocket. */
const WEBSOCKETS_AFTER_MS = 250;

/** The server that they are parts of. */
export interface PartsOwner extends HealthHost {
  readonly config: Config;
  readonly logging: Logging;
  readonly logger: Logger;
  readonly tracker: Tracker;
  readonly time: ServerTime;
  readonly stop: StopRequest;
  readonly topics: ServerTopics;
  /** TLS handshakes that are going on. */
  readonly handshakes: number;
  /** Whether the application has been loaded and started. */
  readonly isLoaded: boolean;
}

/** One server's. */
export class LoadedParts {
  /** What counts and measures; `undefined` if nothing is measured. */
  readonly measuring: Promise<Measuring> | undefined;
  readonly #owner: PartsOwner;
  readonly #given: ServerParts;
  #certificates: Certificates | undefined;
  #health: ServerHealth | undefined;
  #watchdog: Watchdog | undefined;
  /** Stops the timer of what is loaded later. */
  #stopLater: (() => void) | undefined;

  constructor(owner: PartsOwner, given: ServerParts) {
    this.#owner = owner;
    this.#given = given;
    const isMeasured = given.isMeasured ?? wantsMetrics(owner.config.options);
    this.measuring = isMeasured ? this.#measure() : undefined;
  }

  /** The certificates that are shown; `undefined` without TLS. */
  get certificates(): Certificates | undefined {
    return this.#certificates;
  }

  /** What tells of the server's health; `undefined` if nobody may ask, and before the start. */
  get health(): ServerHealth | undefined {
    return this.#health;
  }

  async #measure(): Promise<Measuring> {
    const { Measuring } = await import("./measuring.ts");
    const owner = this.#owner;
    return new Measuring({
      options: owner.config.options,
      tracker: owner.tracker,
      logging: owner.logging,
      handshakes: () => owner.handshakes,
      isLoaded: () => owner.isLoaded,
      isWorker: this.#given.worker !== undefined,
    });
  }

  /** Reads the certificates. @returns What scopes tell of TLS. */
  async openTls(): Promise<ServerContext["tlsExtension"]> {
    const { config, logger, stop } = this.#owner;
    if (!usesTls(config.options)) return this.#given.tlsExtension;
    const { openCertificates, tlsExtension } = await import(
      "./tls/open_certificates.ts"
    );
    this.#certificates = await unlessStopped(
      openCertificates(config, logger, this.#given.worker?.development),
      stop.forced,
    );
    return tlsExtension;
  }

  /** Lets topics reach other hosts, if the options say by which way. */
  async openChannel(): Promise<void> {
    const { config, topics, stop } = this.#owner;
    const { channels, appDir } = config.options;
    if (channels === undefined) return;
    await unlessStopped(
      topics.openChannel({ channels, folder: appDir ?? "." }),
      stop.forced,
    );
  }

  /** @returns What tells of the server's health, if somebody may ask for it. */
  async openHealth(): Promise<ServerHealth | undefined> {
    const owner = this.#owner;
    const { options } = owner.config;
    if (!wantsHealth(options)) return undefined;
    const { ServerHealth } = await import("./health/server_health.ts");
    return this.#health = new ServerHealth(
      owner,
      options,
      owner.time,
      owner.logger,
    );
  }

  /**
   * Watches the event loop, if that is asked for.
   *
   * @returns What is called in place of `app`.
   */
  async watch(app: AsgiApp): Promise<AsgiApp> {
    const { config: { options: { watchdog, logFormat } }, logger } =
      this.#owner;
    if (watchdog === undefined) return app;
    const { Watchdog } = await import("./watchdog.ts");
    this.#watchdog = await Watchdog.start({
      limitMs: watchdog * 1000,
      isJson: logFormat === "json",
      logger,
    }, runtime);
    return this.#watchdog?.wrap(app) ?? app;
  }

  /** Loads what only Node applications need: they speak other protocols by themselves. */
  async loadRawUpgrade(): Promise<ServerContext["newRawUpgrade"]> {
    if (this.#owner.config.detected?.name !== "node") return undefined;
    return (await import("../connection/http1/raw_upgrade.ts")).newRawUpgrade;
  }

  /** Loads what speaks WebSocket, where that cannot wait until the server listens. */
  async loadWebSockets(): Promise<void> {
    if (!runtime.mayLoadLate && this.#speaksWebSocket) {
      await loadWebSocketPart();
    }
  }

  /** Loads it a moment after the server has begun to listen: whoever waits for the start comes first. */
  loadWebSocketsLater(): void {
    if (!runtime.mayLoadLate || !this.#speaksWebSocket) return;
    const { time } = this.#owner;
    const stopTimer = this.#stopLater = time.every(WEBSOCKETS_AFTER_MS, () => {
      stopTimer();
      // A handshake tries again, and says why it fails.
      loadWebSocketPart().catch(() => {});
    });
  }

  get #speaksWebSocket(): boolean {
    return this.#owner.config.options.ws !== "none";
  }

  /** Ends those that have been opened. */
  close(): void {
    this.#stopLater?.();
    this.#certificates?.close();
    this.#watchdog?.close();
    void this.measuring?.then((measuring) => measuring.close());
  }
}

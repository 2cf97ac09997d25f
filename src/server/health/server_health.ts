/** The health of one server: what its application and its life say of its readiness. */
import type { AsgiApp, HealthExtension, ReadinessCheck } from "../../asgi.ts";
import type { Logger } from "../../logging/logger.ts";
import type { ServerPhase } from "../phase.ts";
import type { ServerTime } from "../timers.ts";
import { AppCheck } from "./app_check.ts";
import { withHealthPath } from "./health_path.ts";
import { type Readiness, READY, unreadyPhase } from "./readiness.ts";

/** The server whose health it is. */
export interface HealthHost {
  readonly phase: ServerPhase;
  /** Whether it was told to end. */
  readonly isStopping: boolean;
  /** Asks the application, past sockets, limits and the access log. */
  fetch(request: Request): Promise<Response>;
}

/** Options of a server that are about its health. */
export interface HealthSettings {
  readonly healthPath: string | undefined;
  readonly readyProbe: string | undefined;
}

/** Made for servers that somebody may ask for their health. */
export class ServerHealth {
  /** What the lifespan scope offers. */
  readonly extension: HealthExtension;
  readonly #host: HealthHost;
  readonly #settings: HealthSettings;
  readonly #check: AppCheck;
  #given: ReadinessCheck | undefined;

  constructor(
    host: HealthHost,
    settings: HealthSettings,
    time: Pick<ServerTime, "startTimer" | "monotonicMs">,
    logger: Logger,
  ) {
    this.#host = host;
    this.#settings = settings;
    this.#check = new AppCheck((signal) => this.#ask(signal), time, logger);
    this.extension = Object.freeze({
      checkReadiness: (check: ReadinessCheck | undefined) => {
        if (check !== undefined && typeof check !== "function") {
          throw new TypeError(
            "Cannot use the readiness check: expected a function",
          );
        }
        this.#given = check;
        this.#check.forget();
      },
    });
  }

  /** Whether requests are welcome. Takes 2 seconds at most, if the application's check hangs. */
  async readiness(): Promise<Readiness> {
    const { phase, isStopping } = this.#host;
    const unready = unreadyPhase(phase, isStopping);
    if (unready !== undefined) return unready;
    const hasCheck = this.#given !== undefined ||
      this.#settings.readyProbe !== undefined;
    return hasCheck ? await this.#check.verdict() : READY;
  }

  /** `app`, with the answers of the option `healthPath`, if it is used. */
  wrap(app: AsgiApp): AsgiApp {
    const { healthPath } = this.#settings;
    return healthPath === undefined
      ? app
      : withHealthPath(app, healthPath, () => this.readiness());
  }

  async #ask(signal: AbortSignal): Promise<boolean> {
    if (await this.#given?.(signal) === false) return false;
    const { readyProbe } = this.#settings;
    if (readyProbe === undefined) return true;
    const request = new Request(new URL(readyProbe, "http://localhost"), {
      headers: { "user-agent": "tricorn-probe" },
      signal,
    });
    const { status, body } = await this.#host.fetch(request);
    await body?.cancel();
    if (status < 400) return true;
    throw new Error(
      `GET ${readyProbe} (--ready-probe) is answered with ${status}`,
    );
  }
}

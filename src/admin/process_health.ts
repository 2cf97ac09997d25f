/** The admin listener of a server that is one process. */
import { ListenError } from "../errors.ts";
import type { Server } from "../server/server.ts";
import { runtime } from "../runtime/mod.ts";
import { AdminListener } from "./admin_listener.ts";
import {
  type HealthReport,
  type HealthSource,
  reportOf,
} from "./health_source.ts";

/** What it needs of the server. */
export type ProbedServer = Pick<
  Server,
  "config" | "logging" | "metrics" | "phase" | "readiness"
>;

/**
 * Opens it, if the options of `server` ask for one: before the server is started, so that probes hear
 * of the start.
 *
 * @throws ListenError, which is in the log.
 */
export async function openAdmin(
  server: ProbedServer,
): Promise<AdminListener | undefined> {
  const { adminBind } = server.config.options;
  if (adminBind === undefined) return undefined;
  const logger = server.logging.server;
  const sources = {
    health: new ProcessHealth(server),
    metrics: server.metrics,
  };
  try {
    return await AdminListener.open(adminBind, sources, logger);
  } catch (error) {
    if (error instanceof ListenError) logger.error(error.message);
    throw error;
  }
}

/** The health of this process: it is alive if it can say so. */
export class ProcessHealth implements HealthSource {
  readonly #server: Pick<Server, "phase" | "readiness">;

  constructor(server: Pick<Server, "phase" | "readiness">) {
    this.#server = server;
  }

  liveness(): Promise<HealthReport> {
    return Promise.resolve({ isOk: true, workers: [this.#worker()] });
  }

  async readiness(): Promise<HealthReport> {
    const readiness = await this.#server.readiness();
    return reportOf(this.#worker(), readiness);
  }

  #worker() {
    const { phase } = this.#server;
    return { slot: 0, pid: runtime.pid, phase, blockedSeconds: 0 };
  }
}

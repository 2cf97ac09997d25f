/** What workers are started with, from a configuration. */
import type { Config } from "../config/config.ts";
import type { Options } from "../config/options/mod.ts";
import { isObserved } from "../config/options/control.ts";
import { wantsMetrics } from "../config/options/metrics.ts";
import { type SslIdentity, usesTls } from "../config/options/tls.ts";
import { ConfigError } from "../errors.ts";
import { type Logger, SILENT } from "../logging/logger.ts";
import type { Runtime } from "../runtime/types.ts";
import type { StartMessage, WorkerSocket } from "./messages.ts";
import type { WorkerPlan } from "./pool.ts";
import { startMessage, targetsOf } from "./start_message.ts";
import { countWorkers } from "./worker_count.ts";
import type { WorkerRules } from "./worker_handle.ts";

/** What the sources of a configuration say. */
export interface Sources {
  readonly config: Config;
  /** Variables of environment files, for the workers. */
  readonly env: Readonly<Record<string, string>>;
}

/** Time for the end of a worker beyond its own limits, in milliseconds. */
const END_MARGIN_MS = 5000;

/** What does not change when the configuration is read again. */
export interface Fixed {
  /** Where workers accept. */
  readonly sockets: readonly WorkerSocket[];
  /** The certificate for development that all of them show. */
  readonly development: SslIdentity | undefined;
  /** See `StartMessage`. */
  readonly hostId: string;
}

/**
 * Checks all that can be checked without the application.
 *
 * @throws ConfigError for what no worker could use.
 */
export async function workerPlan(
  { config, env }: Sources,
  { sockets, development, hostId }: Fixed,
  logger: Logger,
  runtime: Runtime,
): Promise<WorkerPlan> {
  const message = {
    ...startMessage(config, sockets, "workers"),
    hostId,
    isObserved: isObserved(config.options),
    isMeasured: wantsMetrics(config.options),
    ...config.options.sslDev ? { development } : {},
  };
  const { options } = config;
  refuseNativeSockets(message, options, runtime);
  if (usesTls(options)) {
    const { openCertificates } = await import(
      "../server/tls/open_certificates.ts"
    );
    (await openCertificates(config, SILENT, development)).close();
  }
  const { count, reason } = await countWorkers(options, runtime);
  if (reason !== undefined) logger.info(reason);
  return { count, message, rules: rulesOf(options), env };
}

function rulesOf(options: Options): WorkerRules {
  const ms = (seconds: number | undefined) => (seconds ?? Infinity) * 1000;
  const { shutdownDelay, timeoutGracefulShutdown, timeoutLifespan } = options;
  return {
    healthMs: ms(options.timeoutWorkerHealthcheck),
    readyMs: ms(options.timeoutWorkerReady),
    endMs: ms(shutdownDelay + timeoutGracefulShutdown + timeoutLifespan) +
      END_MARGIN_MS,
    maxAgeMs: ms(options.workerMaxAge),
    maxAgeJitterMs: ms(options.workerMaxAgeJitter),
    maxMemoryBytes: (options.workerMaxMemory ?? Infinity) * 2 ** 20,
  };
}

/** Workers accept from sockets of their parent. @throws ConfigError where native ones cannot. */
function refuseNativeSockets(
  message: StartMessage,
  { loop, backlog }: Options,
  { name, version, transports }: Runtime,
): void {
  if (loop !== "native") return;
  for (const target of targetsOf(message)) {
    const lacks = transports.native.unsupported(target, { backlog });
    if (lacks === undefined) continue;
    throw new ConfigError(
      `Cannot use --loop native together with --workers on ${name} ${version}: its own sockets ` +
        `lack ${lacks}; use --loop auto or --loop node`,
    );
  }
}

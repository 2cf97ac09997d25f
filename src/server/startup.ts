/** The steps of a start that have to do with the application: it is loaded, and its lifespan begins. */
import { Lifespan } from "../application/lifespan.ts";
import type { AsgiApp, HealthExtension, Topics } from "../asgi.ts";
import type { Config } from "../config/config.ts";
import { StartupError } from "../errors.ts";
import type { Logger } from "../logging/logger.ts";
import type { Logging } from "../logging/logging.ts";
import { runtime } from "../runtime/mod.ts";
import type { CallTraces } from "../traces/call_traces.ts";
import type { OpenTraces } from "../traces/open_traces.ts";
import type { StopRequest } from "./stop_request.ts";
import { type StartTimer, unlessStopped, untilTurnEnd } from "./timers.ts";

/**
 * Loads the application. A stop abandons it: nothing of the application has begun that could be
 * ended in order, and its module may wait for ever.
 *
 * @returns `undefined` if it was stopped.
 * @throws AppLoadError if it cannot be loaded.
 */
export async function loadApplication(
  config: Config,
  logging: Logging,
  stop: StopRequest,
): Promise<AsgiApp | undefined> {
  const logger = logging.server;
  const app = await unlessStopped(
    config.load((message) => logger.warning(message), logging),
    stop.requested.then(untilTurnEnd),
  );
  if (stop.isForced) return undefined;
  if (app === undefined) {
    logger.info("Stopped while the application was being loaded.");
  }
  return app;
}

/**
 * What is called in place of `app`: in the context of its trace, and in no other if the options say
 * so.
 */
export async function wrapApplication(
  app: AsgiApp,
  { options }: Config,
  calls: CallTraces | undefined,
): Promise<AsgiApp> {
  const traced = calls?.wrap(app) ?? app;
  if (!options.resetContextvars) return traced;
  const { withEmptyContext } = await import("../application/reset_context.ts");
  return withEmptyContext(traced, await runtime.outsideOfContext());
}

/** Loads what the options ask for of traces; `undefined` for most servers. */
export async function loadTraces(
  { options }: Config,
  logger: Logger,
): Promise<OpenTraces | undefined> {
  if (!options.otel && !options.tracingChannels) return undefined;
  const { openTraces } = await import("../traces/open_traces.ts");
  return await openTraces(options, logger);
}

/** What a server offers in the lifespan scope. */
export interface LifespanOffers {
  readonly topics: Topics;
  /** `undefined` on a server that nobody asks for its health. */
  readonly health: HealthExtension | undefined;
}

/** The lifespan of `app`, not started. */
export function lifespanFor(
  app: AsgiApp,
  { options }: Config,
  logger: Logger,
  startTimer: StartTimer,
  offers: LifespanOffers,
): Lifespan {
  return new Lifespan(app, {
    ...offers,
    mode: options.lifespan,
    limitMs: options.timeoutLifespan * 1000,
    startTimer,
  }, logger);
}

/**
 * Waits for the application's startup.
 *
 * @returns Whether the server may go on; `false` only after a forced stop.
 * @throws StartupError if the startup fails.
 */
export async function startLifespan(
  lifespan: Lifespan,
  stop: StopRequest,
): Promise<boolean> {
  if (await lifespan.startup()) return true;
  if (stop.isForced) return false;
  await untilTurnEnd(); // an application that has reported a failure may throw it too
  throw startupError(lifespan);
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

/**
 * A graceful shutdown, up to the application's own: the delay, the last accepts, and the end of
 * all connections.
 */
import type { ServerContext } from "../connection/context.ts";
import type { DrainSignal } from "../connection/scope/drain_signal.ts";
import type { Logger } from "../logging/logger.ts";
import { LAST_CALL_MS } from "../connection/tracking/tracker.ts";
import { Drain } from "./drain.ts";
import type { Acceptor } from "./listening/acceptor.ts";
import type { StopRequest } from "./stop_request.ts";
import type { StartTimer } from "./timers.ts";

/**
 * How long a connection that was just in use is left open where another process serves already, in
 * milliseconds. A client that was about to write may be kept from running for longer than this
 * process was: nobody waits for the end, so it gets more time.
 */
const REPLACED_LAST_CALL_MS = 1_000;
/** At most this part of the time of the whole drain. */
const LAST_CALL_PARTS = 4;

/** What is shut down, and how. */
export interface ShutdownParts {
  readonly context: ServerContext;
  readonly acceptor: Acceptor;
  /** Raised when no more connections are accepted. */
  readonly drainSignal: DrainSignal;
  readonly stop: StopRequest;
  readonly logger: Logger;
  /** How to force it, such as ` (CTRL+C to force quit)`; or `""`. */
  readonly forceHint: string;
  /** What its limits are timed by. */
  readonly startTimer: StartTimer;
}

/** Shuts down. @returns Whether a request or WebSocket was cut off. */
export async function shutDown(parts: ShutdownParts): Promise<boolean> {
  const { context, acceptor, drainSignal, stop, logger, forceHint } = parts;
  const { startTimer } = parts;
  await waitForDelay(parts);
  logger.info("Shutting down");
  // Before the first response that closes its connection: that client connects anew.
  const lastCallMs = lastCallOf(stop);
  await acceptor.close(() => context.tracker.startDraining(lastCallMs));
  drainSignal.raise();
  const endHandshakes = acceptor.limitHandshakes();
  const drain = new Drain(context.tracker, logger, startTimer, {
    forced: stop.forced,
    timedOut: stop.timedOut,
    isForced: () => stop.isForced,
    handshakes: () => acceptor.handshakes,
    isReplaced: stop.isReplaced,
    lastCallMs,
    forceHint,
  });
  await drain.run(stop.timeoutMs);
  endHandshakes();
  return drain.wasCutOff;
}

/** How long a connection that was just in use is left open, in milliseconds. */
export function lastCallOf(
  { isReplaced, timeoutMs }: Pick<StopRequest, "isReplaced" | "timeoutMs">,
): number {
  if (!isReplaced) return LAST_CALL_MS;
  const shareMs = Math.min(REPLACED_LAST_CALL_MS, timeoutMs / LAST_CALL_PARTS);
  return Math.max(LAST_CALL_MS, shareMs);
}

/** Goes on as before for as long as the option `shutdownDelay` says. */
async function waitForDelay(
  { stop, logger, forceHint, startTimer }: ShutdownParts,
): Promise<void> {
  if (stop.delayMs === 0 || stop.isForced) return;
  const seconds = stop.delayMs / 1000;
  logger.info(
    `Shutting down in ${seconds} second${
      seconds === 1 ? "" : "s"
    }; connections are still accepted.${forceHint}`,
  );
  const over = Promise.withResolvers<void>();
  const stopTimer = startTimer(stop.delayMs, over.resolve);
  await Promise.race([
    over.promise,
    stop.delayEnded,
    stop.timedOut,
    stop.forced,
  ]);
  stopTimer();
}

/** Timers of a server's own life. Those of its connections share one clock instead. */
import { runtime } from "../runtime/mod.ts";

/** Longest time that timers take, in milliseconds. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Starts a one-shot timer of `ms`; the function returned stops it. */
export type StartTimer = (ms: number, callback: () => void) => () => void;

/** Time as a server has it: for its own life, and for the timeouts of its connections. */
export interface ServerTime {
  /** For what happens once in the life of a server. */
  readonly startTimer: StartTimer;
  /** Calls back about every `ms` until the returned function is called: the tick of all timeouts. */
  readonly every: (ms: number, callback: () => void) => () => void;
  /** Milliseconds on a clock that never goes back. */
  readonly monotonicMs: () => number;
  /** The same, one or two milliseconds late at most. */
  readonly coarseMs: () => number;
  /** Milliseconds since 1970 (UTC). */
  readonly epochMs: () => number;
}

/** Calls back after `ms`; keeps the process alive until then. */
export function startTimer(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, Math.min(ms, MAX_TIMER_MS));
  return () => clearTimeout(timer);
}

/** The clocks of the process. */
export const SYSTEM_TIME: ServerTime = {
  startTimer,
  every: runtime.every,
  monotonicMs: runtime.monotonicMs,
  coarseMs: runtime.coarseMs,
  epochMs: Date.now,
};

/** Resolves when all callbacks that were ready in this turn have run. */
export function untilTurnEnd(): Promise<void> {
  return new Promise((resolve) => runtime.afterTurn(resolve));
}

/**
 * What `work` resolves to; `undefined` if `stopped` resolves before. Keeps the process alive: the
 * module of an application may wait for something that does not.
 */
export async function unlessStopped<T>(
  work: Promise<T>,
  stopped: Promise<void>,
): Promise<T | undefined> {
  const stopTimer = startTimer(MAX_TIMER_MS, () => {});
  try {
    return await Promise.race([work, stopped.then(() => undefined)]);
  } finally {
    stopTimer();
  }
}

/** The option `limitMaxRequests`: a process ends after so many, and its supervisor starts another. */
import type { Tracker } from "../connection/tracking/tracker.ts";

/** How many. */
export interface RequestLimit {
  readonly limitMaxRequests: number;
  /** Up to so many more, drawn once, so that workers do not all end at the same time. */
  readonly limitMaxRequestsJitter: number;
}

/** Calls `onReached` once, with the limit that was drawn, when so many requests have ended. */
export function limitRequests(
  { limitMaxRequests, limitMaxRequestsJitter }: RequestLimit,
  tracker: Tracker,
  onReached: (limit: number) => void,
): void {
  const extra = Math.floor(Math.random() * (limitMaxRequestsJitter + 1));
  const limit = limitMaxRequests + extra;
  const stop = tracker.observeProgress(() => {
    if (tracker.totalRequests < limit) return;
    stop();
    onReached(limit);
  });
}

/** Whether a server welcomes requests: what probes are told. */
import type { ServerPhase } from "../phase.ts";

/** As of now. */
export interface Readiness {
  /** Whether requests are welcome. */
  readonly isReady: boolean;
  /** Why not, in printable characters; absent if they are. */
  readonly reason?: string;
}

/** Requests are welcome. */
export const READY: Readiness = Object.freeze({ isReady: true });

/** What a server says before and after it serves; `undefined` while it does. */
export function unreadyPhase(
  phase: ServerPhase,
  isStopping: boolean,
): Readiness | undefined {
  if (phase === "finished") {
    return { isReady: false, reason: "the server has ended" };
  }
  if (isStopping || phase === "stopping") {
    return { isReady: false, reason: "the server is shutting down" };
  }
  return phase === "running"
    ? undefined
    : { isReady: false, reason: "the server is starting" };
}

/** What one process that serves tells of itself: plain data, as it goes to its operator. */
import type { Activity, WaitingFor } from "../connection/tracking/activity.ts";
import type { TrackedConnection } from "../connection/tracking/open_connections.ts";
import type { ServerPhase } from "./phase.ts";

export type { ServerPhase } from "./phase.ts";

/** Most requests that are told one by one: the oldest. */
const MAX_IN_FLIGHT = 100;

/** A request or WebSocket in progress. */
export interface InFlight {
  /** Of the request; `WEBSOCKET` for a WebSocket and its handshake. */
  readonly method: string;
  /** Decoded, without query: what the peer sent, not escaped. */
  readonly path: string;
  /** `host:port`; `""` behind a UNIX socket. */
  readonly client: string;
  /** Milliseconds since it began; `null` if that was not kept. */
  readonly ageMs: number | null;
  /**
   * `application`: it works. `body`: the client sends. `client`: it does not read. `slot`: other
   * calls are in progress. `message`: a message of a WebSocket. `close`: its closing handshake.
   */
  readonly waitsFor: WaitingFor;
}

/** One process, as of now. */
export interface ProcessStatus {
  readonly pid: number;
  readonly phase: ServerPhase;
  /** Seconds since the process began to serve. */
  readonly uptimeSeconds: number;
  /** Open connections, idle ones included. */
  readonly connections: number;
  /** Application calls that have not returned. */
  readonly requestsInProgress: number;
  /** Responses completed or cut off, refusals included. */
  readonly totalRequests: number;
  /** Resident memory, in bytes. */
  readonly memoryBytes: number;
  /** How long the event loop was blocked in the last 5 seconds, at most; in milliseconds. */
  readonly loopLagMs: number;
  /** Requests and WebSockets in progress, the oldest first: at most 100. */
  readonly inFlight: readonly InFlight[];
}

/** Where a {@linkcode ProcessStatus} comes from. */
export interface StatusSource {
  readonly pid: number;
  readonly phase: ServerPhase;
  readonly connections: Iterable<Pick<TrackedConnection, "activity">>;
  readonly stats: {
    readonly connections: number;
    readonly requestsInProgress: number;
    readonly totalRequests: number;
  };
  readonly memoryBytes: number;
  readonly loopLagMs: number;
  /** On the monotonic clock, in milliseconds. */
  readonly startedAtMs: number;
  readonly nowMs: number;
}

/** Milliseconds as seconds, to a tenth. */
export function tenths(ms: number): number {
  return Math.round(ms / 100) / 10;
}

/** Describes a process. */
export function processStatus(source: StatusSource): ProcessStatus {
  const { pid, phase, stats, memoryBytes, nowMs } = source;
  return {
    pid,
    phase,
    uptimeSeconds: tenths(nowMs - source.startedAtMs),
    connections: stats.connections,
    requestsInProgress: stats.requestsInProgress,
    totalRequests: stats.totalRequests,
    memoryBytes,
    loopLagMs: Math.round(source.loopLagMs),
    inFlight: inFlight(source.connections, nowMs),
  };
}

function inFlight(
  connections: StatusSource["connections"],
  nowMs: number,
): InFlight[] {
  const found: Activity[] = [];
  for (const { activity } of connections) {
    if (activity !== undefined) found.push(activity);
  }
  found.sort((a, b) => a.startedAtMs - b.startedAtMs);
  return found.slice(0, MAX_IN_FLIGHT).map((activity) => ({
    method: activity.method,
    path: activity.path,
    client: activity.client,
    ageMs: activity.startedAtMs === 0
      ? null
      : Math.round(nowMs - activity.startedAtMs),
    waitsFor: activity.waitsFor,
  }));
}

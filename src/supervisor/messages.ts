/**
 * What the parent and its workers tell each other: plain JSON, one union for each direction. What
 * does not fit is not from us, and ignored.
 */
import type { ToldMetrics } from "../metrics/totals.ts";
import type { SslIdentity } from "../config/options/tls.ts";
import type { Address } from "../runtime/types.ts";
import type { Readiness } from "../server/health/readiness.ts";
import type { ProcessStatus } from "../server/process_status.ts";
import type { TopicLinkMessage } from "../topics/link.ts";

/** How a worker is doing: measured by itself, told with each answer to a ping. */
export interface Vitals {
  /** Open connections, idle ones included. */
  readonly connections: number;
  /** Application calls that have not returned. */
  readonly requestsInProgress: number;
  /** Responses completed or cut off since its start. */
  readonly totalRequests: number;
  /** Resident set, in bytes. */
  readonly memoryBytes: number;
  /** Longest delay of its event loop since the last ping, in milliseconds. */
  readonly loopLagMs: number;
}

/** An address that a worker accepts at. */
export interface WorkerSocket {
  readonly address: Address;
  /** Its descriptor in the worker; `null` if the worker has to bind the address itself. */
  readonly fd: number | null;
}

/** What a worker serves, and from where. */
export interface StartMessage {
  readonly kind: "start";
  /** Import string of the application. */
  readonly app: string;
  /** Options that are not at their defaults, without the places to listen. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly sockets: readonly WorkerSocket[];
  /** The same for all workers of one parent; absent where a worker has no others beside it. */
  readonly hostId?: string | undefined;
  /** Whether an operator may look at its requests, with their age. Default: false. */
  readonly isObserved?: boolean;
  /** Whether it counts and measures, for its parent. Default: false. */
  readonly isMeasured?: boolean;
  /** The certificate for development that all workers show. */
  readonly development?: SslIdentity | undefined;
}

/** Asks a worker to finish what is in progress, and to end. */
export interface DrainMessage {
  readonly kind: "drain";
  /**
   * Whether others serve in its place: then `shutdownDelay` is left out, and connections that were just
   * in use have longer for one more request.
   */
  readonly isReplaced: boolean;
  /** Seconds to go on as before; default: as above, else the option `shutdownDelay`. */
  readonly delay?: number;
  /** Seconds for what is in progress; default: the option `timeoutGracefulShutdown`. */
  readonly timeout?: number;
  /**
   * Whether a start that is not done yet is abandoned. Only the worker knows how far it is: by the
   * time a parent hears that it is ready it has accepted connections. Default: it is waited for.
   */
  readonly abandonsStart?: boolean;
}

/** What a worker has counted and measured so far. */
export interface MetricsMessage extends ToldMetrics {
  readonly kind: "metrics";
  /** Of the question that it answers; absent if it tells by itself. */
  readonly id?: number;
  /** Whether the worker is about to exit, and waits for `metricsKept`. */
  readonly isLast?: boolean;
}

/** From the parent. */
export type ToWorker =
  /** The first message. */
  | StartMessage
  /** Asks for a sign of life. */
  | { readonly kind: "ping"; readonly id: number }
  /** Finish what is in progress, then end. */
  | DrainMessage
  /** Asks how its application answers a GET of a path. */
  | { readonly kind: "probe"; readonly path: string }
  /** Asks what it does, for an operator. */
  | { readonly kind: "status"; readonly id: number }
  /** Asks for its metrics. */
  | { readonly kind: "metrics"; readonly id: number }
  /** Its last metrics have arrived: it may exit. */
  | { readonly kind: "metricsKept" }
  /** Asks whether it welcomes requests. */
  | { readonly kind: "readiness"; readonly id: number }
  /** Another worker has published it. */
  | TopicLinkMessage
  /** End now. */
  | { readonly kind: "stop" }
  /** Open log files anew: they were renamed. */
  | { readonly kind: "reopenLogs" };

/** From a worker. */
export type FromWorker =
  /** It accepts connections. */
  | { readonly kind: "ready" }
  /** It has heard that it is to drain, and does. */
  | { readonly kind: "draining" }
  /** Answers a ping. */
  | { readonly kind: "pong"; readonly id: number; readonly vitals: Vitals }
  /** The status of the answer to a probe. */
  | { readonly kind: "probed"; readonly status: number }
  /** Answers a question for its status. */
  | {
    readonly kind: "status";
    readonly id: number;
    readonly status: ProcessStatus;
  }
  /** What it has counted. */
  | MetricsMessage
  /** Answers a question for its readiness. */
  | {
    readonly kind: "readiness";
    readonly id: number;
    readonly readiness: Readiness;
  }
  /** For all other workers. */
  | TopicLinkMessage
  /** It has served as many requests as it is allowed to; it goes on until it is told to drain. */
  | { readonly kind: "spent"; readonly requests: number };

/** The message in `data`; `undefined` if it is none. */
export function fromWorker(data: unknown): FromWorker | undefined {
  return asMessage<FromWorker>(data, [
    "ready",
    "draining",
    "pong",
    "spent",
    "probed",
    "status",
    "metrics",
    "readiness",
    "topic",
  ]);
}

/** As {@linkcode fromWorker}, for the other direction. */
export function toWorker(data: unknown): ToWorker | undefined {
  return asMessage<ToWorker>(data, [
    "start",
    "ping",
    "drain",
    "stop",
    "reopenLogs",
    "probe",
    "status",
    "metrics",
    "metricsKept",
    "readiness",
    "topic",
  ]);
}

function asMessage<T extends { readonly kind: string }>(
  data: unknown,
  kinds: readonly T["kind"][],
): T | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const { kind } = data as { readonly kind?: unknown };
  return kinds.includes(kind as T["kind"]) ? data as T : undefined;
}

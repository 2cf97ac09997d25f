/** Limits on what peers can make large. */
import { MAX_INT, type OptionTable, SECONDS } from "./definition.ts";

/** Limits on what peers can make large: checked and complete. */
export interface LimitOptions {
  /** Bytes of request line and header fields together, 256 to 16777216. Default: 65536. */
  readonly limitRequestHead: number;
  /** Bytes of a request target (RFC 9112 §3.2), 64 to 16777216. Default: 16384. */
  readonly limitRequestTarget: number;
  /** Number of fields of a request head, 1 to 65536. Default: 128. */
  readonly limitRequestFields: number;
  /**
   * Bytes of a request body; 0 accepts only requests without one. Default: `undefined`, no limit.
   */
  readonly limitRequestBody: number | undefined;
  /**
   * Minimum average upload rate of a request body, in bytes per second; 0 disables. It counts after
   * the first 5 seconds and while the application reads. Default: 240.
   */
  readonly minBodyRate: number;
  /**
   * Open connections; further ones are closed at once. Default: `undefined`, 90 % of the open files
   * that the process may have, or no limit where their number cannot be read.
   */
  readonly limitConnections: number | undefined;
  /**
   * Open connections of one client: an IPv4 address or an IPv6 network (/64). Default: `undefined`,
   * no limit.
   */
  readonly limitConnectionsPerClient: number | undefined;
  /**
   * Requests and WebSockets in progress, beyond which further requests get 503. A request is in
   * progress until its response is complete. Default: `undefined`, no limit.
   */
  readonly limitConcurrency: number | undefined;
  /**
   * Seconds that a request over `limitConcurrency` waits, in the order of arrival, before it is
   * answered with 503; 0 answers at once. Default: 0.
   */
  readonly limitConcurrencyWait: number;
  /**
   * Number of requests answered, after which the server shuts down. Default: `undefined`, no limit.
   */
  readonly limitMaxRequests: number | undefined;
  /**
   * Largest random addition to `limitMaxRequests`, in requests, drawn once at the start; 0 adds
   * nothing. Default: 0.
   */
  readonly limitMaxRequestsJitter: number;
}

/** See {@linkcode LimitOptions}. */
export const LIMIT_OPTIONS: OptionTable<LimitOptions> = {
  limitRequestHead: {
    group: "Limits",
    flag: "--limit-request-head",
    aliases: ["--h11-max-incomplete-event-size"],
    // The minimum still holds a health check's request; the maximum bounds the memory that one
    // connection can take.
    type: { kind: "integer", min: 256, max: 16 * 1024 * 1024, unit: "bytes" },
    default: 65536,
    help: "Maximum size of request line and header fields together.",
  },
  limitRequestTarget: {
    group: "Limits",
    flag: "--limit-request-target",
    type: { kind: "integer", min: 64, max: 16 * 1024 * 1024, unit: "bytes" },
    default: 16 * 1024,
    help: "Maximum size of the target in the request line: path and query.",
  },
  limitRequestFields: {
    group: "Limits",
    flag: "--limit-request-fields",
    type: { kind: "integer", min: 1, max: 65536, unit: "fields" },
    default: 128,
    help: "Maximum number of header fields.",
  },
  limitRequestBody: {
    group: "Limits",
    flag: "--limit-request-body",
    type: {
      kind: "integer",
      min: 0,
      max: Number.MAX_SAFE_INTEGER,
      unit: "bytes",
    },
    default: undefined,
    defaultText: "none",
    help: "Maximum size of a request body; larger ones get 413.",
  },
  minBodyRate: {
    group: "Limits",
    flag: "--min-body-rate",
    type: { kind: "integer", min: 0, max: MAX_INT, unit: "bytes per second" },
    default: 240,
    help:
      "Minimum average upload rate of a request body, after its first 5 seconds and while the " +
      "application reads; 0 disables. A body of up to 4 KiB may be slower and has 10 minutes " +
      "in all.",
  },
  limitConnections: {
    group: "Limits",
    flag: "--limit-connections",
    type: { kind: "integer", min: 1, max: MAX_INT, unit: "connections" },
    default: undefined,
    defaultText: "90 % of the open files",
    help:
      "Maximum number of open connections; further ones are closed at once. No limit by default " +
      "where the limit of open files cannot be read.",
  },
  limitConnectionsPerClient: {
    group: "Limits",
    flag: "--limit-connections-per-client",
    type: { kind: "integer", min: 1, max: MAX_INT, unit: "connections" },
    default: undefined,
    defaultText: "none",
    help:
      "Maximum number of open connections from one IPv4 address or IPv6 network (/64). Not for " +
      "use behind a proxy, where all connections have the proxy's address.",
  },
  limitConcurrency: {
    group: "Limits",
    flag: "--limit-concurrency",
    type: { kind: "integer", min: 1, max: MAX_INT, unit: "requests" },
    default: undefined,
    defaultText: "none",
    help:
      "Answer further requests with 503 while this many are in progress. A request is in " +
      "progress until its response is complete; work after the response does not count.",
  },
  limitConcurrencyWait: {
    group: "Limits",
    flag: "--limit-concurrency-wait",
    type: SECONDS,
    default: 0,
    help:
      "Time that requests over --limit-concurrency wait, in the order of arrival, before they " +
      "are answered with 503; 0 answers at once.",
  },
  limitMaxRequests: {
    group: "Limits",
    flag: "--limit-max-requests",
    type: { kind: "integer", min: 1, max: MAX_INT, unit: "requests" },
    default: undefined,
    defaultText: "none",
    help: "Shut down after this many responses.",
  },
  limitMaxRequestsJitter: {
    group: "Limits",
    flag: "--limit-max-requests-jitter",
    type: { kind: "integer", min: 0, max: MAX_INT, unit: "requests" },
    default: 0,
    help: "Add up to this many, at random, to --limit-max-requests.",
  },
};

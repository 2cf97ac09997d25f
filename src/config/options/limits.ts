/** What peers may make large. */
import { MAX_INT, type OptionTable } from "./definition.ts";

/** What peers may make large: checked and complete. */
export interface LimitOptions {
  /** Bytes of request line and header fields together (options:O-040). */
  readonly limitRequestHead: number;
  /** Bytes of a request target (RFC 9112 §3). */
  readonly limitRequestTarget: number;
  /** Fields of a request head. */
  readonly limitRequestFields: number;
  /** Bytes of a request body; `undefined` for any number. */
  readonly limitRequestBody: number | undefined;
  /** Bytes of a request body that must arrive in a second, on average; 0 for none. */
  readonly minBodyRate: number;
  /** Open connections; `undefined` follows the descriptors this process may have. */
  readonly limitConnections: number | undefined;
  /** Open connections of one client, by address; `undefined` for any number. */
  readonly limitConnectionsPerClient: number | undefined;
  /** Requests whose response is not complete, and WebSockets, at which further ones get 503 (options:O-026). */
  readonly limitConcurrency: number | undefined;
  /** Responses after which the process ends (options:O-024). */
  readonly limitMaxRequests: number | undefined;
  /** Largest random addition to `limitMaxRequests` (options:O-025). */
  readonly limitMaxRequestsJitter: number;
}

/** See {@linkcode LimitOptions}. */
export const LIMIT_OPTIONS: OptionTable<LimitOptions> = {
  limitRequestHead: {
    group: "Limits",
    flag: "--limit-request-head",
    aliases: ["--h11-max-incomplete-event-size"],
    // The smallest still holds a request of a browser's health check, the largest bounds what
    // one connection can make us keep.
    type: { kind: "integer", min: 256, max: 16 * 1024 * 1024, unit: "bytes" },
    default: 65536,
    help: "Size of request line and header fields together.",
  },
  limitRequestTarget: {
    group: "Limits",
    flag: "--limit-request-target",
    type: { kind: "integer", min: 64, max: 16 * 1024 * 1024, unit: "bytes" },
    default: 16 * 1024,
    help: "Size of the target in the request line: path and query.",
  },
  limitRequestFields: {
    group: "Limits",
    flag: "--limit-request-fields",
    type: { kind: "integer", min: 1, max: 65536, unit: "fields" },
    default: 128,
    help: "Number of header fields.",
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
    help: "Size of a request body. More is answered with 413.",
  },
  minBodyRate: {
    group: "Limits",
    flag: "--min-body-rate",
    type: { kind: "integer", min: 0, max: MAX_INT, unit: "bytes per second" },
    default: 240,
    help:
      "What must arrive of a request body on average, after its first 5 seconds and while the " +
      "application reads. A body of up to 4 KiB may be slower and has 10 minutes in all. 0 for " +
      "nothing.",
  },
  limitConnections: {
    group: "Limits",
    flag: "--limit-connections",
    type: { kind: "integer", min: 1, max: MAX_INT, unit: "connections" },
    default: undefined,
    defaultText: "90 % of the open files",
    help:
      "Open connections. Further ones are closed at once. No limit by default where the number of " +
      "open files allowed cannot be read.",
  },
  limitConnectionsPerClient: {
    group: "Limits",
    flag: "--limit-connections-per-client",
    type: { kind: "integer", min: 1, max: MAX_INT, unit: "connections" },
    default: undefined,
    defaultText: "none",
    help:
      "Open connections from one IPv4 address or IPv6 network (/64). Not behind a proxy, whose " +
      "address they all have.",
  },
  limitConcurrency: {
    group: "Limits",
    flag: "--limit-concurrency",
    type: { kind: "integer", min: 1, max: MAX_INT, unit: "requests" },
    default: undefined,
    defaultText: "none",
    help:
      "Answer 503 to further requests while this many are in progress. One is until its response " +
      "is complete: what the application does afterwards does not count.",
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

/** What peers may make large. */
import { MAX_INT, type OptionTable } from "../option_spec.ts";

/** What peers may make large: checked and complete. */
export interface LimitOptions {
  /** Bytes of request line and header fields together (options:O-040). */
  readonly limitRequestHead: number;
  /** Requests in progress, WebSockets included, at which further ones get 503 (options:O-026). */
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
  limitConcurrency: {
    group: "Limits",
    flag: "--limit-concurrency",
    type: { kind: "integer", min: 1, max: MAX_INT, unit: "requests" },
    default: undefined,
    defaultText: "none",
    help: "Answer 503 to further requests while this many are in progress.",
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

/** Options of what follows each request for tools that show where its time goes. */
import { type OptionTable, PAIR } from "./definition.ts";

/** Traces: checked and complete. */
export interface TraceOptions {
  /**
   * Whether requests and WebSockets become spans, and durations a histogram, by the package
   * `@opentelemetry/api` of the application. Default: false.
   */
  readonly otel: boolean;
  /**
   * Whose requests continue the trace that their fields `traceparent` and `tracestate` name:
   * `trusted` proxies, by `forwardedAllowIps`; `any` peer; `none`. The others begin a new one.
   * Default: `"trusted"`.
   */
  readonly otelContext: "trusted" | "any" | "none";
  /**
   * Whether the tracing channels `tricorn:request`, `tricorn:websocket` and `tricorn:connection` of
   * `node:diagnostics_channel` are published to. Default: false.
   */
  readonly tracingChannels: boolean;
}

/** See {@linkcode TraceOptions}. */
export const TRACE_OPTIONS: OptionTable<TraceOptions> = {
  otel: {
    group: "Traces",
    flag: "--otel",
    type: PAIR,
    default: false,
    help:
      "Make spans of requests and WebSockets, and a histogram of durations, through the " +
      "application's own package @opentelemetry/api.",
  },
  otelContext: {
    group: "Traces",
    flag: "--otel-context",
    type: { kind: "choice", choices: ["trusted", "any", "none"] },
    default: "trusted",
    help:
      "Continue the trace of a request's traceparent if it comes from a proxy that " +
      "--forwarded-allow-ips trusts (trusted), from anywhere (any), or never (none).",
  },
  tracingChannels: {
    group: "Traces",
    flag: "--tracing-channels",
    type: PAIR,
    default: false,
    help:
      "Publish requests, WebSockets and connections to tracing channels of " +
      "node:diagnostics_channel.",
  },
};

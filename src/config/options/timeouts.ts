/** Options of time limits. */
import { type OptionTable, SECONDS, SOME_SECONDS } from "./definition.ts";

/** Time limits: checked and complete. */
export interface TimeoutOptions {
  /** Seconds that an idle connection is kept; 0 closes after each response. Default: 5. */
  readonly timeoutKeepAlive: number;
  /** Seconds from accepting a connection to its first byte; at least 0.1. Default: 75. */
  readonly timeoutFirstByte: number;
  /** Seconds from the first byte of a request to the end of its head; at least 0.1. Default: 30. */
  readonly timeoutRequestHead: number;
  /** Seconds without a byte of the request body; at least 0.1. Default: 60. */
  readonly timeoutRequestBody: number;
  /**
   * Seconds for a whole request, from its head to the end of its response; after that it is answered
   * with 503, or cut off if the response has begun. 0 disables. Default: 0.
   */
  readonly timeoutRequest: number;
  /**
   * Seconds that an application may leave a full request body or pipelined requests unread before
   * the client counts as disconnected; 0 disables. Default: 300.
   */
  readonly timeoutReadPause: number;
  /**
   * Seconds in which a client accepts no byte of what is queued for it; at least 0.1. Default: 60.
   */
  readonly timeoutWriteStall: number;
  /** Seconds for a TLS handshake, from accepting the connection; at least 0.1. Default: 10. */
  readonly timeoutTlsHandshake: number;
  /**
   * Seconds that requests in progress get when the server stops; 0 aborts them at once. Default:
   * 30.
   */
  readonly timeoutGracefulShutdown: number;
  /**
   * Seconds between the request to stop and the shutdown, in which the server goes on accepting;
   * 0 for none. Default: 0.
   */
  readonly shutdownDelay: number;
}

/** See {@linkcode TimeoutOptions}. */
export const TIMEOUT_OPTIONS: OptionTable<TimeoutOptions> = {
  timeoutKeepAlive: {
    group: "Timeouts",
    flag: "--timeout-keep-alive",
    type: SECONDS,
    default: 5,
    help:
      "Time that an idle connection is kept after a response; 0 closes it at once.",
  },
  timeoutFirstByte: {
    group: "Timeouts",
    flag: "--timeout-first-byte",
    type: SOME_SECONDS,
    // Load balancers and browsers open connections ahead and hold them for up to 60 seconds.
    default: 75,
    help:
      "Time for the first byte of a new connection. Browsers and load balancers open " +
      "connections ahead.",
  },
  timeoutRequestHead: {
    group: "Timeouts",
    flag: "--timeout-request-head",
    type: SOME_SECONDS,
    default: 30,
    help: "Time for request line and header fields to arrive.",
  },
  timeoutRequestBody: {
    group: "Timeouts",
    flag: "--timeout-request-body",
    type: SOME_SECONDS,
    default: 60,
    help: "Maximum time without a byte of the request body.",
  },
  timeoutRequest: {
    group: "Timeouts",
    flag: "--timeout-request",
    type: SECONDS,
    default: 0,
    help:
      "Time for a whole request, from its head to the end of its response: then 503, or the " +
      "response is cut off. Applications can change it (extension request_timeout). 0 disables.",
  },
  timeoutReadPause: {
    group: "Timeouts",
    flag: "--timeout-read-pause",
    type: SECONDS,
    default: 300,
    help:
      "Time that an application may leave received bytes unread before the client counts as " +
      "disconnected; 0 disables.",
  },
  timeoutWriteStall: {
    group: "Timeouts",
    flag: "--timeout-write-stall",
    type: SOME_SECONDS,
    default: 60,
    help:
      "Maximum time without the client accepting a byte of a response or WebSocket message.",
  },
  timeoutTlsHandshake: {
    group: "Timeouts",
    flag: "--timeout-tls-handshake",
    type: SOME_SECONDS,
    default: 10,
    help: "Time for a TLS handshake.",
  },
  timeoutGracefulShutdown: {
    group: "Timeouts",
    flag: "--timeout-graceful-shutdown",
    type: SECONDS,
    default: 30,
    help:
      "Time for requests in progress when the server stops; 0 aborts them at once.",
  },
  shutdownDelay: {
    group: "Timeouts",
    flag: "--shutdown-delay",
    type: SECONDS,
    default: 0,
    help:
      "Time to go on accepting connections after the signal to stop, so that load balancers can " +
      "take the server out of rotation.",
  },
};

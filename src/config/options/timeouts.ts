/** When the server gives up. */
import { type OptionTable, SECONDS, SOME_SECONDS } from "./definition.ts";

/** When the server gives up: checked and complete. */
export interface TimeoutOptions {
  /** Seconds that an idle connection is kept; 0 closes after each response (options:O-047). */
  readonly timeoutKeepAlive: number;
  /** Seconds that a new connection is kept without a byte. */
  readonly timeoutFirstByte: number;
  /** Seconds from the first byte of a request to the end of its head (wishes:N-010). */
  readonly timeoutRequestHead: number;
  /** Seconds without a byte of the request body (wishes:N-010). */
  readonly timeoutRequestBody: number;
  /**
   * Seconds that an application may leave a full request body or pipelined requests unread before
   * the client counts as gone; 0 for any time.
   */
  readonly timeoutReadPause: number;
  /** Seconds in which a client takes nothing of what waits for it (wishes:N-010). */
  readonly timeoutWriteStall: number;
  /** Seconds for a TLS handshake, from connect (wishes:N-010). */
  readonly timeoutTlsHandshake: number;
  /** Seconds that requests in progress get when the server stops; 0 cuts them off at once. */
  readonly timeoutGracefulShutdown: number;
  /** Seconds that a server goes on as before once it is told to stop (wishes:N-001). */
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
      "Time that an idle connection is kept after a response. 0 closes at once.",
  },
  timeoutFirstByte: {
    group: "Timeouts",
    flag: "--timeout-first-byte",
    type: SOME_SECONDS,
    // Balancers and browsers open connections ahead and hold them for 60 seconds.
    default: 75,
    help:
      "Time that a new connection is kept without a byte: browsers and load balancers open them " +
      "ahead.",
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
    help: "Time that may pass without a byte of the request body.",
  },
  timeoutReadPause: {
    group: "Timeouts",
    flag: "--timeout-read-pause",
    type: SECONDS,
    default: 300,
    help:
      "Time that an application may leave received bytes unread before the client counts as gone. 0 disables.",
  },
  timeoutWriteStall: {
    group: "Timeouts",
    flag: "--timeout-write-stall",
    type: SOME_SECONDS,
    default: 60,
    help:
      "Time that may pass without a byte of a response, or of WebSocket messages, being taken.",
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
      "Time for requests in progress when the server stops. 0 cuts them off at once.",
  },
  shutdownDelay: {
    group: "Timeouts",
    flag: "--shutdown-delay",
    type: SECONDS,
    default: 0,
    help:
      "Time to go on accepting connections once told to stop, until load balancers send none.",
  },
};

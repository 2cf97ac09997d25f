/** Options of WebSockets. */
import {
  MAX_INT,
  type OptionTable,
  SECONDS,
  SOME_SECONDS,
} from "./definition.ts";

/** Options of WebSockets: checked and complete. */
export interface WebSocketOptions {
  /**
   * Whether WebSocket handshakes are accepted (`auto`) or handled as ordinary requests (`none`).
   * Default: `"auto"`.
   */
  readonly ws: "auto" | "none";
  /** Bytes of one incoming message, after decompression; at least 1. Default: 16777216. */
  readonly wsMaxSize: number;
  /**
   * Largest ratio of inflated to compressed bytes, as N to 1, in messages that inflate to more than
   * 4 MiB; 0 disables. Default: 200.
   */
  readonly wsMaxInflateRatio: number;
  /**
   * Received messages queued for the application before reading pauses; at least 1. Default: 32.
   */
  readonly wsMaxQueue: number;
  /** Seconds between pings; 0 sends none. Default: 20. */
  readonly wsPingInterval: number;
  /** Seconds to wait for a pong; 0 waits forever. Default: 20. */
  readonly wsPingTimeout: number;
  /** Whether permessage-deflate (RFC 7692) is accepted where a client offers it. Default: true. */
  readonly wsPerMessageDeflate: boolean;
  /** Seconds to wait for the client's close frame after ours; 0 closes at once. Default: 10. */
  readonly wsCloseTimeout: number;
  /** Seconds for the application to accept or refuse a handshake; at least 0.1. Default: 60. */
  readonly wsHandshakeTimeout: number;
}

/** See {@linkcode WebSocketOptions}. */
export const WEBSOCKET_OPTIONS: OptionTable<WebSocketOptions> = {
  ws: {
    group: "WebSocket",
    flag: "--ws",
    type: { kind: "choice", choices: ["auto", "none"] },
    default: "auto",
    help:
      "Accept WebSocket handshakes (auto), or handle them as ordinary requests (none).",
  },
  wsMaxSize: {
    group: "WebSocket",
    flag: "--ws-max-size",
    type: { kind: "integer", min: 1, max: MAX_INT, unit: "bytes" },
    default: 16 * 1024 * 1024,
    help:
      "Maximum size of one incoming message, all fragments together, after decompression.",
  },
  wsMaxInflateRatio: {
    group: "WebSocket",
    flag: "--ws-max-inflate-ratio",
    type: { kind: "integer", min: 0, max: MAX_INT, unit: "to 1" },
    default: 200,
    help:
      "Maximum ratio of inflated to compressed size, for messages that inflate to more than " +
      "4 MiB; 0 disables, and --ws-max-size alone limits them.",
  },
  wsMaxQueue: {
    group: "WebSocket",
    flag: "--ws-max-queue",
    type: { kind: "integer", min: 1, max: MAX_INT, unit: "messages" },
    default: 32,
    help: "Received messages queued for the application before reading pauses.",
  },
  wsPingInterval: {
    group: "WebSocket",
    flag: "--ws-ping-interval",
    type: SECONDS,
    default: 20,
    help: "Time between pings; 0 sends none.",
  },
  wsPingTimeout: {
    group: "WebSocket",
    flag: "--ws-ping-timeout",
    type: SECONDS,
    default: 20,
    help: "Time limit for the answer to a ping; 0 waits forever.",
  },
  wsPerMessageDeflate: {
    group: "WebSocket",
    flag: "--ws-per-message-deflate",
    type: { kind: "switch" },
    default: true,
    help: "Compress messages if the client offers it (permessage-deflate).",
  },
  wsCloseTimeout: {
    group: "WebSocket",
    flag: "--ws-close-timeout",
    type: SECONDS,
    default: 10,
    help: "Time limit for the client to answer a close frame.",
  },
  wsHandshakeTimeout: {
    group: "WebSocket",
    flag: "--ws-handshake-timeout",
    type: SOME_SECONDS,
    default: 60,
    help: "Time limit for the application to accept or refuse a handshake.",
  },
};

/** How WebSockets are served. */
import {
  MAX_INT,
  type OptionTable,
  SECONDS,
  SOME_SECONDS,
} from "./definition.ts";

/** How WebSockets are served: checked and complete. */
export interface WebSocketOptions {
  /** Whether upgrade requests become WebSockets (options:O-034). */
  readonly ws: "auto" | "none";
  /** Bytes of one incoming message, inflated (options:O-035). */
  readonly wsMaxSize: number;
  /** Inflated bytes for each compressed one in a message above 4 MiB; 0 for any number. */
  readonly wsMaxInflateRatio: number;
  /** Messages that wait for the application before reading stops (options:O-036). */
  readonly wsMaxQueue: number;
  /** Seconds between pings; 0 sends none (options:O-037). */
  readonly wsPingInterval: number;
  /** Seconds for a pong; 0 waits for ever (options:O-038). */
  readonly wsPingTimeout: number;
  /** Whether compression is agreed on where a client offers it (options:O-039). */
  readonly wsPerMessageDeflate: boolean;
  /** Seconds for the client's close frame after ours. */
  readonly wsCloseTimeout: number;
  /** Seconds for the application to answer a handshake. */
  readonly wsHandshakeTimeout: number;
}

/** See {@linkcode WebSocketOptions}. */
export const WEBSOCKET_OPTIONS: OptionTable<WebSocketOptions> = {
  ws: {
    group: "WebSocket",
    flag: "--ws",
    type: { kind: "choice", choices: ["auto", "none"] },
    default: "auto",
    help: "Serve WebSockets, or answer upgrade requests as ordinary ones.",
  },
  wsMaxSize: {
    group: "WebSocket",
    flag: "--ws-max-size",
    type: { kind: "integer", min: 1, max: MAX_INT, unit: "bytes" },
    default: 16 * 1024 * 1024,
    help: "Size of one incoming message, all fragments together, inflated.",
  },
  wsMaxInflateRatio: {
    group: "WebSocket",
    flag: "--ws-max-inflate-ratio",
    type: { kind: "integer", min: 0, max: MAX_INT, unit: "to 1" },
    default: 200,
    help:
      "How many times its compressed size a message may have, once inflated to more than 4 MiB. " +
      "0 for any: --ws-max-size alone decides then.",
  },
  wsMaxQueue: {
    group: "WebSocket",
    flag: "--ws-max-queue",
    type: { kind: "integer", min: 1, max: MAX_INT, unit: "messages" },
    default: 32,
    help: "Messages that wait for the application before reading stops.",
  },
  wsPingInterval: {
    group: "WebSocket",
    flag: "--ws-ping-interval",
    type: SECONDS,
    default: 20,
    help: "Time between pings. 0 sends none.",
  },
  wsPingTimeout: {
    group: "WebSocket",
    flag: "--ws-ping-timeout",
    type: SECONDS,
    default: 20,
    help: "Time for the answer to a ping. 0 waits for ever.",
  },
  wsPerMessageDeflate: {
    group: "WebSocket",
    flag: "--ws-per-message-deflate",
    type: { kind: "switch" },
    default: true,
    help: "Compress messages where the client offers it.",
  },
  wsCloseTimeout: {
    group: "WebSocket",
    flag: "--ws-close-timeout",
    type: SECONDS,
    default: 10,
    help: "Time for the client to answer a close frame.",
  },
  wsHandshakeTimeout: {
    group: "WebSocket",
    flag: "--ws-handshake-timeout",
    type: SOME_SECONDS,
    default: 60,
    help: "Time for the application to accept or refuse.",
  },
};

/**
 * Who is told what happens on a server, as it happens: its metrics, and programs by
 * `server.observe()`. What nobody asks for is not collected.
 */
import type { HttpScope, WebSocketScope } from "../../asgi.ts";
import type {
  HttpFaultCode,
  ProxyFaultCode,
  WebSocketFaultCode,
} from "../../faults.ts";
import type {
  RecordNeeds,
  RequestRecord,
} from "../../logging/access/request_record.ts";

/** Why a connection was closed before anything was read from it. */
export type ConnectionRefusal =
  /** `limitConnections` are open. */
  | "limit"
  /** The client has `limitConnectionsPerClient` open. */
  | "client_limit"
  /** With `proxyProtocol`: it does not come from a trusted proxy. */
  | "untrusted_proxy"
  /** With `proxyProtocol`: its PROXY header is missing or malformed. */
  | "proxy_header";

/** One accepted connection, past TLS and PROXY header. */
export interface ObservedConnection {
  /** Number within the process: that of {@linkcode RequestRecord.connectionId}. */
  readonly id: string;
  /** Its peer, as the kernel or the PROXY header tells; `undefined` behind a UNIX socket. */
  readonly client:
    | { readonly host: string; readonly port: number }
    | undefined;
  /** Requests so far. */
  readonly requests: number;
  /** `version` is such as `TLSv1.3`; `undefined` on a plain connection. */
  readonly tls: { readonly version: string | null } | undefined;
}

/** How a WebSocket has ended. */
export interface WebSocketEnd {
  /**
   * The code of the first close frame, whoever sent it; 1005 if it had none, 1006 if the connection
   * ended without one (RFC 6455 §7.4.1).
   */
  readonly closeCode: number;
  /** Since it was accepted, in milliseconds. */
  readonly durationMs: number;
}

/**
 * Is told what happens. Every method is optional; none may throw, and each takes well under a
 * microsecond on a busy server: they are called in the middle of the work.
 *
 * @example
 * ```ts
 * const observer: ServerObserver = {
 *   onRequestEnd: ({ method, status, durationMs }) => {
 *     if (durationMs > 1000) console.warn(`${method} took long`, status);
 *   },
 * };
 * serve(app).observe(observer);
 * ```
 */
export interface ServerObserver {
  /** What records are to hold beyond what costs nothing. Default: nothing. */
  readonly needs?: RecordNeeds | undefined;
  /** A connection is there. */
  onConnectionOpen?(connection: ObservedConnection): void;
  /** It is gone. @param durationMs Since it opened, in milliseconds. */
  onConnectionClose?(connection: ObservedConnection, durationMs: number): void;
  /** A connection was closed in place of being served. */
  onConnectionRefused?(reason: ConnectionRefusal): void;
  /**
   * A TLS handshake has ended.
   *
   * @param isComplete Whether there is a connection now.
   */
  onTlsHandshake?(isComplete: boolean, durationMs: number): void;
  /**
   * The application is about to be called. Refused requests have no call.
   *
   * @returns Anything: it is handed to this observer's `onRequestEnd` of the same request.
   */
  onRequestStart?(scope: HttpScope | WebSocketScope): unknown;
  /**
   * A response is complete, or was cut off; refusals and answered handshakes of WebSockets included.
   *
   * @param record Keep no reference to it.
   * @param started What `onRequestStart` returned; `undefined` for a request without a call.
   */
  onRequestEnd?(record: RequestRecord, started: unknown): void;
  /** A peer broke a rule or exceeded a limit. */
  onFault?(code: HttpFaultCode | WebSocketFaultCode | ProxyFaultCode): void;
  /** A WebSocket was accepted. */
  onWebSocketOpen?(): void;
  /** A message has come or was sent. @param bytes Its size; of text sent, its UTF-16 units. */
  onWebSocketMessage?(direction: "received" | "sent", bytes: number): void;
  /**
   * A WebSocket has ended.
   *
   * @param started What `onRequestStart` returned for its handshake.
   */
  onWebSocketClose?(end: WebSocketEnd, started: unknown): void;
}

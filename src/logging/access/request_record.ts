/** What is known of one request once its response has ended, and who is told. */

/** Fields of a message: lower-case name and value, both of Latin-1 characters. */
export type RecordFields = Iterable<readonly [name: string, value: string]>;

/** Why a response was cut off. */
export type AbortReason =
  /** The client closed the connection, or reset it. */
  | "client_disconnected"
  /** The client did not take the response in time. */
  | "client_stalled"
  /** The rest of the request was malformed, too large or too slow, and the head had left. */
  | "bad_request"
  /** The application failed, or returned before the response was complete. */
  | "application"
  /** The application did not answer within the time for a request. */
  | "request_timeout"
  /** The server was shut down. */
  | "shutdown"
  /** A bug of the server. */
  | "server_error";

/** One request. Built once, and only if somebody observes requests. */
export interface RequestRecord {
  /** `host:port` of the client, IPv6 in brackets; `""` when unknown, as behind a UNIX socket. */
  readonly client: string;
  /** Of the client's URL: `http` or `https`, for WebSockets as well. */
  readonly scheme: string;
  /** As received; `-` if it could not be read. */
  readonly method: string;
  /** Decoded, `root_path` included. */
  readonly path: string;
  /** As received, without `?`. */
  readonly query: string;
  /** Such as `1.1`. */
  readonly httpVersion: string;
  /** Whether it was a WebSocket handshake that the application was asked about. */
  readonly isWebSocket: boolean;
  /** Of the response, sent or not; 499 if the client disconnected before there was one. */
  readonly status: number;
  /** From the end of the request's head to the end of the response, in milliseconds. */
  readonly durationMs: number;
  /**
   * To the head of the response, in milliseconds; `undefined` if there was none, or if no observer
   * needs it.
   */
  readonly firstByteMs: number | undefined;
  /** Bytes of the request's body that have arrived. */
  readonly receivedBytes: number;
  /** Whether it has arrived whole, its body included. */
  readonly isRequestComplete: boolean;
  /** Bytes of the response body that were handed to the socket. */
  readonly bodyBytes: number;
  /** Why the response was cut off; `undefined` if it is whole. */
  readonly abortReason: AbortReason | undefined;
  /** In the order of the request. */
  readonly requestFields: RecordFields;
  /** Those of the application; empty if no observer needs them. */
  readonly responseFields: RecordFields;
  /** What TLS agreed on, such as `TLSv1.3`; `undefined` on a plain connection. */
  readonly tlsVersion: string | undefined;
  /** Number of the connection within the process. */
  readonly connectionId: string;
  /** `undefined` if requests get none. */
  readonly requestId: string | undefined;
}

/** What costs each request something, and is collected only if an observer needs it. */
export interface RecordNeeds {
  /** {@linkcode RequestRecord.firstByteMs}. */
  readonly firstByte: boolean;
  /** {@linkcode RequestRecord.responseFields}. */
  readonly responseFields: boolean;
  /** Whether durations to the millisecond will do, which are cheaper on Deno. Default: `false`. */
  readonly coarseTimes?: boolean;
}

/** Is told of each request, such as the access log. */
export interface RequestObserver {
  /** Default: nothing that costs extra. */
  readonly needs?: RecordNeeds | undefined;
  /**
   * A response is complete, or was cut off; refusals included. Must not throw, takes well under a
   * microsecond, and keeps no reference to `record`.
   */
  onRequestEnd(record: RequestRecord): void;
}

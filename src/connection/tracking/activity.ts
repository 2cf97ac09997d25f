/** What requests and WebSockets in progress do, for an operator who looks. */

/** What a request or WebSocket waits for. */
export type WaitingFor =
  /** The application works on it. */
  | "application"
  /** The application waits for bytes of the request's body. */
  | "body"
  /** The client has not read what was sent. */
  | "client"
  /** As many calls as `limitConcurrency` allows are in progress. */
  | "slot"
  /** The application waits for a message of a WebSocket. */
  | "message"
  /** The closing handshake of a WebSocket. */
  | "close";

/** One request or WebSocket in progress. */
export interface Activity {
  /** Of the request; `WEBSOCKET` for a WebSocket and its handshake. */
  readonly method: string;
  /** Decoded, as scope and log have it: what the peer sent, not escaped. */
  readonly path: string;
  /** Of the client's URL: `http` or `https`, for WebSockets as well. */
  readonly scheme: string;
  /** `host:port`; `""` if there is none. */
  readonly client: string;
  /** On the monotonic clock, in milliseconds; 0 if that is not kept. */
  readonly startedAtMs: number;
  readonly waitsFor: WaitingFor;
}

/** How a WebSocket began: kept only where somebody may look. */
export interface ActivityStart {
  readonly path: string;
  readonly startedAtMs: number;
}

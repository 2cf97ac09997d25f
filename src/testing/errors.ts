/** What a test client throws besides the errors of the server. */
/** How a connection was lost. */
export type ConnectionLoss =
  /** The server closed it, in an orderly way, before all was there. */
  | "ended"
  /** The server cut it off. */
  | "reset"
  /** The test did, or one of the faults that it asked for. */
  | "local";

/**
 * A connection ended before what was waited for had arrived.
 *
 * @example
 * ```ts
 * import { ConnectionLost, testClient } from "jsr:@tricorn/serve/testing";
 *
 * await using client = await testClient(async (scope, _receive, send) => {
 *   if (scope.type !== "http") return;
 *   await send({ type: "http.response.start", status: 200 });
 *   await send({ type: "http.response.body", body: "half", more_body: true });
 *   throw new Error("broken");
 * }, { lifespan: "off" });
 * const response = await client.fetch("/");
 * const error = await response.text().catch((error) => error);
 * console.assert(error instanceof ConnectionLost);
 * ```
 */
export class ConnectionLost extends Error {
  /** The name of this class, whatever a bundler renames. */
  override readonly name = "ConnectionLost";
  /** Identifies this error in programs. */
  readonly code = "ERR_TRICORN_CONNECTION_LOST";
  /** How it was lost. */
  readonly loss: ConnectionLoss;

  /**
   * Makes the error.
   *
   * @param message What could not be done.
   * @param loss How the connection was lost.
   */
  constructor(message: string, loss: ConnectionLoss) {
    super(message);
    this.loss = loss;
  }
}

/** A server's bytes are no HTTP response, or no WebSocket frame: a bug of the server. */
export class ProtocolViolation extends Error {
  /** The name of this class, whatever a bundler renames. */
  override readonly name = "ProtocolViolation";
  /** Identifies this error in programs. */
  readonly code = "ERR_TRICORN_PROTOCOL_VIOLATION";
}

/** A message of a WebSocket was waited for, and the WebSocket closed. */
export class WebSocketClosed extends Error {
  /** The name of this class, whatever a bundler renames. */
  override readonly name = "WebSocketClosed";
  /** Identifies this error in programs. */
  readonly code = "ERR_TRICORN_WEBSOCKET_CLOSED";
  /** Of the server's close frame: 1005 if it had none, 1006 if no close frame came. */
  readonly closeCode: number;
  /** Of the server's close frame. */
  readonly reason: string;

  /**
   * Makes the error.
   *
   * @param closeCode Of the server's close frame.
   * @param reason Of the server's close frame.
   */
  constructor(closeCode: number, reason: string) {
    const why = reason === "" ? "" : `, ${JSON.stringify(reason)}`;
    super(`Cannot receive: the WebSocket was closed with ${closeCode}${why}`);
    this.closeCode = closeCode;
    this.reason = reason;
  }
}

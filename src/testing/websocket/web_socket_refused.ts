/** The error of a handshake that was answered by an ordinary response. */
import type { TestResponse } from "../http/test_response.ts";

/** The handshake of a WebSocket was answered by an ordinary response. */
export class WebSocketRefused extends Error {
  /** The name of this class, whatever a bundler renames. */
  override readonly name = "WebSocketRefused";
  /** Identifies this error in programs. */
  readonly code = "ERR_TRICORN_WEBSOCKET_REFUSED";
  /** The answer; its body has not been read. */
  readonly response: TestResponse;

  /**
   * Makes the error.
   *
   * @param response The answer.
   */
  constructor(response: TestResponse) {
    super(`Cannot open a WebSocket: answered with status ${response.status}`);
    this.response = response;
  }
}

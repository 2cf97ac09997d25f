/** The end of a connection: our FIN, then patience for the peer's. */
import type { Socket } from "../runtime/types.ts";

/**
 * How long a peer may take to close after we did, in milliseconds. Until then its bytes are read
 * and dropped: closing on unread bytes would reset the connection and could destroy our last
 * answer on its way (RFC 9112 §9.6, wishes:R-058).
 */
const LINGER_MS = 2_000;

/** How long our last bytes may stay where they are without one of them leaving, in milliseconds. */
const STALL_MS = 30_000;

/** Closes one socket in an orderly way. Its owner keeps the time. */
export class Closing {
  readonly #socket: Socket;
  #queuedBytes = -1;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Sends what is queued, then FIN. @returns Milliseconds to wait for the peer. */
  start(): number {
    this.#socket.end();
    return LINGER_MS;
  }

  /**
   * The time is up. A peer that still takes our last bytes gets more of it; one that does not, or
   * that took them all and does not close, gets none.
   *
   * @returns Milliseconds to wait on; 0 after the socket was destroyed.
   */
  onExpired(): number {
    const queued = this.#socket.queuedBytes;
    if (queued === 0 || queued === this.#queuedBytes) {
      this.#socket.destroy();
      return 0;
    }
    this.#queuedBytes = queued;
    return STALL_MS;
  }
}

/** Extends a timeout while the peer still reads what was sent before. */
import type { Socket } from "../../runtime/types.ts";

/**
 * How long a peer may take to close after we did, in milliseconds. Until then its bytes are read
 * and dropped: closing on unread bytes would reset the connection and could destroy our last
 * answer on its way (RFC 9112 §9.6).
 */
export const LINGER_MS: number = 2_000;

/** How long queued bytes may stay where they are without one of them leaving, in milliseconds. */
const STALL_MS = 30_000;

/** Tells a peer that reads slowly from one that does not read. */
export class SendProgress {
  readonly #socket: Socket;
  #queuedBytes = -1;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /**
   * To be asked when the peer's time is up.
   *
   * @returns Milliseconds more for a peer that has taken some of what is queued since the last
   * call; 0 for one that took none of it, or has nothing left to take.
   */
  grant(): number {
    const queued = this.#socket.queuedBytes;
    if (queued === 0 || queued === this.#queuedBytes) return 0;
    this.#queuedBytes = queued;
    return STALL_MS;
  }
}

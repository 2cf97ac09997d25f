/** The timeout of a peer that does not read what is queued for it. */
import type { Deadline, Deadlines } from "../tracking/deadlines.ts";

/** What is on its way to a peer. */
export interface Sending {
  /** Bytes that the kernel has not taken. */
  readonly queuedBytes: number;
  /** Bytes that it has taken since the beginning. */
  readonly sentBytes: number;
}

/** The connection that is told. */
export interface WriteStallOwner {
  /** Nothing has left for too long. */
  onWriteStall(): void;
  /** See {@linkcode Deadline.onFailure}. */
  onFailure(thrown: unknown): void;
}

/**
 * Watches what is sent from the moment the kernel does not take everything until it does, and ends the
 * wait when nothing has left for too long.
 */
export class WriteStall implements Deadline {
  expiresAt: number = Infinity;
  /** See {@linkcode Deadline}. */
  listIndex = -1;
  readonly #sending: Sending;
  readonly #deadlines: Deadlines;
  readonly #stallMs: number;
  readonly #owner: WriteStallOwner;
  #isWatched = false;
  #sentBytes = 0;

  /**
   * @param stallMs Time in which at least one byte must leave, in milliseconds.
   * @param owner Told when none did.
   */
  constructor(
    sending: Sending,
    deadlines: Deadlines,
    stallMs: number,
    owner: WriteStallOwner,
  ) {
    this.#sending = sending;
    this.#deadlines = deadlines;
    this.#stallMs = stallMs;
    this.#owner = owner;
  }

  /**
   * Something is queued now. Idempotent, and cheap: Deno's sockets say so after every write, so
   * that who was watched once stays it until `close`.
   */
  start(): void {
    if (this.expiresAt !== Infinity) return;
    this.#grant();
    if (this.#isWatched) return;
    this.#isWatched = true;
    this.#deadlines.watch(this);
  }

  /** Nothing is queued any more. Idempotent. */
  stop(): void {
    this.expiresAt = Infinity;
  }

  /** Nobody cares any more. Idempotent. */
  close(): void {
    this.stop();
    if (!this.#isWatched) return;
    this.#isWatched = false;
    this.#deadlines.unwatch(this);
  }

  onExpire(): void {
    const { queuedBytes, sentBytes } = this.#sending;
    if (queuedBytes > 0 && sentBytes === this.#sentBytes) {
      this.close();
      this.#owner.onWriteStall();
    } else {
      this.#grant();
    }
  }

  /** See {@linkcode Deadline}. */
  onFailure(thrown: unknown): void {
    this.#owner.onFailure(thrown);
  }

  #grant(): void {
    this.#sentBytes = this.#sending.sentBytes;
    this.expiresAt = this.#deadlines.in(this.#stallMs);
  }
}

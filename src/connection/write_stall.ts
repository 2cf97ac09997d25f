/** Patience with a peer that does not read what waits for it (wishes:N-010, R-008). */
import type { Deadline, Deadlines } from "./deadlines.ts";

/** What is on its way to a peer. */
export interface Sending {
  /** Bytes that the kernel has not taken. */
  readonly queuedBytes: number;
  /** Bytes that it has taken since the beginning. */
  readonly sentBytes: number;
}

/**
 * Watches what is sent from the moment the kernel does not take everything until it does, and ends the
 * wait when nothing has left for too long. Costs nothing while nothing is queued.
 */
export class WriteStall implements Deadline {
  expiresAt: number = Infinity;
  readonly #sending: Sending;
  readonly #deadlines: Deadlines;
  readonly #stallMs: number;
  readonly #onStall: () => void;
  #isWatched = false;
  #sentBytes = 0;

  /**
   * @param stallMs Time in which at least one byte must leave, in milliseconds.
   * @param onStall Called when none did.
   */
  constructor(
    sending: Sending,
    deadlines: Deadlines,
    stallMs: number,
    onStall: () => void,
  ) {
    this.#sending = sending;
    this.#deadlines = deadlines;
    this.#stallMs = stallMs;
    this.#onStall = onStall;
  }

  /** Something is queued now. Idempotent. */
  start(): void {
    if (this.#isWatched) return;
    this.#isWatched = true;
    this.#deadlines.watch(this);
    this.#grant();
  }

  /** Nothing is, or nobody cares any more. Idempotent. */
  stop(): void {
    if (!this.#isWatched) return;
    this.#isWatched = false;
    this.#deadlines.unwatch(this);
  }

  onExpire(): void {
    const { queuedBytes, sentBytes } = this.#sending;
    if (queuedBytes > 0 && sentBytes === this.#sentBytes) {
      this.stop();
      this.#onStall();
    } else {
      this.#grant();
    }
  }

  #grant(): void {
    this.#sentBytes = this.#sending.sentBytes;
    this.expiresAt = this.#deadlines.in(this.#stallMs);
  }
}

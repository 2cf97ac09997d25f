/**
 * How fast a client sends its requests one after another: a drain leaves an idle connection open
 * only as long as another one may be about to come.
 */

/** Requests of a connection that are measured: as many as a test or a script sends. */
const PACED_REQUESTS = 8;
/** A client that pauses for so many times its longest pause has no further request. */
const PAUSES = 3;

/** One connection's. Reads the clock for its first requests only: clocks are not free. */
export class RequestPace {
  readonly #monotonicMs: () => number;
  /** Counts on for as long as it matters. */
  #requests = 0;
  /** When the last request that was measured began. */
  #pacedAtMs = 0;
  /** Longest time from one of them to the next, in milliseconds. */
  #longestPauseMs = 0;

  /** @param monotonicMs Milliseconds on a clock that never goes back. */
  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  /** A request has begun. */
  onRequest(): void {
    if (this.#requests > PACED_REQUESTS) return;
    if (++this.#requests > PACED_REQUESTS) return;
    // Whole numbers: engines box others, one allocation for each connection.
    const now = Math.trunc(this.#monotonicMs());
    if (this.#requests > 1) {
      const pauseMs = now - this.#pacedAtMs;
      if (pauseMs > this.#longestPauseMs) this.#longestPauseMs = pauseMs;
    }
    this.#pacedAtMs = now;
  }

  /**
   * Whether the client has been idle for so much longer than it ever was that no request is about
   * to come. Never known of one that has sent many.
   */
  get isOver(): boolean {
    if (this.#requests > PACED_REQUESTS) return false;
    const idleMs = this.#monotonicMs() - this.#pacedAtMs;
    return idleMs >= this.#longestPauseMs * PAUSES;
  }
}

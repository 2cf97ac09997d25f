/** A monotonic clock to the millisecond, from two others: an exact one, and one that is cheap to read. */

/** The exact clock is read again after this long, so that a wall clock that is set misleads no longer. */
const RESYNC_MS = 50;

/** One clock. */
export class CoarseClock {
  readonly #exact: () => number;
  readonly #wall: () => number;
  /** The exact clock when `#wall` said `#syncedAtMs`, less one. */
  #baseMs = -Infinity;
  #syncedAtMs = -Infinity;
  #lastMs = -Infinity;

  /**
   * @param exact Milliseconds on a clock that never goes back.
   * @param wall Whole milliseconds since 1970 (UTC). May be set, also back.
   */
  constructor(exact: () => number, wall: () => number) {
    this.#exact = exact;
    this.#wall = wall;
  }

  /**
   * Milliseconds on the exact clock, at most two too few. Never goes back. For `RESYNC_MS` behind a
   * wall clock that was set it may be wrong by as much.
   */
  read(): number {
    const wallMs = this.#wall();
    let passedMs = wallMs - this.#syncedAtMs;
    if (!(passedMs >= 0 && passedMs < RESYNC_MS)) {
      this.#syncedAtMs = wallMs;
      // One less: the wall clock may have been about to tick.
      this.#baseMs = this.#exact() - 1;
      passedMs = 0;
    }
    const now = this.#baseMs + passedMs;
    return now > this.#lastMs ? this.#lastMs = now : this.#lastMs;
  }
}

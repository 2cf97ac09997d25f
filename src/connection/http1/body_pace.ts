/** How slowly a request body may arrive. */

/** What an upload may take before its rate is looked at, in milliseconds: connections start slowly. */
const GRACE_MS = 5_000;

/** Bodies up to this size are forms and the like, in bytes: a slow line is no attack for so little. */
const SMALL_BYTES = 4096;

/**
 * What a small body may take in all, in milliseconds, however slowly it arrives. 4 KiB at 7 bytes a
 * second, the rate of a bad mobile line, take this long.
 */
const SMALL_MS = 600_000;

/** The clock of one request body. Stands still while it is we who do not read. */
export class BodyPace {
  #since: number;
  #pausedAt: number | undefined;
  readonly #isSmall: boolean;

  /**
   * @param now When the body was begun to be waited for, in milliseconds.
   * @param length What is announced, in bytes; -1 if that is not known.
   */
  constructor(now: number, length: number) {
    this.#since = now;
    this.#isSmall = length >= 0 && length <= SMALL_BYTES;
  }

  /** Reading stops because the application does not take what arrived. */
  pause(now: number): void {
    this.#pausedAt ??= now;
  }

  /** Reading goes on. */
  resume(now: number): void {
    if (this.#pausedAt === undefined) return;
    this.#since += now - this.#pausedAt;
    this.#pausedAt = undefined;
  }

  /**
   * Time until the body is too slow if nothing more arrives, in milliseconds; 0 or less if it
   * already is.
   *
   * @param bytes What has arrived.
   * @param rate What must arrive on average, in bytes per second.
   */
  left(now: number, bytes: number, rate: number): number {
    const allowedMs = this.#isSmall ? SMALL_MS : GRACE_MS + bytes * 1000 / rate;
    return this.#since + allowedMs - now;
  }
}

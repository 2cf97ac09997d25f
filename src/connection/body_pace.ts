/** How slowly a request body may arrive (wishes:N-010, R-060). */

/** What an upload may take before its rate is looked at, in milliseconds: connections start slowly. */
const GRACE_MS = 5_000;

/** The clock of one request body. Stands still while it is we who do not read. */
export class BodyPace {
  #since: number;
  #pausedAt: number | undefined;

  /** @param now When the body was begun to be waited for, in milliseconds. */
  constructor(now: number) {
    this.#since = now;
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
    return this.#since + GRACE_MS + bytes * 1000 / rate - now;
  }
}

/**
 * How soon a worker that died is started again: at once if it had lived for a while, later and later
 * if it keeps dying, and never more than so many in a minute.
 */

/** A life that counts as healthy: the next death is the first one again. In milliseconds. */
const HEALTHY_MS = 10_000;
/** Wait after the second death in a row; it doubles with each one after. In milliseconds. */
const FIRST_WAIT_MS = 500;
/** Longest wait, in milliseconds. */
const LONGEST_WAIT_MS = 30_000;
/** The span of time that starts are counted in, in milliseconds. */
const WINDOW_MS = 60_000;
/** Starts in that time that every worker has. */
const STARTS_PER_WORKER = 10;

/** Remembers deaths, worker by worker, and starts. */
export class RestartPolicy {
  /** Deaths in a row, by the index of the worker. */
  readonly #deaths = new Map<number, number>();
  /** When workers are started again, in order. */
  #starts: number[] = [];

  /**
   * A worker has died.
   *
   * @param index Which one.
   * @param livedMs How long it was ready; 0 if it never was.
   * @param nowMs On a clock that never goes back.
   * @param count How many workers there are.
   * @returns How long to wait before it is started again, in milliseconds.
   */
  waitAfter(
    index: number,
    livedMs: number,
    nowMs: number,
    count: number,
  ): number {
    const deaths = livedMs >= HEALTHY_MS
      ? 1
      : (this.#deaths.get(index) ?? 0) + 1;
    this.#deaths.set(index, deaths);
    const ownMs = deaths === 1 ? 0 : Math.min(
      FIRST_WAIT_MS * 2 ** Math.min(deaths - 2, 10),
      LONGEST_WAIT_MS,
    );
    const atMs = this.#place(nowMs + ownMs, nowMs, count);
    return atMs - nowMs;
  }

  /** The first time from `wantedMs` on at which the window has room; it is taken. */
  #place(wantedMs: number, nowMs: number, count: number): number {
    this.#starts = this.#starts.filter((at) => at > nowMs - WINDOW_MS);
    const most = STARTS_PER_WORKER * Math.max(count, 1);
    const before = this.#starts.at(-most);
    const atMs = before === undefined
      ? wantedMs
      : Math.max(wantedMs, before + WINDOW_MS);
    this.#starts.push(atMs);
    this.#starts.sort((a, b) => a - b);
    return atMs;
  }
}

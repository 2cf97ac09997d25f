/**
 * Every timeout on one coarse clock: ten thousand connections cost one timer. A connection sets
 * its `expiresAt`, a plain number, as often as it likes; a tick looks at them all.
 */

import { type Indexed, IndexedList } from "./indexed_list.ts";

/** What the clock needs of the place it runs in. */
export interface TickSource {
  /** Milliseconds on a clock that never goes back. */
  monotonicMs(): number;
  /** Calls back about every `ms`, until the returned function is called. */
  every(ms: number, callback: () => void): () => void;
}

/** Something that gives up at some time. */
export interface Deadline extends Indexed {
  /** When, on {@linkcode Deadlines.now}; `Infinity` for never. */
  expiresAt: number;
  /** Called once the time has come; must move `expiresAt`, or unwatch itself. */
  onExpire(): void;
  /**
   * `onExpire` threw, which is a bug of ours: ends this connection, and must not throw. The other
   * deadlines are looked at all the same.
   */
  onFailure(thrown: unknown): void;
}

/** Milliseconds between ticks. A deadline is up to two of them late, and never early. */
export const TICK_MS: number = 250;

/** The coarse clock. Runs only while something is watched, so that an idle server sleeps. */
export class Deadlines {
  /** Milliseconds, as of the last tick. */
  now = 0;
  readonly #source: TickSource;
  readonly #onTick: () => void;
  readonly #watched = new IndexedList<Deadline>();
  #lastTickMs = 0;
  #stop: (() => void) | undefined;

  /** @param onTick Called at each tick, and before the first one: the date header lives on it. */
  constructor(source: TickSource, onTick: () => void) {
    this.#source = source;
    this.#onTick = onTick;
  }

  /**
   * The `expiresAt` of something that has `ms` from now on. A tick is added, because `now` is as
   * of the last one: a deadline is never early.
   */
  in(ms: number): number {
    return this.now + ms + TICK_MS;
  }

  /** Looks at `deadline` from now on. */
  watch(deadline: Deadline): void {
    this.#watched.add(deadline);
    if (this.#stop !== undefined) return;
    this.#lastTickMs = this.#source.monotonicMs();
    this.#onTick();
    this.#stop = this.#source.every(TICK_MS, () => this.#tick());
  }

  /** Forgets `deadline`. */
  unwatch(deadline: Deadline): void {
    this.#watched.delete(deadline);
    if (this.#watched.size > 0 || this.#stop === undefined) return;
    this.#stop();
    this.#stop = undefined;
  }

  #tick(): void {
    const nowMs = this.#source.monotonicMs();
    // A turn that blocked for seconds must not count against peers whose bytes wait
    // unread in the kernel: a late tick is worth at most two.
    this.now += Math.min(nowMs - this.#lastTickMs, 2 * TICK_MS);
    this.#lastTickMs = nowMs;
    this.#onTick();
    for (const deadline of this.#watched) {
      if (deadline.expiresAt > this.now) continue;
      try {
        deadline.onExpire();
      } catch (thrown) {
        deadline.expiresAt = Infinity; // or it would expire again at each tick
        deadline.onFailure(thrown);
      }
    }
  }
}

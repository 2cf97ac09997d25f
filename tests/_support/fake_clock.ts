/** Time and turns that pass when a test says so. */
import { TurnEnd } from "../../src/runtime/process/turns.ts";
import type { TurnListener } from "../../src/runtime/types.ts";

export class FakeClock {
  /** Milliseconds. */
  nowMs = 0;
  readonly #intervals = new Set<
    { readonly ms: number; nextMs: number; callback: () => void }
  >();
  #endTurn: (() => void) | undefined;
  readonly #turnEnd = new TurnEnd((run) => void (this.#endTurn = run));

  readonly monotonicMs = (): number => this.nowMs;

  readonly every = (ms: number, callback: () => void): () => void => {
    const interval = { ms, nextMs: this.nowMs + ms, callback };
    this.#intervals.add(interval);
    return () => this.#intervals.delete(interval);
  };

  readonly afterTurn: (callback: () => void) => void = this.#turnEnd.call;
  readonly atTurnEnd: (listener: TurnListener) => void = this.#turnEnd.add;

  /** Whether any interval runs. */
  get isTicking(): boolean {
    return this.#intervals.size > 0;
  }

  /** Lets `ms` pass, interval by interval. */
  advance(ms: number): void {
    const end = this.nowMs + ms;
    for (;;) {
      let next:
        | { readonly ms: number; nextMs: number; callback: () => void }
        | undefined;
      for (const interval of this.#intervals) {
        if (
          interval.nextMs <= end &&
          (next === undefined || interval.nextMs < next.nextMs)
        ) {
          next = interval;
        }
      }
      if (next === undefined) break;
      this.nowMs = next.nextMs;
      next.nextMs += next.ms;
      next.callback();
    }
    this.nowMs = end;
  }

  /** Lets time pass in one piece, as when the event loop was blocked: one tick, late. */
  block(ms: number): void {
    this.nowMs += ms;
    for (const interval of [...this.#intervals]) {
      interval.nextMs = this.nowMs + interval.ms;
      interval.callback();
    }
  }

  /** Ends the turn: what was scheduled for its end runs, and what that schedules. */
  endTurn(): void {
    while (this.#endTurn !== undefined) {
      const run = this.#endTurn;
      this.#endTurn = undefined;
      run();
    }
  }
}

/**
 * Lets every promise that can settle by itself do so. One turn of the event loop, and not a row of
 * microtasks: under Node's test runner, which hooks into promises, 64 of those take a millisecond.
 */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Time and turns that pass when a test says so. */

export class FakeClock {
  /** Milliseconds. */
  nowMs = 0;
  readonly #intervals = new Set<
    { readonly ms: number; nextMs: number; callback: () => void }
  >();
  #turns: (() => void)[] = [];

  readonly monotonicMs = (): number => this.nowMs;

  readonly every = (ms: number, callback: () => void): () => void => {
    const interval = { ms, nextMs: this.nowMs + ms, callback };
    this.#intervals.add(interval);
    return () => this.#intervals.delete(interval);
  };

  readonly afterTurn = (callback: () => void): void => {
    this.#turns.push(callback);
  };

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
    while (this.#turns.length > 0) {
      const turns = this.#turns;
      this.#turns = [];
      for (const callback of turns) callback();
    }
  }
}

/** Lets every promise that can settle by itself do so. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 64; i++) await null;
}

/** How late timers come: how long the event loop was blocked of late. */
import type { Runtime } from "../runtime/types.ts";

/** Between two looks at the clock, in milliseconds. */
const SAMPLE_MS = 250;
/** How many of them count: those of the last 5 seconds. */
const SAMPLES = 20;

/** Looks at the clock four times a second while it runs. Does not keep the process alive. */
export class LoopLag {
  readonly #runtime: Pick<Runtime, "every" | "monotonicMs">;
  readonly #onSample: (lagMs: number) => void;
  /** Of the last samples, in milliseconds, the oldest first. */
  readonly #lags: number[] = [];
  #dueMs = Infinity;
  #stop: (() => void) | undefined;

  /** @param onSample Called at each look, with the delay in milliseconds. */
  constructor(
    runtime: Pick<Runtime, "every" | "monotonicMs">,
    onSample: (lagMs: number) => void = () => {},
  ) {
    this.#runtime = runtime;
    this.#onSample = onSample;
  }

  /** Begins to look. Idempotent. */
  start(): void {
    if (this.#stop !== undefined) return;
    this.#dueMs = this.#runtime.monotonicMs() + SAMPLE_MS;
    this.#stop = this.#runtime.every(SAMPLE_MS, () => this.#sample());
  }

  /** Stops looking. Idempotent. */
  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
    this.#dueMs = Infinity;
  }

  /** Longest delay of the last 5 seconds, in milliseconds, that of a timer which is due included. */
  get lagMs(): number {
    const overdueMs = this.#runtime.monotonicMs() - this.#dueMs;
    return Math.max(0, overdueMs, ...this.#lags);
  }

  #sample(): void {
    const nowMs = this.#runtime.monotonicMs();
    const lagMs = Math.max(0, nowMs - this.#dueMs);
    this.#lags.push(lagMs);
    this.#onSample(lagMs);
    if (this.#lags.length > SAMPLES) this.#lags.shift();
    this.#dueMs = nowMs + SAMPLE_MS;
  }
}

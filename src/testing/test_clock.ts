/** A clock that stands still until a test lets time pass. */
import { runtime } from "../runtime/mod.ts";
import { type ServerTime, startTimer } from "../server/timers.ts";

/** How a clock starts. */
export interface TestClockOptions {
  /** Milliseconds since 1970 (UTC), for the `date` header. Default: now. */
  readonly epochMs?: number;
}

interface Alarm {
  atMs: number;
  /** Milliseconds to the next time; `undefined` rings once. */
  readonly everyMs: number | undefined;
  readonly callback: () => void;
}

/** Turns of the event loop for what a timer sets off, and more of them at the end. */
const TURNS = 2;
const LAST_TURNS = 8;
/** How often a clock that goes by itself is looked at, in milliseconds. */
const STEP_MS = 10;

/**
 * The time of a server under test: every timeout, delay and limit of the server goes by it, and
 * passes when the test says so. The timers of the application itself are not touched.
 *
 * @example
 * ```ts
 * import { testClient, TestClock } from "jsr:@tricorn/serve/testing";
 *
 * const clock = new TestClock();
 * await using client = await testClient(app, { clock, timeoutRequest: 30 });
 * const answer = client.fetch("/never");
 * await clock.advance(31_000);
 * console.assert((await answer).status === 503);
 * ```
 */
export class TestClock {
  #nowMs = 0;
  readonly #epochMs: number;
  readonly #alarms = new Set<Alarm>();

  /** Makes a clock that stands still. */
  constructor(options: TestClockOptions = {}) {
    this.#epochMs = options.epochMs ?? Date.now();
  }

  /** Milliseconds that have passed on this clock. */
  get now(): number {
    return this.#nowMs;
  }

  /**
   * Lets `ms` pass, timer by timer, and what they set off happen; resolves when `ms` have passed.
   * Timeouts of connections are checked every 250 ms, and are up to half a second late.
   *
   * @param ms Milliseconds; at least 0.
   */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await turns(LAST_TURNS); // what was sent before arrives before
    for (;;) {
      const atMs = this.#nextBefore(endMs);
      if (atMs === undefined) break;
      this.#nowMs = atMs;
      this.#ring();
      await turns(TURNS);
    }
    this.#nowMs = Math.max(this.#nowMs, endMs);
    await turns(LAST_TURNS);
  }

  /** @internal What a server is made with. */
  get time(): ServerTime {
    return {
      startTimer: (ms, callback) => this.#add(ms, undefined, callback),
      every: (ms, callback) => this.#add(ms, ms, callback),
      monotonicMs: () => this.#nowMs,
      coarseMs: () => this.#nowMs,
      epochMs: () => this.#epochMs + this.#nowMs,
    };
  }

  /** @internal Lets it go by itself, as fast as real time, until the returned function is called. */
  run(): () => void {
    let lastMs = runtime.monotonicMs();
    const step = (): void => {
      stop = startTimer(STEP_MS, step);
      const nowMs = runtime.monotonicMs();
      const endMs = this.#nowMs + nowMs - lastMs;
      lastMs = nowMs;
      for (;;) {
        const atMs = this.#nextBefore(endMs);
        if (atMs === undefined) break;
        this.#nowMs = atMs;
        this.#ring();
      }
      this.#nowMs = endMs;
    };
    let stop = startTimer(STEP_MS, step);
    return () => stop();
  }

  #add(
    ms: number,
    everyMs: number | undefined,
    callback: () => void,
  ): () => void {
    const alarm = { atMs: this.#nowMs + ms, everyMs, callback };
    this.#alarms.add(alarm);
    return () => this.#alarms.delete(alarm);
  }

  /** When the next alarm rings, if that is until `endMs`. */
  #nextBefore(endMs: number): number | undefined {
    let next = Infinity;
    for (const { atMs } of this.#alarms) next = Math.min(next, atMs);
    return next <= endMs ? Math.max(next, this.#nowMs) : undefined;
  }

  #ring(): void {
    for (const alarm of [...this.#alarms]) {
      if (alarm.atMs > this.#nowMs || !this.#alarms.has(alarm)) continue;
      if (alarm.everyMs === undefined) this.#alarms.delete(alarm);
      else alarm.atMs = this.#nowMs + Math.max(alarm.everyMs, 1);
      alarm.callback();
    }
  }
}

/** Lets the event loop turn `count` times. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await new Promise<void>((resolve) => runtime.afterTurn(resolve));
  }
}

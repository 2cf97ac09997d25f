/**
 * What a parent still counts after it has handed over: told to the new parent each second, and for
 * the last time when all workers have told theirs. If this process is killed before, what it counted
 * in its last second is missing there.
 */
import type { ToldMetrics } from "../metrics/totals.ts";
import type { Child } from "../runtime/types.ts";
import type { StartTimer } from "../server/timers.ts";
import { type CountedMessage, isKind } from "./takeover.ts";

/** Between two reports, in milliseconds. */
const REPORT_MS = 1000;
/** For the new parent to say that it has the last one, in milliseconds. */
const LAST_MS = 1000;

/** Clocks of the process. */
export interface LegacyReportsHost {
  /** Calls back about every `ms` until the returned function is called. */
  readonly every: (ms: number, callback: () => void) => () => void;
  readonly startTimer: StartTimer;
}

/** From the hand-over to the end of the old parent. */
export class LegacyReports {
  readonly #child: Pick<Child, "send" | "exited" | "onMessage">;
  readonly #metrics: { readonly legacy: ToldMetrics };
  readonly #startTimer: StartTimer;
  readonly #stop: () => void;
  readonly #hurried = Promise.withResolvers<void>();
  readonly #kept = Promise.withResolvers<void>();

  /** Begins to report. @param child The new parent. */
  constructor(
    child: Pick<Child, "send" | "exited" | "onMessage">,
    metrics: { readonly legacy: ToldMetrics },
    { every, startTimer }: LegacyReportsHost,
  ) {
    this.#child = child;
    this.#metrics = metrics;
    this.#startTimer = startTimer;
    this.#stop = every(REPORT_MS, () => this.#report(false));
    child.onMessage = (data) => {
      if (isKind(data, "countedKept")) this.#kept.resolve();
    };
    void child.exited.then(() => {
      this.hurry();
      this.#kept.resolve();
    });
  }

  /**
   * Reports for the last time, and waits for a second at most until that has arrived. Never rejects.
   *
   * @param drained Is waited for before, unless it is hurried: then all counts are here.
   */
  async end(drained: Promise<void> = Promise.resolve()): Promise<void> {
    await Promise.race([drained, this.#hurried.promise]);
    this.#stop();
    if (!this.#report(true)) return;
    const stopTimer = this.#startTimer(LAST_MS, this.#kept.resolve);
    await this.#kept.promise;
    stopTimer();
  }

  /** Waits for nobody any more. */
  hurry(): void {
    this.#hurried.resolve();
  }

  #report(isLast: boolean): boolean {
    const { snapshot, app } = this.#metrics.legacy;
    return this.#child.send(
      {
        kind: "counted",
        // The application's may be many, and the workers tell them only when they are asked.
        counted: isLast && app !== undefined ? { snapshot, app } : { snapshot },
        isLast,
      } satisfies CountedMessage,
    );
  }
}

/** Asks the application whether it is ready: with a time limit, and not for every probe. */
import type { Logger } from "../../logging/logger.ts";
import { printable } from "../../text/printable.ts";
import type { ServerTime } from "../timers.ts";
import { type Readiness, READY } from "./readiness.ts";

/** For the answer, in milliseconds. */
export const LIMIT_MS = 2000;
/** For which an answer counts, in milliseconds. */
export const CACHE_MS = 5000;
/** Longest reason that is shown, in characters. */
const MAX_REASON = 200;

/** Asks once for all who want to know at the same time, and again when the answer is old. */
export class AppCheck {
  readonly #ask: (signal: AbortSignal) => Promise<unknown>;
  readonly #time: Pick<ServerTime, "startTimer" | "monotonicMs">;
  readonly #logger: Logger;
  #last: Readiness = READY;
  #askedAtMs = -Infinity;
  #asking: Promise<Readiness> | undefined;
  /** Whether a call has not returned, though it may not be waited for any longer. */
  #isRunning = false;

  /** @param ask Rejects, or resolves to `false`, if the application is not ready. */
  constructor(
    ask: (signal: AbortSignal) => Promise<unknown>,
    time: Pick<ServerTime, "startTimer" | "monotonicMs">,
    logger: Logger,
  ) {
    this.#ask = ask;
    this.#time = time;
    this.#logger = logger;
  }

  /** What the application says, or has said within the last 5 seconds. Never rejects. */
  verdict(): Promise<Readiness> {
    const ageMs = this.#time.monotonicMs() - this.#askedAtMs;
    // A call that hangs is not joined by more of its kind.
    if (ageMs < CACHE_MS || (this.#isRunning && this.#asking === undefined)) {
      return Promise.resolve(this.#last);
    }
    return this.#asking ??= this.#askAnew();
  }

  /** What was said before counts no longer. */
  forget(): void {
    this.#askedAtMs = -Infinity;
  }

  async #askAnew(): Promise<Readiness> {
    const limit = new AbortController();
    const late = Promise.withResolvers<Readiness>();
    const stopTimer = this.#time.startTimer(LIMIT_MS, () => {
      late.resolve(
        failure(`its check has not answered within ${LIMIT_MS / 1000} seconds`),
      );
      limit.abort(
        new DOMException("The check was not answered in time", "TimeoutError"),
      );
    });
    this.#isRunning = true;
    const answer = this.#call(limit.signal);
    const verdict = await Promise.race([answer, late.promise]);
    stopTimer();
    this.#asking = undefined;
    this.#conclude(verdict);
    return verdict;
  }

  async #call(signal: AbortSignal): Promise<Readiness> {
    try {
      return await this.#ask(signal) === false
        ? failure("its check has said no")
        : READY;
    } catch (error) {
      return failure(reasonOf(error));
    } finally {
      this.#isRunning = false;
      // An answer that came too late is asked for again.
      if (signal.aborted) this.forget();
    }
  }

  #conclude(verdict: Readiness): void {
    const before = this.#last;
    this.#last = verdict;
    this.#askedAtMs = this.#time.monotonicMs();
    if (before.isReady === verdict.isReady) return;
    if (verdict.isReady) {
      this.#logger.info("Readiness: the application is ready again");
    } else this.#logger.warning(`Readiness: ${verdict.reason}`);
  }
}

function failure(why: string): Readiness {
  return { isReady: false, reason: `the application is not ready: ${why}` };
}

function reasonOf(error: unknown): string {
  let text: string;
  try {
    text = error instanceof Error ? error.message || error.name : String(error);
  } catch {
    text = "it threw what is no text";
  }
  return printable(
    text.length > MAX_REASON ? `${text.slice(0, MAX_REASON)}…` : text,
  );
}

/** A question to a worker over the channel to its parent. */
import type { StartTimer } from "../server/timers.ts";

/** All who ask while it is open get the same answer. */
export class Question<T> {
  readonly #send: (id: number) => boolean;
  #id = 0;
  #open: PromiseWithResolvers<T | undefined> | undefined;

  /** @param send Sends it; false if it cannot get there. */
  constructor(send: (id: number) => boolean) {
    this.#send = send;
  }

  /**
   * Asks.
   *
   * @param late Resolves when the answer is not waited for any longer.
   * @returns `undefined` if there is none.
   */
  ask(late: Promise<void>): Promise<T | undefined> {
    if (this.#open !== undefined) return this.#open.promise;
    const asked = this.#open = Promise.withResolvers<T | undefined>();
    const giveUp = () => this.#close(asked, undefined);
    if (this.#send(++this.#id)) void late.then(giveUp);
    else giveUp();
    return asked.promise;
  }

  /** It was answered. Answers to earlier questions count for nothing. */
  answer(id: number, value: T): void {
    if (id === this.#id && this.#open !== undefined) {
      this.#close(this.#open, value);
    }
  }

  /** There will be no answer: who is asked is gone. */
  giveUp(): void {
    if (this.#open !== undefined) this.#close(this.#open, undefined);
  }

  #close(
    asked: PromiseWithResolvers<T | undefined>,
    value: T | undefined,
  ): void {
    if (this.#open === asked) this.#open = undefined;
    asked.resolve(value);
  }
}

/**
 * What `ask` resolves to. It is given a promise that resolves after `ms`, and once `ask` has its
 * answer: questions that are still open then are given up.
 */
export async function askWithin<T>(
  ms: number,
  startTimer: StartTimer,
  ask: (late: Promise<void>) => Promise<T>,
): Promise<T> {
  const late = Promise.withResolvers<void>();
  const stopTimer = startTimer(ms, late.resolve);
  try {
    return await ask(late.promise);
  } finally {
    stopTimer();
    late.resolve();
  }
}

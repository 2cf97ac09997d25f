/** What is due at the end of the current turn of the event loop. */
import { setImmediate } from "node:timers";
import type { TurnListener } from "../types.ts";

/** Calls back once; what it throws is thrown on. */
class TurnCallback implements TurnListener {
  readonly #callback: () => void;

  constructor(callback: () => void) {
    this.#callback = callback;
  }

  onTurnEnd(): void {
    const callback = this.#callback;
    callback();
  }

  onFailure(thrown: unknown): void {
    throw thrown;
  }
}

/**
 * What is due when this turn is over, in the order in which it was asked for. One callback of the
 * event loop for all of it: on its own each costs about a microsecond, and under load many
 * connections ask for it in the same turn.
 */
export class TurnEnd {
  readonly #schedule: (run: () => void) => void;
  #due: TurnListener[] = [];
  /** The list that `#due` was before, emptied: two lists take turns. */
  #spare: TurnListener[] = [];

  /** @param schedule Calls `run` once the current turn is over. */
  constructor(schedule: (run: () => void) => void) {
    this.#schedule = schedule;
  }

  /** See `Runtime.atTurnEnd`. */
  readonly add = (listener: TurnListener): void => {
    if (this.#due.push(listener) === 1) this.#schedule(this.#run);
  };

  /** See `Runtime.afterTurn`. */
  readonly call = (callback: () => void): void => {
    this.add(new TurnCallback(callback));
  };

  readonly #run = (): void => {
    const listeners = this.#due;
    this.#due = this.#spare;
    let done = 0;
    try {
      while (done < listeners.length) {
        const listener = listeners[done++];
        try {
          listener.onTurnEnd();
        } catch (thrown) {
          listener.onFailure(thrown);
        }
      }
    } finally {
      // After an onFailure that threw, the rest must not be lost with it.
      while (done < listeners.length) this.add(listeners[done++]);
      listeners.length = 0;
      this.#spare = listeners;
    }
  };
}

const turnEnd = new TurnEnd(setImmediate);

/** See `Runtime.atTurnEnd`. */
export const atTurnEnd: (listener: TurnListener) => void = turnEnd.add;

/** See `Runtime.afterTurn`. */
export const afterTurn: (callback: () => void) => void = turnEnd.call;

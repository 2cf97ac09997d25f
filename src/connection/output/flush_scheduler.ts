/** What must happen before the event loop goes on to the next thing, done once for everybody. */

/** Something that has bytes to let go of. */
export interface FlushListener {
  /** Called once for each {@linkcode FlushScheduler.add}. */
  onTurnEnd(): void;
  /**
   * `onTurnEnd` threw, which is a bug of ours: ends this connection, and must not throw. The
   * listeners behind it are called all the same.
   */
  onFailure(thrown: unknown): void;
}

/**
 * Collects connections whose output may still grow in this turn: a head whose body follows, pieces
 * of a stream, pipelined answers. One callback at the end of the turn flushes them all.
 */
export class FlushScheduler {
  readonly #afterTurn: (callback: () => void) => void;
  #listeners: FlushListener[] = [];
  #isScheduled = false;

  /** @param afterTurn Calls back once the current turn is over. */
  constructor(afterTurn: (callback: () => void) => void) {
    this.#afterTurn = afterTurn;
  }

  /** Calls `listener` when this turn is over. The caller does not add it twice. */
  add(listener: FlushListener): void {
    this.#listeners.push(listener);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#afterTurn(this.#run);
  }

  readonly #run = (): void => {
    this.#isScheduled = false;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) {
      try {
        listener.onTurnEnd();
      } catch (thrown) {
        listener.onFailure(thrown);
      }
    }
  };
}

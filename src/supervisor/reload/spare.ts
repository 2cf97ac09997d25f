/**
 * A server process that is started ahead: it has loaded the server, and waits to be told what to
 * serve. To start the runtime and load the server is most of a restart, and the same each time.
 *
 * It is used only where a process that is started now would be the same: the arguments and variables
 * are, and so is every file that the runtime or the server reads before the application is named.
 */
import type { Child } from "../../runtime/types.ts";
import type { StartTimer } from "../../server/timers.ts";

/**
 * From when the last process serves, or has failed, to the start of the next spare one, in
 * milliseconds: the first requests, and a save right after the last, have the processors before it.
 */
const PREPARE_AFTER_MS = 500;

/** What a process is started with. */
export interface SpareOrder {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** What a spare process is made with. */
export interface SpareParts {
  /** Starts a process. */
  readonly spawn: (order: SpareOrder) => Promise<Child>;
  /**
   * Looks at the files that are read before the application is named; differs when one of them does.
   * `undefined` if they cannot be known.
   */
  readonly look: () => Promise<string | undefined>;
  readonly startTimer: StartTimer;
}

/** A process, and what it was made from. */
interface Made {
  readonly child: Child;
  readonly order: string;
  readonly files: string;
  /** Whether it has ended by itself: then it takes no message, and is not missed. */
  hasEnded: boolean;
}

/** Has at most one process ready. */
export class Spare {
  readonly #parts: SpareParts;
  #stopTimer: () => void = () => {};
  /** While one is made, and until it is taken. */
  #made: Promise<Made | undefined> | undefined;
  #isClosed = false;

  constructor(parts: SpareParts) {
    this.#parts = parts;
  }

  /** Has one ready soon, if there is none. */
  prepare(order: SpareOrder): void {
    this.#stopTimer();
    if (this.#isClosed || this.#made !== undefined) return;
    this.#stopTimer = this.#parts.startTimer(PREPARE_AFTER_MS, () => {
      this.#made = this.#make(order);
    });
  }

  /**
   * Takes the process for `order`, if there is one that is as a new one would be. Otherwise there is
   * none any more.
   */
  async take(order: SpareOrder): Promise<Child | undefined> {
    const made = await this.#remove();
    if (made === undefined) return undefined;
    const isSame = made.order === textOf(order) &&
      made.files === await this.#parts.look();
    if (isSame && !this.#isClosed && !made.hasEnded) return made.child;
    made.child.kill("SIGKILL");
    return undefined;
  }

  /** Ends it: it is not to be used, whatever it is like. */
  async discard(): Promise<void> {
    const made = await this.#remove();
    made?.child.kill("SIGKILL");
    await made?.child.exited;
  }

  /** Ends it, and makes no other. Idempotent. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.discard();
  }

  async #remove(): Promise<Made | undefined> {
    this.#stopTimer();
    const made = this.#made;
    this.#made = undefined;
    return await made;
  }

  async #make(order: SpareOrder): Promise<Made | undefined> {
    try {
      // Before the start: what changes meanwhile is seen as changed.
      const files = await this.#parts.look();
      if (files === undefined) return undefined;
      const child = await this.#parts.spawn(order);
      const made = { child, order: textOf(order), files, hasEnded: false };
      void child.exited.then(() => made.hasEnded = true);
      return made;
    } catch {
      return undefined; // nobody waits for it; the next restart says what is wrong
    }
  }
}

function textOf({ args, env }: SpareOrder): string {
  return JSON.stringify([args, Object.entries(env).sort()]);
}

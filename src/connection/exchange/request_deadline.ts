/** The time limit of a whole request, which its application may change. */
import type { Deadline, Deadlines } from "../tracking/deadlines.ts";

/** Whose request it is. */
export interface RequestDeadlineOwner {
  /** The response is not complete in time. */
  onRequestTimeout(): void;
  /** Something of ours threw: the connection ends. */
  onFailure(thrown: unknown): void;
}

/** One request's. Watched by the clock until {@linkcode end}. */
export class RequestDeadline implements Deadline {
  /** See {@linkcode Deadline}. */
  expiresAt: number;
  /** See {@linkcode Deadline}. */
  listIndex = -1;
  readonly #deadlines: Deadlines;
  readonly #owner: RequestDeadlineOwner;

  constructor(
    limitMs: number,
    deadlines: Deadlines,
    owner: RequestDeadlineOwner,
  ) {
    this.#deadlines = deadlines;
    this.#owner = owner;
    this.expiresAt = deadlines.in(limitMs);
    deadlines.watch(this);
  }

  /**
   * Gives the request `seconds` from now on; 0 takes the limit away.
   *
   * @throws RangeError if that is no time.
   */
  set(seconds: number): void {
    if (typeof seconds !== "number" || !(seconds >= 0)) {
      throw new RangeError(
        `Cannot set request timeout: expected seconds of at least 0, got ${seconds}`,
      );
    }
    this.expiresAt = seconds === 0
      ? Infinity
      : this.#deadlines.in(seconds * 1000);
  }

  /** See {@linkcode Deadline}. */
  onExpire(): void {
    this.end();
    this.#owner.onRequestTimeout();
  }

  /** See {@linkcode Deadline}. */
  onFailure(thrown: unknown): void {
    this.#owner.onFailure(thrown);
  }

  /** The response is over. Idempotent. */
  end(): void {
    this.#deadlines.unwatch(this);
  }
}

/**
 * A request that waits for one of the calls of the application that `limitConcurrency` allows, with
 * a time limit.
 */
import type { Deadline, Deadlines } from "../tracking/deadlines.ts";
import type { Tracker, WaitingRequest } from "../tracking/tracker.ts";

/** Who waits. */
export interface SlotWaitOwner {
  /** There is room, for as long as nothing else is started. */
  onSlot(): void;
  /** The time is over. */
  onSlotTimeout(): void;
  /** Something of ours threw: the connection ends. */
  onFailure(thrown: unknown): void;
}

/** One wait. Ends by one of the calls to its owner, or by {@linkcode end}. */
export class SlotWait implements Deadline, WaitingRequest {
  /** See {@linkcode Deadline}. */
  expiresAt: number;
  /** See {@linkcode Deadline}. */
  listIndex = -1;
  readonly #deadlines: Deadlines;
  readonly #tracker: Tracker;
  readonly #owner: SlotWaitOwner;
  /** Whether a slot has been handed to it, which it must use or return. */
  #hasSlot = false;
  #isOver = false;

  constructor(
    limitMs: number,
    deadlines: Deadlines,
    tracker: Tracker,
    owner: SlotWaitOwner,
  ) {
    this.#deadlines = deadlines;
    this.#tracker = tracker;
    this.#owner = owner;
    this.expiresAt = deadlines.in(limitMs);
    deadlines.watch(this);
    tracker.waitForSlot(this);
  }

  /** Called by the tracker, from inside another request's end: what follows has a turn of its own. */
  onSlot(): void {
    this.#hasSlot = true;
    this.expiresAt = Infinity;
    void Promise.resolve().then(() => this.#useSlot());
  }

  #useSlot(): void {
    if (this.#isOver) return;
    this.#leave();
    this.#tracker.returnSlot();
    try {
      this.#owner.onSlot();
    } catch (thrown) {
      this.#owner.onFailure(thrown);
    }
  }

  /** See {@linkcode Deadline}. */
  onExpire(): void {
    this.end();
    this.#owner.onSlotTimeout();
  }

  /** See {@linkcode Deadline}. */
  onFailure(thrown: unknown): void {
    this.#owner.onFailure(thrown);
  }

  /** Stops waiting; a slot that has come is the next one's. Idempotent. */
  end(): void {
    if (this.#isOver) return;
    this.#leave();
    if (this.#hasSlot) this.#tracker.releaseConcurrency();
  }

  #leave(): void {
    this.#isOver = true;
    this.#deadlines.unwatch(this);
    this.#tracker.stopWaiting(this);
  }
}

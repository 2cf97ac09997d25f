/**
 * How long an upgrade request waits: for its application to answer, and for its peer to close behind
 * a refusal.
 */
import type { Socket } from "../../runtime/types.ts";
import { LINGER_MS, SendProgress } from "../output/send_progress.ts";
import type { Deadline, Deadlines } from "../tracking/deadlines.ts";

/** What is waited for. */
type TimeoutKind = "nothing" | "answer" | "close";

/** The upgrade that acts on what is late. */
export interface UpgradeTimeoutsOwner {
  /** The application has not answered. */
  onAnswerLate(): void;
  /** The peer does not close what we have closed. */
  onCloseLate(): void;
  /** See {@linkcode Deadline.onFailure}. */
  onFailure(thrown: unknown): void;
}

/** One upgrade's. Watched by the clock from the beginning until {@linkcode end}. */
export class UpgradeTimeouts implements Deadline {
  /** See {@linkcode Deadline}. */
  expiresAt: number;
  /** See {@linkcode Deadline}. */
  listIndex = -1;
  readonly #deadlines: Deadlines;
  readonly #owner: UpgradeTimeoutsOwner;
  #awaited: TimeoutKind = "answer";
  #progress: SendProgress | undefined;

  /** Waits for the application to answer. @param answerMs Its time, in milliseconds. */
  constructor(
    deadlines: Deadlines,
    answerMs: number,
    owner: UpgradeTimeoutsOwner,
  ) {
    this.#deadlines = deadlines;
    this.#owner = owner;
    this.expiresAt = deadlines.in(answerMs);
    deadlines.watch(this);
  }

  /** See {@linkcode Deadline}. */
  onExpire(): void {
    const awaited = this.#awaited;
    this.expiresAt = Infinity;
    if (awaited === "answer") {
      this.#awaited = "nothing";
      this.#owner.onAnswerLate();
    } else if (awaited === "close") {
      // A peer that still takes our last bytes gets more time.
      const ms = this.#progress!.grant();
      if (ms === 0) this.#owner.onCloseLate();
      else this.expiresAt = this.#deadlines.in(ms);
    }
  }

  /** See {@linkcode Deadline}. */
  onFailure(thrown: unknown): void {
    this.#owner.onFailure(thrown);
  }

  /** We have sent FIN: waits a moment for the peer's. */
  awaitClose(socket: Socket): void {
    this.#awaited = "close";
    this.#progress = new SendProgress(socket);
    this.expiresAt = this.#deadlines.in(LINGER_MS);
  }

  /** Nothing is late any more. */
  awaitNothing(): void {
    this.#awaited = "nothing";
    this.expiresAt = Infinity;
  }

  /** The clock forgets it. */
  end(): void {
    this.#deadlines.unwatch(this);
  }
}

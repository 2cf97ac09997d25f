/**
 * Workers that are replaced while they serve: one at a time, the new one ready before the old one is
 * told to end.
 */
import { ConfigError } from "../errors.ts";
import type { Logger } from "../logging/logger.ts";
import {
  endText,
  nameOf,
  type Pool,
  type RestartReason,
  type Seat,
  type WorkerPlan,
} from "./pool.ts";
import type { WorkerHandle } from "./worker_handle.ts";

/** A rolling restart that has not begun. */
interface Round {
  readonly readPlan: () => Promise<WorkerPlan>;
  readonly done: PromiseWithResolvers<boolean>;
}

/** The queue of those that are to be replaced. */
export class Replacements {
  readonly #pool: Pool;
  readonly #logger: Logger;
  #round: Round | undefined;
  /** Single workers, and why. */
  readonly #single = new Map<
    WorkerHandle,
    { readonly reason: RestartReason; readonly why: string }
  >();
  /** Those whose replacement failed: they stay, until a round replaces them. */
  readonly #kept = new WeakSet<WorkerHandle>();
  #isWorking = false;
  #isClosed = false;

  constructor(pool: Pool, logger: Logger) {
    this.#pool = pool;
    this.#logger = logger;
  }

  /** Replaces one worker, in its turn. @param why Continues a sentence that begins with its name. */
  replace(worker: WorkerHandle, reason: RestartReason, why: string): void {
    if (this.#isClosed || this.#kept.has(worker) || this.#single.has(worker)) {
      return;
    }
    this.#single.set(worker, { reason, why });
    void this.#work();
  }

  /**
   * Replaces all. What is asked for while a round is under way becomes one more round after it.
   *
   * @returns Whether all were replaced.
   */
  round(readPlan: () => Promise<WorkerPlan>): Promise<boolean> {
    if (this.#isClosed) return Promise.resolve(false);
    if (this.#round === undefined) {
      this.#round = { readPlan, done: Promise.withResolvers() };
      void this.#work();
    }
    return this.#round.done.promise;
  }

  /** Nothing is replaced any more. */
  close(): void {
    this.#isClosed = true;
    this.#single.clear();
    this.#round?.done.resolve(false);
    this.#round = undefined;
  }

  async #work(): Promise<void> {
    if (this.#isWorking) return;
    this.#isWorking = true;
    // A round that is asked for in the same turn goes first.
    await Promise.resolve();
    while (!this.#isClosed) {
      const round = this.#round;
      if (round !== undefined) {
        this.#round = undefined;
        round.done.resolve(await this.#replaceAll(round.readPlan));
        continue;
      }
      const [first] = this.#single;
      if (first === undefined) break;
      await this.#replaceOne(...first);
      this.#single.delete(first[0]);
    }
    this.#isWorking = false;
  }

  async #replaceOne(
    worker: WorkerHandle,
    { reason, why }: { readonly reason: RestartReason; readonly why: string },
  ): Promise<void> {
    const seat = this.#pool.seatOf(worker);
    if (seat?.current !== worker) return; // died, or replaced since
    this.#logger.info(`${nameOf(worker)} ${why}: replacing it`);
    const failed = await this.#take(seat, reason);
    if (failed === undefined) return;
    this.#kept.add(worker);
    this.#pool.refill(seat, failed);
  }

  async #replaceAll(readPlan: () => Promise<WorkerPlan>): Promise<boolean> {
    const pool = this.#pool;
    const before = pool.plan;
    let plan: WorkerPlan;
    try {
      plan = await readPlan();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.#logger.error(
        `Cannot restart: ${error.message}. Keeping the workers as they are.`,
      );
      return false;
    }
    if (this.#isClosed) return false;
    pool.plan = plan;
    for (const seat of pool.seats) {
      const failed = await this.#take(seat, "restart");
      if (this.#isClosed) return false;
      if (failed === undefined) continue;
      pool.plan = before;
      pool.refill(seat, failed);
      return false;
    }
    this.#resize(before.count, plan.count);
    return true;
  }

  /** Follows a change of the number of workers; what signals had added stays. */
  #resize(before: number, after: number): void {
    if (this.#isClosed) return;
    const pool = this.#pool;
    for (let count = before; count < after; count++) pool.add();
    for (let count = before; count > after; count--) {
      if (pool.seats.length > 1) pool.removeLast();
    }
  }

  /**
   * Replaces who has the seat, and waits until the old one is gone.
   *
   * @returns The new worker if it has failed; `undefined` if not, or if there is no such seat.
   */
  async #take(
    seat: Seat,
    reason: RestartReason,
  ): Promise<WorkerHandle | undefined> {
    const pool = this.#pool;
    if (!pool.seats.includes(seat)) return undefined;
    const old = seat.current;
    if (old !== undefined) pool.observer?.onReason(old, reason);
    const next = pool.startNext(seat);
    await next.settled;
    if (old !== undefined && !next.hasBeenReady) {
      pool.observer?.onReason(old, undefined);
    }
    if (next.hasBeenReady) await old?.ended;
    else if (!this.#isClosed) {
      this.#reportFailure(next, old);
      return next;
    }
    return undefined;
  }

  #reportFailure(next: WorkerHandle, old: WorkerHandle | undefined): void {
    const name = next.pid === undefined ? "" : ` [${next.pid}]`;
    const kept = old?.pid === undefined || old.state === "ended"
      ? ""
      : `keeping worker [${old.pid}] and `;
    this.#logger.error(
      `New child process${name} was not ready in time; ${kept}aborting the restart. ` +
        `It ended with ${endText(next)}.`,
    );
  }
}

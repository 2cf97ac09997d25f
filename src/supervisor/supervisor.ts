/** The life of a parent: starts its workers, replaces them in order, and ends with them. */
import type { Logger } from "../logging/logger.ts";
import { nameOf, Pool, type PoolHost, type WorkerPlan } from "./pool.ts";
import { Replacements } from "./replacements.ts";
import { LOOK_MS, type WorkerHandle } from "./worker_handle.ts";

/** What a supervisor needs of the place it runs in. */
export interface SupervisorHost extends PoolHost {
  /** Calls back about every `ms` until the returned function is called. */
  every(ms: number, callback: () => void): () => void;
}

/** How far a supervisor has come. It only moves forward. */
export type SupervisorPhase =
  /** Not all workers have been ready yet: a death ends everything. */
  | "starting"
  /** All have been ready: whoever dies is started again. */
  | "running"
  /** All were told to end. */
  | "stopping"
  /** All have ended. */
  | "finished";

/** Watches over the workers of one server. */
export class Supervisor {
  /** Resolves when all workers have been ready; never if the start fails. */
  readonly running: Promise<void>;
  /** Resolves with the exit code when all workers have ended. */
  readonly finished: Promise<number>;
  readonly #running = Promise.withResolvers<void>();
  readonly #finished = Promise.withResolvers<number>();
  readonly #host: SupervisorHost;
  readonly #logger: Logger;
  readonly #pool: Pool;
  readonly #replacements: Replacements;
  readonly #startedMs: number;
  #phase: SupervisorPhase = "starting";
  #lookedMs: number;
  #stopLooking: () => void = () => {};
  #exitCode = 0;
  #isForced = false;

  constructor(plan: WorkerPlan, host: SupervisorHost, logger: Logger) {
    this.#host = host;
    this.#logger = logger;
    this.#startedMs = this.#lookedMs = host.monotonicMs();
    this.#pool = new Pool(plan, host, {
      onReady: () => this.#onReady(),
      onDeath: (worker) => this.#onDeath(worker),
      onSpent: (worker, requests) =>
        this.#replacements.replace(
          worker,
          "requests",
          `has served ${requests} requests`,
        ),
      onLeft: (worker) => this.#onLeft(worker),
    }, logger);
    this.#replacements = new Replacements(this.#pool, logger);
    this.running = this.#running.promise;
    this.finished = this.#finished.promise;
  }

  /** See {@linkcode SupervisorPhase}. */
  get phase(): SupervisorPhase {
    return this.#phase;
  }

  /** The workers and where they sit, for whoever shows them. */
  get pool(): Pool {
    return this.#pool;
  }

  /** Since it was made, in milliseconds. */
  get uptimeMs(): number {
    return this.#host.monotonicMs() - this.#startedMs;
  }

  /** Starts all workers. Once. */
  start(): void {
    for (let at = 0; at < this.#pool.plan.count; at++) this.#pool.add();
    this.#stopLooking = this.#host.every(LOOK_MS, () => this.#look());
  }

  /**
   * Replaces all workers one by one, each when the new one is ready. If one does not become ready,
   * the others stay, and the next ones are started as before.
   *
   * @param readPlan Reads what to start from now on; an error keeps everything, and is logged.
   * @returns Whether all were replaced.
   */
  restart(readPlan: () => Promise<WorkerPlan>): Promise<boolean> {
    return this.#replacements.round(readPlan);
  }

  /** Starts one more worker. */
  grow(): void {
    if (this.#isEnding) return;
    this.#pool.add();
  }

  /** Ends the newest worker; false if it is the only one. */
  shrink(): boolean {
    if (this.#isEnding) return true;
    if (this.#pool.seats.length <= 1) return false;
    this.#pool.removeLast();
    this.#onReady(); // it may have been the only one that was not ready
    return true;
  }

  /**
   * Tells all workers to finish what is in progress and to end.
   *
   * @param isReplaced Whether others serve in their place, of a new parent.
   */
  drain(isReplaced: boolean = false): void {
    if (this.#isEnding) return;
    this.#beginEnd();
    this.#pool.drain(isReplaced);
    this.#finishIfEmpty();
  }

  /** Tells all workers to end now. Called again, it kills them. */
  stop(): void {
    if (this.#phase === "finished") return;
    const isAgain = this.#isForced;
    this.#isForced = true;
    this.#beginEnd();
    if (isAgain) this.#pool.kill();
    else this.#pool.stop();
    this.#finishIfEmpty();
  }

  /** Sends a message to all workers. */
  broadcast(message: object): void {
    this.#pool.broadcast(message);
  }

  get #isEnding(): boolean {
    return this.#phase === "stopping" || this.#phase === "finished";
  }

  #beginEnd(): void {
    this.#phase = "stopping";
    this.#replacements.close();
  }

  #onReady(): void {
    if (this.#phase !== "starting") return;
    const isComplete = this.#pool.seats.every(({ current }) =>
      current?.hasBeenReady
    );
    if (!isComplete) return;
    this.#phase = "running";
    this.#running.resolve();
  }

  #onDeath(worker: WorkerHandle): boolean {
    if (this.#phase !== "starting" || worker.hasBeenReady) return true;
    this.#logger.error(
      `${nameOf(worker)} failed to start, stopping the parent process.`,
    );
    this.#exitCode = 3;
    this.drain();
    return false;
  }

  #onLeft(worker: WorkerHandle): void {
    if (!this.#isEnding) return;
    // Its application could not be ended in order, and nobody asked for that.
    const hasFailed = worker.hasFailedToEnd && !this.#isForced;
    if (hasFailed && this.#exitCode === 0) this.#exitCode = 1;
    this.#finishIfEmpty();
  }

  #finishIfEmpty(): void {
    if (this.#phase !== "stopping" || this.#pool.workers.length > 0) return;
    this.#phase = "finished";
    this.#stopLooking();
    this.#finished.resolve(this.#exitCode);
  }

  #look(): void {
    const now = this.#host.monotonicMs();
    const elapsedMs = now - this.#lookedMs;
    this.#lookedMs = now;
    for (const worker of this.#pool.workers) {
      worker.look(elapsedMs);
      const { wornOut } = worker;
      if (wornOut === undefined || this.#phase !== "running") continue;
      const megabytes = Math.round((worker.vitals?.memoryBytes ?? 0) / 2 ** 20);
      this.#replacements.replace(
        worker,
        wornOut,
        wornOut === "age"
          ? `is ${Math.round(worker.readyMs / 1000)} seconds old`
          : `holds ${megabytes} MiB of memory`,
      );
    }
  }
}

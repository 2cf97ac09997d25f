/**
 * The workers there are: one seat for each index, with the worker that serves there and, while it is
 * being replaced, the one that will. A worker that dies is started again, unless it is to end.
 */
import type { Logger } from "../logging/logger.ts";
import type { Child } from "../runtime/types.ts";
import type { MetricsMessage, StartMessage } from "./messages.ts";
import type { TopicLinkMessage } from "../topics/link.ts";
import { RestartPolicy } from "./restart_policy.ts";
import {
  type KillReason,
  type WorkerEvents,
  WorkerHandle,
  type WorkerRules,
} from "./worker_handle.ts";

/** What workers are started with; another one after a change of the configuration. */
export interface WorkerPlan {
  /** How many workers there are at the start. */
  readonly count: number;
  readonly message: StartMessage;
  readonly rules: WorkerRules;
  /** The environment variables that differ from those of the parent. */
  readonly env: Readonly<Record<string, string>>;
}

/** What a pool needs of the place it runs in. */
export interface PoolHost {
  /** Starts the process of the worker `index`. */
  spawn(index: number, plan: WorkerPlan): Promise<Child>;
  /** Milliseconds on a clock that never goes back. */
  monotonicMs(): number;
  /** Calls back once after `ms`; the function returned prevents it. */
  startTimer(ms: number, callback: () => void): () => void;
  /** A number from 0 up to 1. */
  random(): number;
}

/** Who is told about the pool. */
export interface PoolEvents {
  /** A worker is ready, and has its seat. */
  onReady(worker: WorkerHandle): void;
  /** A worker has died that had not been told to end. Returns whether it is to be started again. */
  onDeath(worker: WorkerHandle): boolean;
  /** See `WorkerEvents.onSpent`. */
  onSpent(worker: WorkerHandle, requests: number): void;
  /** A worker that was told to end has ended. */
  onLeft(worker: WorkerHandle): void;
}

/** Why a worker was replaced, or started again. */
export type RestartReason =
  /** Its process ended, and nobody had told it to. */
  | "died"
  /** Its event loop did not answer. */
  | "blocked"
  /** It did not become ready in time. */
  | "not_ready"
  /** `limitMaxRequests` */
  | "requests"
  /** `workerMaxAge` */
  | "age"
  /** `workerMaxMemory` */
  | "memory"
  /** A rolling restart. */
  | "restart";

/** Who counts what becomes of workers. */
export interface PoolObserver {
  /** A worker tells what it has counted. */
  onMetrics(worker: WorkerHandle, message: MetricsMessage): void;
  /** Why a worker is going to end; `undefined`: it stays after all. */
  onReason(worker: WorkerHandle, reason: RestartReason | undefined): void;
  /** A worker was told to end. */
  onDismissed(worker: WorkerHandle): void;
  /** Its process is gone. */
  onEnded(worker: WorkerHandle): void;
}

/** The place of one worker. */
export interface Seat {
  readonly index: number;
  /** Who serves; `undefined` while it has died and is not started again yet. */
  current: WorkerHandle | undefined;
  /** Who starts, to take its place. */
  next: WorkerHandle | undefined;
  /** How often a worker of this seat was started again after a death. */
  restarts: number;
  /** Prevents the start that waits for its time. */
  cancelStart: (() => void) | undefined;
}

/** The text `exit code 1` or `signal SIGKILL`, for log lines. */
export function endText({ exit, startError }: WorkerHandle): string {
  if (startError !== undefined) {
    return startError instanceof Error
      ? startError.message
      : String(startError);
  }
  return exit?.signal == null
    ? `exit code ${exit?.code ?? "unknown"}`
    : `signal ${exit.signal}`;
}

/** Names a worker in log lines: by its process, if there was one. */
export function nameOf(worker: WorkerHandle): string {
  return worker.pid === undefined
    ? `Child process of worker ${worker.index}`
    : `Child process [${worker.pid}]`;
}

/** All workers of one parent. */
export class Pool implements WorkerEvents {
  /** What the next worker is started with. */
  plan: WorkerPlan;
  /** `undefined`: nobody counts. */
  observer: PoolObserver | undefined;
  /** Requests that workers of the past have served. */
  pastRequests = 0;
  readonly #host: PoolHost;
  readonly #events: PoolEvents;
  readonly #logger: Logger;
  readonly #policy = new RestartPolicy();
  readonly #seats = new Map<number, Seat>();
  /** Those that were told to end and have no seat any more. */
  readonly #leaving = new Set<WorkerHandle>();
  #isClosing = false;

  constructor(
    plan: WorkerPlan,
    host: PoolHost,
    events: PoolEvents,
    logger: Logger,
  ) {
    this.plan = plan;
    this.#host = host;
    this.#events = events;
    this.#logger = logger;
  }

  /** In the order of their indices. */
  get seats(): readonly Seat[] {
    return [...this.#seats.values()].sort((a, b) => a.index - b.index);
  }

  /** Every worker with a process, or that is about to have one. */
  get workers(): readonly WorkerHandle[] {
    const seated = this.seats.flatMap(({ current, next }) => [current, next]);
    return [
      ...seated.filter((worker) => worker !== undefined),
      ...this.#leaving,
    ];
  }

  /** The seat that the worker has, or is to have; `undefined` if it is leaving. */
  seatOf(worker: WorkerHandle): Seat | undefined {
    const seat = this.#seats.get(worker.index);
    return seat?.current === worker || seat?.next === worker ? seat : undefined;
  }

  /** Starts one more worker, with the lowest index that is free. */
  add(): void {
    let index = 0;
    while (this.#seats.has(index)) index++;
    const seat: Seat = {
      index,
      current: undefined,
      next: undefined,
      restarts: 0,
      cancelStart: undefined,
    };
    this.#seats.set(index, seat);
    seat.current = this.#start(index);
  }

  /** Tells the worker with the highest index to end. */
  removeLast(): void {
    const seat = this.seats.at(-1);
    if (seat === undefined) return;
    this.#seats.delete(seat.index);
    seat.cancelStart?.();
    const { current, next } = seat;
    const leaving = [current, next].filter((worker) => worker !== undefined);
    for (const worker of leaving) this.#dismiss(worker, true);
    for (const worker of leaving) this.#logWait(worker);
  }

  /** Starts a worker that takes the seat when it is ready; the one before is told to end then. */
  startNext(seat: Seat): WorkerHandle {
    seat.cancelStart?.();
    seat.cancelStart = undefined;
    return seat.next = this.#start(seat.index);
  }

  /** Starts a worker again, in its time, if nobody has the seat. @param dead Who had it last. */
  refill(seat: Seat, dead: WorkerHandle): void {
    const isTaken = seat.current !== undefined || seat.next !== undefined;
    const isGone = this.#seats.get(seat.index) !== seat;
    if (isTaken || isGone || this.#isClosing) return;
    this.#startLater(seat, dead);
  }

  /**
   * From now on nobody is started again; tells everybody to end.
   *
   * @param isReplaced Whether others serve in their place.
   */
  drain(isReplaced: boolean): void {
    this.#close();
    const { workers } = this;
    for (const worker of workers) this.#dismiss(worker, isReplaced);
    for (const worker of workers) this.#logWait(worker);
  }

  /** As {@linkcode Pool.drain}, without waiting for what is in progress. */
  stop(): void {
    this.#close();
    for (const worker of this.workers) {
      this.#unseat(worker);
      if (worker.state !== "ending") this.observer?.onDismissed(worker);
      worker.stop();
    }
  }

  /** Ends all processes now. */
  kill(): void {
    this.stop();
    for (const worker of this.workers) worker.kill();
  }

  /** Sends a message to all, but to `except`. */
  broadcast(message: object, except?: WorkerHandle): void {
    for (const worker of this.workers) {
      if (worker !== except) worker.send(message);
    }
  }

  // -- Of its workers.

  onReady(worker: WorkerHandle): void {
    const seat = this.seatOf(worker);
    this.#logger.debug(`${nameOf(worker)} is ready`);
    if (seat?.next === worker) {
      const before = seat.current;
      seat.next = undefined;
      seat.current = worker;
      if (before !== undefined) {
        this.#dismiss(before, true);
        this.#logWait(before);
      }
    }
    this.#events.onReady(worker);
  }

  onSpent(worker: WorkerHandle, requests: number): void {
    this.#events.onSpent(worker, requests);
  }

  onMetrics(worker: WorkerHandle, message: MetricsMessage): void {
    this.observer?.onMetrics(worker, message);
  }

  onTopic(worker: WorkerHandle, message: TopicLinkMessage): void {
    this.broadcast(message, worker);
  }

  onKill(worker: WorkerHandle, reason: KillReason): void {
    const { healthMs, readyMs } = this.plan.rules;
    const name = nameOf(worker);
    const logger = this.#logger;
    if (reason !== "notEnding") {
      this.observer?.onReason(
        worker,
        reason === "blocked" ? "blocked" : "not_ready",
      );
    }
    if (reason === "blocked") {
      logger.error(
        `${name} has not answered for ${
          healthMs / 1000
        } seconds: its event loop is blocked, or it was stopped. Killing it.`,
      );
    } else if (reason === "notReady") {
      logger.error(
        `${name} was not ready in ${readyMs / 1000} seconds. Killing it.`,
      );
    } else logger.error(`${name} did not end in time. Killing it.`);
    this.#logWait(worker);
  }

  onEnd(worker: WorkerHandle): void {
    this.observer?.onEnded(worker);
    this.pastRequests += worker.vitals?.totalRequests ?? 0;
    const seat = this.seatOf(worker);
    if (seat === undefined) {
      this.#leaving.delete(worker);
      this.#reportEnd(worker);
      return this.#events.onLeft(worker);
    }
    if (seat.next === worker) { // who waits for it says so, and refills the seat
      seat.next = undefined;
      return;
    }
    seat.current = undefined;
    this.#reportDeath(worker);
    if (this.#events.onDeath(worker)) this.refill(seat, worker);
  }

  /** Tells of a worker that was told to end. */
  #reportEnd(worker: WorkerHandle): void {
    const text = `${nameOf(worker)} ended: ${endText(worker)}`;
    // Of one that it has killed itself the log has told why.
    const isExpected = worker.exit?.code === 0 || worker.isKilled;
    if (isExpected) this.#logger.debug(text);
    else this.#logger.warning(text);
  }

  #reportDeath(worker: WorkerHandle): void {
    const line = `${nameOf(worker)} died: ${endText(worker)}`;
    const isExpected = worker.exit?.code === 0;
    if (isExpected) this.#logger.info(line);
    else this.#logger.warning(line);
  }

  #startLater(seat: Seat, dead: WorkerHandle): void {
    const waitMs = this.#policy.waitAfter(
      seat.index,
      dead.readyMs,
      this.#host.monotonicMs(),
      this.#seats.size,
    );
    const start = (): void => {
      seat.cancelStart = undefined;
      seat.restarts++;
      seat.current = this.#start(seat.index);
    };
    if (waitMs <= 0) return start();
    this.#logger.warning(
      `Worker ${seat.index} dies again and again: starting it in ${
        (waitMs / 1000).toFixed(1)
      } seconds`,
    );
    seat.cancelStart = this.#host.startTimer(waitMs, start);
  }

  #start(index: number): WorkerHandle {
    const { plan } = this;
    const { message, rules } = plan;
    return new WorkerHandle(
      { index, message, rules, lot: this.#host.random() },
      () => this.#host.spawn(index, plan),
      this,
    );
  }

  #dismiss(worker: WorkerHandle, isReplaced: boolean): void {
    this.#unseat(worker);
    if (worker.state === "ending") return;
    this.observer?.onDismissed(worker);
    worker.drain(isReplaced);
    if (worker.pid === undefined) return;
    this.#logger.info(`Terminated child process [${worker.pid}]`);
  }

  #logWait({ pid }: WorkerHandle): void {
    if (pid === undefined) return;
    this.#logger.info(`Waiting for child process [${pid}]`);
  }

  #unseat(worker: WorkerHandle): void {
    const seat = this.seatOf(worker);
    if (seat?.current === worker) seat.current = undefined;
    if (seat?.next === worker) seat.next = undefined;
    this.#leaving.add(worker);
  }

  #close(): void {
    this.#isClosing = true;
    for (const seat of this.#seats.values()) {
      seat.cancelStart?.();
      seat.cancelStart = undefined;
    }
  }
}

/** The server process of a reload as its parent's metrics see it: the one worker there is. */
import type { WorkerState } from "../worker_handle.ts";
import type { FromWorker } from "../messages.ts";
import type {
  MeasuredWorker,
  MeasuredWorkers,
  ParentMetrics,
} from "../parent_metrics.ts";
import { Question } from "../question.ts";
import type { ChildWatcher, WatchedChild } from "./child_watcher.ts";

/** Between two looks for a process that says what it counted, in milliseconds. */
const LOOK_MS = 1000;
const NEVER = new Promise<void>(() => {});

/** Counts the server processes, one after the other. */
export class ChildMetrics implements ChildWatcher, MeasuredWorkers {
  readonly #metrics: ParentMetrics;
  readonly #workers = new Map<WatchedChild, ChildWorker>();
  readonly #stop: () => void;
  #current: ChildWorker | undefined;

  /** @param every Calls back about every `ms` until the function returned is called. */
  constructor(
    metrics: ParentMetrics,
    every: (ms: number, callback: () => void) => () => void,
  ) {
    this.#metrics = metrics;
    metrics.watch(this);
    // It tells what is new when it is asked for a sign of life: it may be killed.
    this.#stop = every(LOOK_MS, () => this.#current?.look());
  }

  get workers(): readonly MeasuredWorker[] {
    return [...this.#workers.values()];
  }

  get seats(): MeasuredWorkers["seats"] {
    return [{ index: 0, current: this.#current }];
  }

  onStart(child: WatchedChild): void {
    this.#current = new ChildWorker(child);
    this.#workers.set(child, this.#current);
  }

  onMessage(child: WatchedChild, message: FromWorker): void {
    const worker = this.#workers.get(child);
    if (worker === undefined) return;
    switch (message.kind) {
      case "ready":
        worker.onReady();
        break;
      case "pong":
        worker.ping.answer(message.id, true);
        break;
      case "spent":
        this.#metrics.onReason(worker, "requests");
        worker.isSpent = true;
        break;
      case "metrics":
        this.#metrics.onMetrics(worker, message);
        if (message.isLast === true) child.send({ kind: "metricsKept" });
        if (message.id !== undefined) worker.metrics.answer(message.id, true);
    }
  }

  onDrain(child: WatchedChild, isReplaced: boolean): void {
    const worker = this.#workers.get(child);
    if (worker === undefined) return;
    if (this.#current === worker) this.#current = undefined;
    worker.state = "ending";
    if (!isReplaced) this.#metrics.onReason(worker, undefined);
    else if (!worker.isSpent) this.#metrics.onReason(worker, "restart");
    this.#metrics.onDismissed(worker);
  }

  onGone(child: WatchedChild): void {
    const worker = this.#workers.get(child);
    if (worker === undefined) return;
    if (this.#current === worker) this.#current = undefined;
    this.#workers.delete(child);
    this.#metrics.onEnded(worker);
    worker.metrics.giveUp();
  }

  /** Looks no more. */
  close(): void {
    this.#stop();
  }
}

class ChildWorker implements MeasuredWorker {
  state: WorkerState = "starting";
  /** Whether it has served as many requests as it may. */
  isSpent = false;
  readonly ping: Question<true>;
  readonly metrics: Question<true>;
  #hasBeenReady = false;

  constructor(child: WatchedChild) {
    this.ping = new Question((id) => child.send({ kind: "ping", id }));
    this.metrics = new Question((id) => child.send({ kind: "metrics", id }));
  }

  onReady(): void {
    this.#hasBeenReady = true;
    if (this.state === "starting") this.state = "ready";
  }

  /** Asks for a sign of life, unless that is still to come. */
  look(): void {
    if (this.#hasBeenReady) void this.ping.ask(NEVER);
  }

  async askMetrics(late: Promise<void>): Promise<boolean> {
    // While it starts, it may compute for as long as it likes.
    return this.#hasBeenReady && await this.metrics.ask(late) === true;
  }
}

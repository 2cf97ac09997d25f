/**
 * The metrics of a server with workers, in its parent: what the workers tell, what dead ones had
 * counted, and what becomes of workers. A worker that hangs is not waited for.
 */
import { appFamilies } from "../metrics/app_metrics.ts";
import { familiesOf, negotiate, render } from "../metrics/exposition.ts";
import { Counter, HistogramSeries } from "../metrics/instruments.ts";
import type {
  MetricsSource,
  RenderedMetrics,
} from "../metrics/metrics_source.ts";
import {
  answeringSnapshot,
  type ProcessFacts,
  TAKEN,
} from "../metrics/process_metrics.ts";
import { asSnapshot, type Sample, type Snapshot } from "../metrics/snapshot.ts";
import { METRICS } from "../metrics/table.ts";
import { type ToldMetrics, Totals } from "../metrics/totals.ts";
import type { MetricsMessage } from "./messages.ts";
import type { Pool, PoolObserver, RestartReason } from "./pool.ts";
import type { WorkerHandle } from "./worker_handle.ts";

/** For the answers of workers, in milliseconds. */
const ASK_MS = 500;

const REASONS: readonly RestartReason[] = [
  "died",
  "blocked",
  "not_ready",
  "requests",
  "age",
  "memory",
  "restart",
];

/** What they need of the process. */
export interface ParentMetricsHost {
  readonly facts: ProcessFacts;
  memoryBytes(): number;
  cpuSeconds(): number;
  monotonicMs(): number;
  startTimer(ms: number, callback: () => void): () => void;
}

/** One parent's. */
export class ParentMetrics implements MetricsSource, PoolObserver {
  readonly #host: ParentMetricsHost;
  readonly #totals = new Totals();
  readonly #restarts = new Counter(REASONS);
  readonly #drains = new HistogramSeries(
    METRICS.tricorn_worker_drain_seconds.buckets!,
  );
  readonly #reasons = new Map<WorkerHandle, RestartReason>();
  /** When each was told to end, on the monotonic clock. */
  readonly #dismissedAtMs = new Map<WorkerHandle, number>();
  #pool: Pool | undefined;
  #questionId = 0;
  /** Those who have not answered the last question. */
  readonly #awaited = new Set<WorkerHandle>();
  readonly #answered = new Set<WorkerHandle>();
  #onAnswer: () => void = () => {};
  #asking: Promise<void> | undefined;

  constructor(host: ParentMetricsHost) {
    this.#host = host;
  }

  /** Counts what becomes of these workers from now on. */
  watch(pool: Pool): void {
    this.#pool = pool;
    pool.observer = this;
  }

  // -- Of the pool.

  onMetrics(worker: WorkerHandle, message: MetricsMessage): void {
    this.#totals.update(worker, {
      snapshot: asSnapshot(message.snapshot),
      app: message.app,
    });
    if (message.id !== this.#questionId || !this.#awaited.delete(worker)) {
      return;
    }
    this.#answered.add(worker);
    this.#onAnswer();
  }

  onReason(worker: WorkerHandle, reason: RestartReason | undefined): void {
    if (reason === undefined) this.#reasons.delete(worker);
    else this.#reasons.set(worker, reason);
  }

  onDismissed(worker: WorkerHandle): void {
    this.#dismissedAtMs.set(worker, this.#host.monotonicMs());
  }

  onEnded(worker: WorkerHandle): void {
    this.#totals.retire(worker);
    const dismissedAtMs = this.#dismissedAtMs.get(worker);
    if (dismissedAtMs !== undefined) {
      this.#drains.observe((this.#host.monotonicMs() - dismissedAtMs) / 1000);
    }
    const reason = this.#reasons.get(worker) ??
      (dismissedAtMs === undefined ? "died" : undefined);
    if (reason !== undefined) this.#restarts.add(REASONS.indexOf(reason), 1);
    this.#reasons.delete(worker);
    this.#dismissedAtMs.delete(worker);
    this.#answered.delete(worker);
    if (this.#awaited.delete(worker)) this.#onAnswer();
  }

  // -- Of a predecessor.

  /** Goes on counting where a parent before this one is. */
  inherit(from: object, told: ToldMetrics): void {
    this.#totals.update(from, {
      snapshot: asSnapshot(told.snapshot),
      app: told.app,
    });
  }

  /** That parent is gone. */
  inheritAll(from: object): void {
    this.#totals.retire(from);
  }

  /** What was counted here so far, for a successor. */
  get counted(): ToldMetrics {
    const { snapshot, app } = this.#totals.counted;
    return { snapshot: { ...snapshot, ...this.#ownCounters(snapshot) }, app };
  }

  // -- Of those who ask.

  async render(accept: string): Promise<RenderedMetrics> {
    await (this.#asking ??= this.#ask().finally(() =>
      this.#asking = undefined
    ));
    const { snapshot, app } = this.#totals.sum(this.#own());
    return render(
      [...familiesOf(snapshot), ...appFamilies(app, TAKEN)],
      negotiate(accept),
    );
  }

  /** Asks all workers, and waits for those that answer in time. */
  async #ask(): Promise<void> {
    const id = ++this.#questionId;
    this.#awaited.clear();
    this.#answered.clear();
    for (const worker of this.#pool?.workers ?? []) {
      // One that starts may compute for as long as it likes, and one that hangs need not be waited for.
      if (!worker.hasBeenReady || !worker.isResponding) continue;
      this.#awaited.add(worker);
      if (!worker.send({ kind: "metrics", id })) this.#awaited.delete(worker);
    }
    const done = Promise.withResolvers<void>();
    this.#onAnswer = () => {
      if (this.#awaited.size === 0) done.resolve();
    };
    this.#onAnswer();
    const stopTimer = this.#host.startTimer(ASK_MS, done.resolve);
    await done.promise;
    stopTimer();
  }

  #ownCounters(base: Snapshot): Snapshot {
    const { cpuSeconds } = this.#host;
    const [[, [told = 0] = []] = [[], []]] = base.process_cpu_seconds_total ??
      [];
    return { process_cpu_seconds_total: [[[], [told + cpuSeconds()]]] };
  }

  /** What this process knows by itself. */
  #own(): Snapshot {
    const { facts, memoryBytes, cpuSeconds } = this.#host;
    const seats = this.#pool?.seats ?? [];
    const perWorker = (
      valueOf: (worker: WorkerHandle, told: Snapshot | undefined) => number,
    ): Sample[] =>
      seats.flatMap(({ index, current }): Sample[] =>
        current === undefined ? [] : [[
          [`${index}`],
          [valueOf(current, this.#totals.lastOf(current))],
        ]]
      );
    return {
      ...answeringSnapshot(facts),
      process_cpu_seconds_total: [[[], [cpuSeconds()]]],
      process_resident_memory_bytes: [[[], [memoryBytes()]]],
      tricorn_workers: this.#states(),
      tricorn_worker_up: perWorker((worker) =>
        this.#answered.has(worker) ? 1 : 0
      ),
      tricorn_worker_active_connections: perWorker((_worker, told) =>
        single(told?.tricorn_active_connections)
      ),
      tricorn_worker_resident_memory_bytes: perWorker((_worker, told) =>
        single(told?.process_resident_memory_bytes)
      ),
      tricorn_worker_restarts_total: this.#restarts.samples,
      tricorn_worker_drain_seconds: [this.#drains.sample],
    };
  }

  #states(): Sample[] {
    const counts = { starting: 0, ready: 0, ending: 0 };
    for (const { state } of this.#pool?.workers ?? []) {
      if (state !== "ended") counts[state]++;
    }
    return Object.entries(counts).map(([state, count]) => [[state], [count]]);
  }
}

function single(samples: readonly Sample[] | undefined): number {
  return samples?.[0]?.[1][0] ?? 0;
}

/**
 * The metrics of a server whose processes have a parent, in that parent: what the workers tell, what
 * dead ones had counted, and what becomes of workers. A worker that hangs is not waited for.
 */
import { appFamilies, asAppMetrics } from "../metrics/app_metrics.ts";
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
import {
  addUp,
  asSnapshot,
  outlivesProcess,
  type Sample,
  type Snapshot,
} from "../metrics/snapshot.ts";
import { METRICS } from "../metrics/table.ts";
import { type ToldMetrics, Totals } from "../metrics/totals.ts";
import type { StartTimer } from "../server/timers.ts";
import type { PoolObserver, RestartReason } from "./pool.ts";
import { askWithin } from "./question.ts";
import type { WorkerState } from "./worker_handle.ts";

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

/** A process that serves, and tells what it counts. */
export interface MeasuredWorker {
  readonly state: WorkerState;
  /**
   * Asks it to tell its metrics; it does so by `onMetrics`.
   *
   * @param late Resolves when it is not waited for any longer.
   * @returns Whether it has.
   */
  askMetrics(late: Promise<void>): Promise<boolean>;
}

/** The workers of a parent. */
export interface MeasuredWorkers {
  /** Each worker with a process, or that is about to have one. */
  readonly workers: readonly MeasuredWorker[];
  /** Those in service by their index. */
  readonly seats: readonly {
    readonly index: number;
    readonly current: MeasuredWorker | undefined;
  }[];
}

/** What they need of the process. */
export interface ParentMetricsHost {
  readonly facts: ProcessFacts;
  memoryBytes(): number;
  cpuSeconds(): number;
  monotonicMs(): number;
  readonly startTimer: StartTimer;
}

/** One parent's. */
export class ParentMetrics implements MetricsSource, PoolObserver {
  readonly #host: ParentMetricsHost;
  readonly #totals = new Totals();
  readonly #restarts = new Counter(REASONS, "all");
  readonly #drains = new HistogramSeries(
    METRICS.tricorn_worker_drain_seconds.buckets!,
  );
  readonly #reasons = new Map<MeasuredWorker, RestartReason>();
  /** When each was told to end, on the monotonic clock. */
  readonly #dismissedAtMs = new Map<MeasuredWorker, number>();
  #pool: MeasuredWorkers = { workers: [], seats: [] };
  /** Those that have answered the last question. */
  #answered: ReadonlySet<MeasuredWorker> = new Set();
  #asking: Promise<void> | undefined;

  constructor(host: ParentMetricsHost) {
    this.#host = host;
  }

  /** These are its workers from now on. What becomes of them is told by the methods below. */
  watch(pool: MeasuredWorkers): void {
    this.#pool = pool;
  }

  // -- Of the pool.

  onMetrics(worker: MeasuredWorker, told: ToldMetrics): void {
    this.#totals.update(worker, {
      snapshot: asSnapshot(told.snapshot),
      app: told.app,
    });
  }

  onReason(worker: MeasuredWorker, reason: RestartReason | undefined): void {
    if (reason === undefined) this.#reasons.delete(worker);
    else this.#reasons.set(worker, reason);
  }

  onDismissed(worker: MeasuredWorker): void {
    this.#dismissedAtMs.set(worker, this.#host.monotonicMs());
  }

  onEnded(worker: MeasuredWorker): void {
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
  }

  // -- Of a predecessor, and for a successor.

  /** Goes on counting where the parent `from` is. What is no metrics of ours is left out. */
  inherit(from: object, told: ToldMetrics): void {
    this.#totals.update(from, {
      snapshot: asSnapshot(told.snapshot),
      app: told.app && asAppMetrics(told.app),
    });
  }

  /** That parent is gone: what it counted stays. */
  inheritAll(from: object): void {
    this.#totals.retire(from);
  }

  /** Everything that a successor goes on counting: of this process, its workers and its predecessors. */
  get legacy(): ToldMetrics {
    const { snapshot, app } = this.#totals.sum(this.#own());
    return {
      snapshot: addUp(
        [snapshot],
        (name) => METRICS[name].scope === "serving" || outlivesProcess(name),
      ),
      app,
    };
  }

  // -- Of those who ask.

  async render(accept: string): Promise<RenderedMetrics> {
    await this.ask();
    const { snapshot, app } = this.#totals.sum(this.#own());
    return render(
      [...familiesOf(snapshot), ...appFamilies(app, TAKEN)],
      negotiate(accept),
    );
  }

  /** Asks all workers, and waits for those that answer in time. Never rejects. */
  async ask(): Promise<void> {
    await (this.#asking ??= this.#ask().finally(() =>
      this.#asking = undefined
    ));
  }

  async #ask(): Promise<void> {
    const answered = new Set<MeasuredWorker>();
    await askWithin(
      ASK_MS,
      this.#host.startTimer,
      (late) =>
        Promise.all(this.#pool.workers.map(async (worker) => {
          if (await worker.askMetrics(late)) answered.add(worker);
        })),
    );
    this.#answered = answered;
  }

  /** What this process knows by itself. */
  #own(): Snapshot {
    const { facts, memoryBytes, cpuSeconds } = this.#host;
    const perWorker = (
      valueOf: (
        worker: MeasuredWorker,
        told: Snapshot | undefined,
      ) => number,
    ): Sample[] =>
      this.#pool.seats.flatMap(({ index, current }): Sample[] =>
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
    for (const { state } of this.#pool.workers) {
      if (state !== "ended") counts[state]++;
    }
    return Object.entries(counts).map(([state, count]) => [[state], [count]]);
  }
}

function single(samples: readonly Sample[] | undefined): number {
  return samples?.[0]?.[1][0] ?? 0;
}

/** The metrics of one process that serves, and of its application's registry. */
import type { Logger } from "../logging/logger.ts";
import {
  appFamilies,
  type AppMetric,
  type AppRegistry,
  readAppMetrics,
} from "./app_metrics.ts";
import { familiesOf, negotiate, render } from "./exposition.ts";
import type { MetricsSource, RenderedMetrics } from "./metrics_source.ts";
import { ServerMetrics, type ServerMetricsSources } from "./server_metrics.ts";
import type { Snapshot } from "./snapshot.ts";
import { METRIC_NAMES } from "./table.ts";
import type { ToldMetrics } from "./totals.ts";

/** What an application's registry has to answer within, in milliseconds. */
const APP_MS = 500;

/** What of the process is shown. */
export interface ProcessFacts {
  /** Of Tricorn. */
  readonly version: string;
  /** Name and version of the runtime. */
  readonly runtime: { readonly name: string; readonly version: string };
  /** Start of the server, in milliseconds since 1970 (UTC). */
  readonly startedAtMs: number;
}

/** What they are made of. */
export interface ProcessMetricsParts extends ServerMetricsSources {
  readonly facts: ProcessFacts;
  readonly logger: Logger;
  /** Finds the application's registry, at once; `undefined` while there is none. */
  readonly registry: () => Promise<AppRegistry | undefined> | undefined;
  readonly startTimer: (ms: number, callback: () => void) => () => void;
}

/** Names that an application's metrics cannot have: they are ours. */
export const TAKEN: ReadonlySet<string> = new Set(METRIC_NAMES);

/** One process's. */
export class ProcessMetrics implements MetricsSource {
  /** What is to observe the server. */
  readonly observer: ServerMetrics;
  readonly #parts: ProcessMetricsParts;
  #registry: AppRegistry | undefined;
  /** What its registry told last: shown while it does not answer. */
  #app: readonly AppMetric[] = [];
  #hasWarned = false;

  constructor(parts: ProcessMetricsParts) {
    this.#parts = parts;
    this.observer = new ServerMetrics(parts);
  }

  async render(accept: string): Promise<RenderedMetrics> {
    const { snapshot, app } = await this.tell();
    const families = familiesOf({
      ...snapshot,
      ...answeringSnapshot(this.#parts.facts),
    });
    return render(
      [...families, ...appFamilies(app ?? [], TAKEN)],
      negotiate(accept),
    );
  }

  /** What the server alone has counted and measured. */
  snapshot(): Snapshot {
    return this.observer.snapshot();
  }

  /** Everything, for a parent. Takes at most half a second; never rejects. */
  async tell(): Promise<ToldMetrics> {
    const app = await this.#readApp();
    return { snapshot: this.snapshot(), app };
  }

  async #readApp(): Promise<readonly AppMetric[]> {
    const { registry, startTimer } = this.#parts;
    const late = Promise.withResolvers<undefined>();
    const stopTimer = startTimer(APP_MS, () => late.resolve(undefined));
    try {
      const found = this.#registry ??= await registry();
      if (found === undefined) return this.#app;
      const json = await Promise.race([found.getMetricsAsJSON(), late.promise]);
      if (json === undefined) this.#warn("it does not answer");
      else {
        this.#app = readAppMetrics(json);
        this.#hasWarned = false;
      }
    } catch (error) {
      this.#warn(error instanceof Error ? error.message : String(error));
    } finally {
      stopTimer();
    }
    return this.#app;
  }

  /** Once, until it answers again. */
  #warn(why: string): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#parts.logger.warning(
      `Cannot read the application's metrics: ${why}`,
    );
  }
}

/** What the process that answers tells of itself, whoever serves. */
export function answeringSnapshot(
  { version, runtime, startedAtMs }: ProcessFacts,
): Snapshot {
  return {
    process_start_time_seconds: [[[], [Math.round(startedAtMs) / 1000]]],
    tricorn_build_info: [[[version, runtime.name, runtime.version], [1]]],
  };
}

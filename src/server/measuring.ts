/** The metrics of a server: made for it if they are wanted, and shown to programs. */
import type { Options } from "../config/options/mod.ts";
import type { Tracker } from "../connection/tracking/tracker.ts";
import type { Logging } from "../logging/logging.ts";
import { type AppRegistry, isAppRegistry } from "../metrics/app_metrics.ts";
import type { MetricsSource } from "../metrics/metrics_source.ts";
import { ProcessMetrics } from "../metrics/process_metrics.ts";
import type { Snapshot } from "../metrics/snapshot.ts";
import type { ToldMetrics } from "../metrics/totals.ts";
import { runtime } from "../runtime/mod.ts";
import { VERSION } from "../version.ts";
import { LoopLag } from "./loop_lag.ts";
import type { StatsdReports } from "./statsd_reports.ts";
import { startTimer } from "./timers.ts";

/** What a server shows of its metrics: those of this process. */
export interface ServerMetricsView extends MetricsSource {
  /** All of the server's own, as plain data. */
  snapshot(): Promise<Snapshot>;
}

/** What is measured. */
export interface MeasuredServer {
  readonly options: Options;
  readonly tracker: Tracker;
  readonly logging: Logging;
  /** TLS handshakes in progress. */
  readonly handshakes: () => number;
  /** Whether the application is loaded: its registry is not looked for before. */
  readonly isLoaded: () => boolean;
  /** Whether it is one of several processes. */
  readonly isWorker: boolean;
}

/** One server's. */
export class Measuring {
  readonly #metrics: ProcessMetrics;
  readonly #server: MeasuredServer;
  /** For whoever else shows it: a second timer is not needed. */
  readonly lag: LoopLag;
  #reports: StatsdReports | undefined;

  /** Observes the server from now on. To be made before connections are accepted. */
  constructor(server: MeasuredServer) {
    this.#server = server;
    const { tracker, logging, options, handshakes, isLoaded } = server;
    const metrics = this.#metrics = new ProcessMetrics({
      tracker,
      handshakes,
      logger: logging.server,
      memoryBytes: runtime.memoryBytes,
      cpuSeconds: runtime.cpuSeconds,
      startTimer,
      registry: () => isLoaded() ? findRegistry(options) : undefined,
      facts: {
        version: VERSION,
        runtime,
        startedAtMs: Date.now(),
      },
    });
    tracker.observe(metrics.observer);
    this.lag = new LoopLag(runtime, (ms) => metrics.observer.onLoopLag(ms));
  }

  /**
   * Begins to look at the event loop, and to tell StatsD. To be called before connections are accepted.
   *
   * @throws ConfigError if this runtime cannot reach that.
   */
  async start(): Promise<void> {
    const { options, logging, tracker, isWorker } = this.#server;
    this.lag.start();
    if (options.statsdHost === undefined) return;
    const { StatsdReports } = await import("./statsd_reports.ts");
    // Of workers the parent tells how many there are.
    const gauges = () => isWorker ? {} : { workers: 1 };
    this.#reports = await StatsdReports.open(options, logging, gauges);
    tracker.observe(this.#reports.statsd);
  }

  /** See {@linkcode MetricsSource}. */
  render(accept: string): ReturnType<MetricsSource["render"]> {
    return this.#metrics.render(accept);
  }

  /** See {@linkcode ServerMetricsView}. */
  snapshot(): Snapshot {
    return this.#metrics.snapshot();
  }

  /** Messages of WebSockets so far. */
  get messages(): number {
    return this.#metrics.observer.messages;
  }

  /** For a parent. */
  tell(): Promise<ToldMetrics> {
    return this.#metrics.tell();
  }

  /** Measures no more; what was counted can still be read. */
  close(): void {
    this.lag.stop();
    this.#reports?.close();
    this.#reports = undefined;
  }
}

/**
 * The registry of the application: what the options name, or that of the prom-client that it has
 * loaded. Loading it here would block the event loop, for nothing if nothing is in it.
 */
async function findRegistry(
  { metricsRegistry, appDir }: Options,
): Promise<AppRegistry | undefined> {
  if (metricsRegistry !== undefined) return metricsRegistry;
  const client = await runtime.loadPackage("prom-client", appDir ?? ".", {
    isLoaded: true,
  });
  return isAppRegistry(client?.register) ? client.register : undefined;
}

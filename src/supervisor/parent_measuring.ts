/** What a parent measures, as its options say. */
import { wantsMetrics } from "../config/options/metrics.ts";
import type { Options } from "../config/options/mod.ts";
import type { Logging } from "../logging/logging.ts";
import { runtime } from "../runtime/mod.ts";
import type { StatsdReports } from "../server/statsd_reports.ts";
import { startTimer } from "../server/timers.ts";
import { VERSION } from "../version.ts";
import type { ParentMetrics } from "./parent_metrics.ts";

/** What is measured; `undefined` if nothing is. */
export async function measureParent(
  options: Options,
): Promise<ParentMetrics | undefined> {
  if (!wantsMetrics(options)) return undefined;
  const { ParentMetrics } = await import("./parent_metrics.ts");
  const { memoryBytes, cpuSeconds, monotonicMs } = runtime;
  return new ParentMetrics({
    facts: { version: VERSION, runtime, startedAtMs: Date.now() },
    memoryBytes,
    cpuSeconds,
    monotonicMs,
    startTimer,
  });
}

/**
 * Tells StatsD how many processes serve, if the options say where, and counts the log of this one.
 *
 * @throws ConfigError if this runtime cannot reach it.
 */
export async function openParentReports(
  options: Options,
  logging: Logging,
  workers: () => number,
): Promise<StatsdReports | undefined> {
  if (options.statsdHost === undefined) return undefined;
  const { StatsdReports } = await import("../server/statsd_reports.ts");
  return await StatsdReports.open(options, logging, () => ({
    workers: workers(),
  }));
}

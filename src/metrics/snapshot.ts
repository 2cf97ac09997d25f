/** The values of all metrics at one moment, as plain data that one process hands to another. */
import { METRIC_NAMES, type MetricName, METRICS } from "./table.ts";

/**
 * One series: the values of its labels, and one number; of a histogram how many values were in each
 * bucket alone, the last one without a bound, and behind those their sum.
 */
export type Sample = readonly [
  labels: readonly string[],
  values: readonly number[],
];

/** By the names of metrics. What is not there has no series. */
export type Snapshot = { readonly [K in MetricName]?: readonly Sample[] };

/**
 * Adds up what several processes tell.
 *
 * @param isKept Which metrics are taken. Default: all.
 */
export function addUp(
  snapshots: Iterable<Snapshot>,
  isKept: (name: MetricName) => boolean = () => true,
): Snapshot {
  const sums: { [K in MetricName]?: Map<string, [string[], number[]]> } = {};
  for (const snapshot of snapshots) {
    for (const name of METRIC_NAMES) {
      const samples = snapshot[name];
      if (samples === undefined || !isKept(name)) continue;
      const sum = sums[name] ??= new Map();
      for (const [labels, values] of samples) {
        const key = labels.join("\0");
        const known = sum.get(key);
        if (known === undefined) sum.set(key, [[...labels], [...values]]);
        else values.forEach((value, at) => known[1][at]! += value);
      }
    }
  }
  return Object.fromEntries(
    Object.entries(sums).map(([name, sum]) => [name, [...sum.values()]]),
  );
}

/** Whether a metric only grows, so that what a process has counted outlives it. */
export function outlivesProcess(name: MetricName): boolean {
  return METRICS[name].kind !== "gauge";
}

/** What is not a snapshot of ours, or of another version, is left out. */
export function asSnapshot(data: unknown): Snapshot {
  if (typeof data !== "object" || data === null) return {};
  const given = data as Record<string, unknown>;
  const kept: [string, Sample[]][] = [];
  for (const name of METRIC_NAMES) {
    const samples = given[name];
    if (!Array.isArray(samples)) continue;
    const { labels, buckets } = METRICS[name];
    const length = buckets === undefined ? 1 : buckets.length + 2;
    kept.push([
      name,
      samples.filter((one): one is Sample =>
        Array.isArray(one) &&
        isListOf(one[0], labels.length, "string") &&
        isListOf(one[1], length, "number")
      ),
    ]);
  }
  return Object.fromEntries(kept);
}

function isListOf(
  value: unknown,
  length: number,
  type: "string" | "number",
): boolean {
  return Array.isArray(value) && value.length === length &&
    value.every((one) => typeof one === type);
}

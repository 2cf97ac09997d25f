/**
 * Metrics of the application's own: what its registry tells as JSON, in the shape of prom-client's
 * `getMetricsAsJSON()`, checked and merged by the aggregator of each.
 */
import type { Family, FamilyLine } from "./exposition.ts";

/** How the values of several workers become one (`aggregator` of prom-client). */
type Aggregator = "sum" | "first" | "min" | "max" | "average" | "omit";

const KINDS = ["counter", "gauge", "histogram", "summary"] as const;
const AGGREGATORS: readonly string[] = [
  "sum",
  "first",
  "min",
  "max",
  "average",
  "omit",
] satisfies Aggregator[];

/** One value: what stands behind the metric's name, its labels, and a number. */
export type AppValue = readonly [
  suffix: string,
  labels: readonly (readonly [name: string, value: string])[],
  value: number,
];

/** One metric of an application: plain data. */
export interface AppMetric {
  readonly name: string;
  readonly help: string;
  readonly kind: typeof KINDS[number];
  readonly aggregator: Aggregator;
  readonly values: readonly AppValue[];
}

/** Where an application keeps its metrics, such as the `register` of prom-client. */
export interface AppRegistry {
  /** All metrics, as prom-client describes them. */
  getMetricsAsJSON(): unknown;
}

/** Whether `value` has the shape of a registry. */
export function isAppRegistry(value: unknown): value is AppRegistry {
  return typeof (value as Partial<AppRegistry> | null | undefined)
    ?.getMetricsAsJSON === "function";
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** What of `json` are metrics: anything else is left out. */
export function readAppMetrics(json: unknown): AppMetric[] {
  if (!Array.isArray(json)) return [];
  return json.map(readMetric).filter((metric) => metric !== undefined);
}

function readMetric(given: unknown): AppMetric | undefined {
  if (typeof given !== "object" || given === null) return undefined;
  const { name, help, type, aggregator, values } = given as Record<
    string,
    unknown
  >;
  const kind = KINDS.find((one) => one === type);
  if (typeof name !== "string" || !NAME.test(name)) return undefined;
  if (kind === undefined || !Array.isArray(values)) return undefined;
  return {
    name,
    help: typeof help === "string" ? help : "",
    kind,
    aggregator: AGGREGATORS.includes(aggregator as string)
      ? aggregator as Aggregator
      : "sum",
    values: values.map((value) => readValue(name, value)).filter((value) =>
      value !== undefined
    ),
  };
}

function readValue(name: string, given: unknown): AppValue | undefined {
  if (typeof given !== "object" || given === null) return undefined;
  const { value, labels = {}, metricName = name } = given as Record<
    string,
    unknown
  >;
  if (typeof value !== "number" || typeof metricName !== "string") {
    return undefined;
  }
  if (!metricName.startsWith(name) || !NAME.test(metricName)) return undefined;
  const pairs = Object.entries(labels ?? {}).filter(([label]) =>
    LABEL.test(label)
  );
  return [
    metricName.slice(name.length),
    pairs.map(([label, text]) => [label, String(text)]),
    value,
  ];
}

/** What of `data`, told by a process that may be of another version, are metrics of this shape. */
export function asAppMetrics(data: unknown): AppMetric[] {
  if (!Array.isArray(data)) return [];
  return data.filter((one: Partial<AppMetric> | null): one is AppMetric =>
    typeof one?.name === "string" && typeof one.help === "string" &&
    KINDS.some((kind) => kind === one.kind) &&
    AGGREGATORS.includes(one.aggregator!) &&
    Array.isArray(one.values) && one.values.every(isAppValue)
  );
}

function isAppValue(value: unknown): value is AppValue {
  if (!Array.isArray(value) || value.length !== 3) return false;
  const [suffix, labels, number] = value as unknown[];
  return typeof suffix === "string" && typeof number === "number" &&
    Array.isArray(labels) &&
    labels.every((pair) =>
      Array.isArray(pair) && pair.length === 2 &&
      pair.every((text) => typeof text === "string")
    );
}

/** Whether what a metric has counted stays when its worker is gone. */
export function outlivesWorker({ kind, aggregator }: AppMetric): boolean {
  return kind !== "gauge" && aggregator === "sum";
}

/** Makes one list of those of several workers. The first to name a metric says what it is. */
export function mergeAppMetrics(
  lists: readonly (readonly AppMetric[])[],
): AppMetric[] {
  const merged = new Map<string, { metric: AppMetric; groups: Groups }>();
  for (const metric of lists.flat()) {
    if (metric.aggregator === "omit") continue;
    let known = merged.get(metric.name);
    if (known === undefined) {
      merged.set(metric.name, known = { metric, groups: new Map() });
    }
    for (const value of metric.values) {
      const key = JSON.stringify([value[0], value[1]]);
      const group = known.groups.get(key);
      if (group === undefined) known.groups.set(key, [value]);
      else group.push(value);
    }
  }
  return [...merged.values()].map(({ metric, groups }) => ({
    ...metric,
    values: [...groups.values()].map((group): AppValue => [
      group[0]![0],
      group[0]![1],
      aggregate(metric.aggregator, group.map(([, , value]) => value)),
    ]),
  }));
}

type Groups = Map<string, AppValue[]>;

function aggregate(aggregator: Aggregator, values: readonly number[]): number {
  const sum = () => values.reduce((total, value) => total + value, 0);
  switch (aggregator) {
    case "first":
      return values[0]!;
    case "min":
      return Math.min(...values);
    case "max":
      return Math.max(...values);
    case "average":
      return sum() / values.length;
    default:
      return sum();
  }
}

/** As families. @param taken Names that are ours: the application's metrics of that name are left out. */
export function appFamilies(
  metrics: readonly AppMetric[],
  taken: ReadonlySet<string>,
): Family[] {
  return metrics.filter(({ name }) => !taken.has(name)).map((
    { name, kind, help, values },
  ) => ({
    name,
    kind,
    help,
    lines: values.map(([suffix, labels, value]): FamilyLine => ({
      suffix,
      labels,
      value,
    })),
  }));
}

/** What a server counts and measures, and whom it tells. */
import { type OptionTable, PAIR } from "./definition.ts";
import type { HealthOptions } from "./health.ts";
import { quote, type Verdict } from "./value_types.ts";

/** Where metrics of an application are kept: the `register` of prom-client, or what is like it. */
export interface MetricsRegistry {
  /** All metrics: name, help, type, aggregator and values of each. May be a promise. */
  getMetricsAsJSON(): unknown;
}

/** Metrics: checked and complete. */
export interface MetricsOptions {
  /**
   * Whether the server counts and measures, for `/metrics` of the admin listener and for
   * `server.metrics`. Default: `undefined`, they are kept
   * with `adminBind` or `statsdHost`.
   */
  readonly metrics: boolean | undefined;
  /**
   * Metrics of the application that are shown with the server's. Default: `undefined`, the default
   * registry of the package `prom-client`, if the application has it.
   */
  readonly metricsRegistry: MetricsRegistry | undefined;
  /**
   * StatsD server that is told each second what has happened: `host:port`, `[v6]:port`, or
   * `unix:path` where the runtime has such sockets. Default: `undefined`, none.
   */
  readonly statsdHost: string | undefined;
  /** What the names of its metrics begin with, in front of `tricorn.`. Default: `""`. */
  readonly statsdPrefix: string;
  /**
   * Tags of every line, in DogStatsD's format: `name:value`, separated by commas. Default: `""`,
   * none.
   */
  readonly statsdTags: string;
}

/** See {@linkcode MetricsOptions}. */
export const METRICS_OPTIONS: OptionTable<MetricsOptions> = {
  metrics: {
    group: "Metrics",
    flag: "--metrics",
    type: PAIR,
    default: undefined,
    defaultText: "with --admin-bind or --statsd-host",
    help:
      "Count and measure: for /metrics of the admin listener, and for programs.",
  },
  metricsRegistry: {
    group: "Metrics",
    flag: "--metrics-registry",
    type: {
      kind: "program",
      noun: "an object with getMetricsAsJSON()",
      accepts: (value) =>
        typeof (value as Partial<MetricsRegistry> | null)?.getMetricsAsJSON ===
          "function",
    },
    default: undefined,
    help:
      "The application's own metrics, shown with the server's; by default those of prom-client.",
  },
  statsdHost: {
    group: "Metrics",
    flag: "--statsd-host",
    type: { kind: "text", metavar: "ADDRESS" },
    default: undefined,
    check: checkStatsdHost,
    help:
      "Tell a StatsD server each second what has happened: host:port, [v6]:port or unix:path.",
  },
  statsdPrefix: {
    group: "Metrics",
    flag: "--statsd-prefix",
    type: { kind: "text", metavar: "PREFIX" },
    default: "",
    defaultText: "none",
    check: checkStatsdPrefix,
    help: "Begin the names of StatsD metrics with this and a period.",
  },
  statsdTags: {
    group: "Metrics",
    flag: "--statsd-tags",
    aliases: ["--dogstatsd-tags"],
    type: { kind: "text", metavar: "TAGS" },
    default: "",
    defaultText: "none",
    check: checkStatsdTags,
    help:
      "Add these tags to StatsD metrics, in DogStatsD's format: name:value, separated by commas.",
  },
};

/** Whether a process counts and measures: unless it is told, where somebody can see it. */
export function wantsMetrics(
  { metrics, statsdHost, adminBind }:
    & Pick<MetricsOptions, "metrics" | "statsdHost">
    & Pick<HealthOptions, "adminBind">,
): boolean {
  return statsdHost !== undefined || (metrics ?? adminBind !== undefined);
}

/** Gunicorn writes `unix://path`. */
function checkStatsdHost(host: string): Verdict<string> {
  const path = /^unix:(?:\/\/)?([^\0]+)$/.exec(host)?.[1];
  if (path !== undefined) return { value: `unix:${path}` };
  const port = /^(?:\[[\da-fA-F:.]+\]|[^:[\]\s]+):(\d{1,5})$/.exec(host)?.[1];
  const isPort = port !== undefined && Number(port) > 0 && Number(port) < 65536;
  return isPort ? { value: host } : {
    problem: `${quote(host)} is not host:port, [v6]:port or unix:path.`,
  };
}

function checkStatsdPrefix(prefix: string): Verdict<string> {
  const name = prefix.replace(/\.$/, "");
  return /^[\w.-]*$/.test(name) ? { value: name } : {
    problem: `${
      quote(prefix)
    } is not a name of letters, digits, hyphens, underscores and periods.`,
  };
}

function checkStatsdTags(tags: string): Verdict<string> {
  return /^[^\s|#,]+(,[^\s|#,]+)*$|^$/.test(tags) ? { value: tags } : {
    problem: `${
      quote(tags)
    } are not tags such as env:prod, separated by commas.`,
  };
}

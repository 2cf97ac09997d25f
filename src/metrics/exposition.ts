/**
 * Metrics as text: the text format of Prometheus, version 0.0.4, and OpenMetrics 1.0
 * (https://prometheus.io/docs/specs/om/open_metrics_spec/).
 */
import type { Sample, Snapshot } from "./snapshot.ts";
import { METRIC_NAMES, METRICS } from "./table.ts";
import type { RenderedMetrics } from "./metrics_source.ts";

/** How the text is written. */
export type ExpositionFormat = "text" | "openMetrics";

/** One metric with all of its series, whoever has defined it. */
export interface Family {
  readonly name: string;
  readonly kind: "counter" | "gauge" | "histogram" | "summary" | "unknown";
  readonly unit?: string | undefined;
  readonly help: string;
  readonly lines: readonly FamilyLine[];
}

/** One value of a family. */
export interface FamilyLine {
  /** Behind the family's name, such as `_bucket`; `""` for none. Of counters always `""`. */
  readonly suffix: string;
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly value: number;
}

const CONTENT_TYPES: Readonly<Record<ExpositionFormat, string>> = {
  text: "text/plain; version=0.0.4; charset=utf-8",
  openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/**
 * Chooses the format by the field `accept` (RFC 9110 §12.5.1): OpenMetrics if it is named and not
 * wanted less than plain text.
 */
export function negotiate(accept: string): ExpositionFormat {
  let openMetrics = 0;
  let text = 0;
  for (const part of accept.toLowerCase().split(",")) {
    const [type, ...parameters] = part.split(";").map((word) => word.trim());
    const weight = parameters.find((one) => /^q\s*=/.test(one));
    const q = weight === undefined ? 1 : Number(weight.split("=")[1]) || 0;
    const version = parameters.find((one) => one.startsWith("version="))
      ?.slice("version=".length) ?? "";
    if (
      type === "application/openmetrics-text" && /^(1\.0\.0)?$/.test(version)
    ) {
      openMetrics = Math.max(openMetrics, q);
    } else if (type === "text/plain" && /^(0\.0\.4)?$/.test(version)) {
      text = Math.max(text, q);
    }
  }
  return openMetrics > 0 && openMetrics >= text ? "openMetrics" : "text";
}

/** Our metrics as families; those without a series are left out. */
export function familiesOf(snapshot: Snapshot): Family[] {
  const families: Family[] = [];
  for (const name of METRIC_NAMES) {
    const samples = snapshot[name];
    if (samples === undefined || samples.length === 0) continue;
    const { kind, unit, help, labels, buckets } = METRICS[name];
    const lines = samples.flatMap((sample) => linesOf(sample, labels, buckets));
    families.push({ name, kind, unit, help, lines });
  }
  return families;
}

function linesOf(
  [values, numbers]: Sample,
  names: readonly string[],
  buckets: readonly number[] | undefined,
): FamilyLine[] {
  const labels = names.map((name, at) => [name, values[at]!] as const);
  if (buckets === undefined) {
    return [{ suffix: "", labels, value: numbers[0]! }];
  }
  let count = 0;
  const lines = [...buckets, Infinity].map((bound, at): FamilyLine => {
    count += numbers[at]!;
    return {
      suffix: "_bucket",
      labels: [...labels, ["le", bound === Infinity ? "+Inf" : `${bound}`]],
      value: count,
    };
  });
  lines.push({ suffix: "_sum", labels, value: numbers[buckets.length + 1]! });
  lines.push({ suffix: "_count", labels, value: count });
  return lines;
}

/** Writes families, which have different names, in their order. */
export function render(
  families: readonly Family[],
  format: ExpositionFormat,
): RenderedMetrics {
  const isOpen = format === "openMetrics";
  const text: string[] = [];
  for (const { name, kind, unit, help, lines } of families) {
    const isCounter = kind === "counter";
    // OpenMetrics names the family without what its samples end in, and demands that end.
    const family = isOpen && isCounter ? name.replace(/_total$/, "") : name;
    const sample = isOpen && isCounter ? `${family}_total` : name;
    text.push(`# HELP ${family} ${escapeHelp(help, isOpen)}\n`);
    text.push(`# TYPE ${family} ${typeOf(kind, isOpen)}\n`);
    if (isOpen && unit !== undefined && family.endsWith(`_${unit}`)) {
      text.push(`# UNIT ${family} ${unit}\n`);
    }
    for (const { suffix, labels, value } of lines) {
      text.push(
        `${sample}${suffix}${labelText(labels, isOpen)} ${numberText(value)}\n`,
      );
    }
  }
  if (isOpen) text.push("# EOF\n");
  return { contentType: CONTENT_TYPES[format], body: text.join("") };
}

function typeOf(kind: Family["kind"], isOpen: boolean): string {
  return kind === "unknown" && !isOpen ? "untyped" : kind;
}

function labelText(labels: FamilyLine["labels"], isOpen: boolean): string {
  if (labels.length === 0) return "";
  const pairs = labels.map(([name, value]) =>
    `${name}="${
      escapeLabel(isOpen && isBound(name) ? canonical(value) : value)
    }"`
  );
  return `{${pairs.join(",")}}`;
}

function isBound(name: string): boolean {
  return name === "le" || name === "quantile";
}

/** Bounds are floating-point numbers in OpenMetrics: `1.0`, not `1`. */
function canonical(bound: string): string {
  return /^-?\d+$/.test(bound) ? `${bound}.0` : bound;
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return `${value}`;
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}

function escapeHelp(text: string, isOpen: boolean): string {
  const escaped = text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return isOpen ? escaped.replaceAll('"', '\\"') : escaped;
}

function escapeLabel(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")
    .replaceAll('"', '\\"');
}

/** The alert rules and the dashboard under examples/deploy/ ask for metrics that there are. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, test } from "node:test";
import { METRIC_NAMES, METRICS } from "../../src/metrics/table.ts";

const read = (path: string) =>
  readFileSync(
    new URL(`../../examples/deploy/${path}`, import.meta.url),
    "utf8",
  );

/** Names of samples: those of histograms have three. */
const SAMPLES: ReadonlySet<string> = new Set(
  METRIC_NAMES.flatMap((name) =>
    METRICS[name].kind === "histogram"
      ? ["_bucket", "_sum", "_count"].map((suffix) => name + suffix)
      : [name]
  ),
);
const LABELS: ReadonlySet<string> = new Set([
  "job",
  "instance",
  "le",
  ...METRIC_NAMES.flatMap((name) => METRICS[name].labels),
]);

function checkQuery(query: string): void {
  const names = query.match(/\b(http_server|tricorn|process)_\w+/g) ?? [];
  assert.ok(names.length > 0, query);
  for (const name of names) assert.ok(SAMPLES.has(name), `${name}: ${query}`);
  const labels = [
    ...[...query.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list]) =>
      list!.split(/,\s*/)
    ),
    ...[...query.matchAll(/(\w+)=~?"/g)].map(([, label]) => label!),
  ];
  for (const label of labels) {
    assert.ok(LABELS.has(label), `${label}: ${query}`);
  }
}

describe("examples/deploy/", () => {
  test("the alert rules are YAML, and ask for metrics of the table", () => {
    const yaml = createRequire(import.meta.url)("yaml");
    const { groups } = yaml.parse(read("prometheus/tricorn.rules.yml"));
    const [{ rules }] = groups;
    assert.ok(rules.length >= 5);
    for (const { alert, expr, annotations } of rules) {
      assert.match(alert, /^Tricorn\w+$/);
      assert.ok(annotations.summary);
      checkQuery(expr);
    }
    const { rule_files: files } = yaml.parse(read("prometheus/prometheus.yml"));
    assert.deepEqual(files, ["tricorn.rules.yml"]);
  });

  test("the dashboard is JSON, and asks for metrics of the table", () => {
    const { panels } = JSON.parse(read("grafana/tricorn.json"));
    assert.ok(panels.length >= 10);
    for (const { targets } of panels) {
      for (const { expr } of targets) checkQuery(expr);
    }
  });
});

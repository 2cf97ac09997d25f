/** The table of metrics against the conventions of those who read it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { METRIC_NAMES, METRICS } from "../../src/metrics/table.ts";
import { observabilityDocument, withTable } from "./metrics_document.ts";

describe("METRICS", () => {
  for (const name of METRIC_NAMES) {
    const { kind, unit, labels, help, buckets } = METRICS[name];

    test(`${name} is named as Prometheus and OpenMetrics demand`, () => {
      assert.match(name, /^(http_server|tricorn|process)_[a-z_]+$/);
      assert.equal(name.endsWith("_total"), kind === "counter");
      if (unit !== undefined) {
        assert.ok(name.replace(/_total$/, "").endsWith(`_${unit}`));
      }
      for (const label of labels) {
        assert.match(label, /^[a-z_]+$/);
        assert.notEqual(label, "le");
      }
    });

    test(`${name} is explained in one line`, () => {
      assert.match(help, /^[A-Z][^\n]+[^.\n]$/);
    });

    test(`${name} has ascending buckets, if it is a histogram`, () => {
      assert.equal(buckets !== undefined, kind === "histogram");
      const ascending = [...buckets ?? []].sort((a, b) => a - b);
      assert.deepEqual(buckets ?? [], ascending);
    });
  }
});

test("docs/observability.md has the table", () => {
  // How wide columns are is the formatter's business.
  const words = (text: string) => text.split(/[\s-]+/).join(" ");
  const document = observabilityDocument();
  assert.equal(
    words(document),
    words(withTable(document)),
    "write it anew: node tests/metrics/metrics_document.ts && deno fmt docs",
  );
});

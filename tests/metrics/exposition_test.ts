/** The text of metrics, read by parsers that are not ours where there are any. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  familiesOf,
  type Family,
  negotiate,
  render,
} from "../../src/metrics/exposition.ts";
import type { Snapshot } from "../../src/metrics/snapshot.ts";
import { METRIC_NAMES, METRICS } from "../../src/metrics/table.ts";
import { needsPrometheusClient } from "../_support/needs.ts";
import { readWithPython } from "./_prometheus.ts";

/** One series of each metric, in which everything is different. */
const EVERYTHING: Snapshot = Object.fromEntries(
  METRIC_NAMES.map((name, at) => {
    const { labels, buckets } = METRICS[name];
    const values = buckets === undefined
      ? [at + 0.5]
      : [...buckets, 0, 0].map((_, bucket) => bucket);
    return [name, [[labels.map((label) => `a ${label}`), values]]];
  }),
);

const HOSTILE: Family = {
  name: "app_hostile",
  kind: "gauge",
  help: 'a "quoted" \\ help\nof two lines',
  lines: [
    { suffix: "", labels: [["path", '"\\\n{}=,€']], value: 1 },
    { suffix: "", labels: [["path", ""]], value: -Infinity },
    { suffix: "", labels: [["path", "n"]], value: NaN },
  ],
};

const skip = needsPrometheusClient();

describe("the text", { skip }, () => {
  for (const format of ["text", "openMetrics"] as const) {
    test(`of every metric is read as ${format} by another parser, value for value`, () => {
      const families = familiesOf(EVERYTHING);
      const { body } = render(families, format);
      const read = readWithPython(format, body);
      assert.equal(read.length, METRIC_NAMES.length);
      read.forEach(({ name, type, samples }, at) => {
        const own = METRICS[METRIC_NAMES[at]!];
        assert.equal(name, METRIC_NAMES[at]!.replace(/_total$/, ""));
        assert.equal(type, own.kind);
        assert.deepEqual(
          samples.map(([, , value]) => Number(value)),
          families[at]!.lines.map(({ value }) => value),
        );
        for (const label of own.labels) {
          assert.equal(samples[0]![1][label], `a ${label}`);
        }
      });
    });

    test(`of hostile labels and help is read as ${format} as it was`, () => {
      const { body } = render([HOSTILE], format);
      const [read] = readWithPython(format, body);
      assert.equal(read!.help, HOSTILE.help);
      assert.deepEqual(
        read!.samples.map(([, labels, value]) => [labels["path"], value]),
        [['"\\\n{}=,€', "1.0"], ["", "-inf"], ["n", "nan"]],
      );
    });

    test(`of a counter and a summary of an application is read as ${format}`, () => {
      const { body } = render([
        {
          name: "app_jobs",
          kind: "counter",
          help: "Jobs",
          lines: [{ suffix: "", labels: [], value: 7 }],
        },
        {
          name: "app_size",
          kind: "summary",
          help: "Sizes",
          lines: [
            { suffix: "", labels: [["quantile", "1"]], value: 3 },
            { suffix: "_sum", labels: [], value: 5 },
            { suffix: "_count", labels: [], value: 2 },
          ],
        },
      ], format);
      const read = readWithPython(format, body);
      assert.deepEqual(read.map(({ name }) => name), ["app_jobs", "app_size"]);
    });
  }
});

describe("render()", () => {
  test("writes cumulative buckets, sum and count", () => {
    const { body } = render(
      familiesOf({
        tricorn_event_loop_lag_seconds: [[[], [
          1,
          2,
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          4,
          9.5,
        ]]],
      }),
      "text",
    );
    assert.match(body, /_bucket\{le="0.005"\} 1\n.*\{le="0.01"\} 3\n/);
    assert.match(
      body,
      /\{le="10"\} 3\n.*\{le="\+Inf"\} 7\n.*_sum 9.5\n.*_count 7\n$/,
    );
  });

  test("ends OpenMetrics with its mark, and names the units", () => {
    const { body, contentType } = render(
      familiesOf({ process_cpu_seconds_total: [[[], [1]]] }),
      "openMetrics",
    );
    assert.match(body, /\n# UNIT process_cpu_seconds seconds\n/);
    assert.match(body, /\nprocess_cpu_seconds_total 1\n# EOF\n$/);
    assert.match(
      contentType,
      /^application\/openmetrics-text; version=1\.0\.0/,
    );
  });

  test("leaves out what has no series", () => {
    assert.equal(
      render(familiesOf({ tricorn_faults_total: [] }), "text").body,
      "",
    );
  });
});

describe("negotiate()", () => {
  for (
    const [accept, format] of [
      ["", "text"],
      ["*/*", "text"],
      ["text/html,application/xhtml+xml,*/*;q=0.8", "text"],
      ["application/openmetrics-text", "openMetrics"],
      [
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
        "openMetrics",
      ],
      ["application/openmetrics-text;version=0.0.1", "text"],
      ["application/openmetrics-text;q=0", "text"],
      ["text/plain;q=0.9, application/openmetrics-text;q=0.2", "text"],
      // Prometheus 3.
      [
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5," +
        "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;" +
        "escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
        "openMetrics",
      ],
      ["application/openmetrics-text;q=x,,;;=", "text"],
    ] as const
  ) {
    test(`takes ${format} for "${accept}"`, () => {
      assert.equal(negotiate(accept), format);
    });
  }
});

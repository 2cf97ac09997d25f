/** Metrics of an application, in the shape of prom-client 15. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  appFamilies,
  asAppMetrics,
  mergeAppMetrics,
  outlivesWorker,
  readAppMetrics,
} from "../../src/metrics/app_metrics.ts";

function gauge(aggregator: string, value: number) {
  return readAppMetrics([{
    name: "app_gauge",
    help: "A gauge",
    type: "gauge",
    aggregator,
    values: [{ value, labels: { queue: "a" } }],
  }]);
}

describe("asAppMetrics()", () => {
  const [metric] = gauge("max", 3);

  test("takes what it is told of metrics of this shape", () => {
    assert.deepEqual(asAppMetrics([metric]), [metric]);
  });

  for (
    const [what, data] of [
      ["no list", { metric }],
      ["no object", [null]],
      ["a kind of another version", [{ ...metric, kind: "gaugehistogram" }]],
      ["an aggregator of another version", [{ ...metric, aggregator: "p99" }]],
      ["a value that is no number", [{ ...metric, values: [["", [], "3"]] }]],
      ["a label that is no pair", [{ ...metric, values: [["", ["a"], 3]] }]],
      ["values with more parts", [{ ...metric, values: [["", [], 3, 4]] }]],
    ] as const
  ) {
    test(`leaves out ${what}`, () => {
      assert.deepEqual(asAppMetrics(data), []);
    });
  }
});

describe("readAppMetrics()", () => {
  test("reads names behind the metric's own, labels and values", () => {
    assert.deepEqual(
      readAppMetrics([{
        name: "app_times",
        help: "Times",
        type: "histogram",
        aggregator: "sum",
        values: [
          {
            value: 1,
            labels: { le: 0.5, job: "x" },
            metricName: "app_times_bucket",
          },
          { value: 2, labels: {}, metricName: "app_times_sum" },
        ],
      }]),
      [{
        name: "app_times",
        help: "Times",
        kind: "histogram",
        aggregator: "sum",
        values: [
          ["_bucket", [["le", "0.5"], ["job", "x"]], 1],
          ["_sum", [], 2],
        ],
      }],
    );
  });

  const good = { name: "a", help: "", type: "gauge", values: [{ value: 1 }] };
  for (
    const [what, json] of [
      ["what is no list", { a: 1 }],
      ["what is no object", [null, 1, "a"]],
      ["a name that would break the text", [{ ...good, name: "a b\n" }]],
      ["an unknown type", [{ ...good, type: "untyped" }]],
      ["values that are no list", [{ ...good, values: 1 }]],
    ] as const
  ) {
    test(`leaves out ${what}`, () => {
      assert.deepEqual(readAppMetrics(json), []);
    });
  }

  test("leaves out values and labels that would break the text", () => {
    const [metric] = readAppMetrics([{
      ...good,
      values: [
        { value: "1" },
        { value: 1, metricName: "other" },
        { value: 1, labels: { "a b": "c", fine: undefined } },
        null,
      ],
    }]);
    assert.deepEqual(metric!.values, [["", [["fine", "undefined"]], 1]]);
  });
});

describe("mergeAppMetrics()", () => {
  for (
    const [aggregator, expected] of [
      ["sum", 6],
      ["first", 1],
      ["min", 1],
      ["max", 3],
      ["average", 2],
      ["unheard-of", 6],
    ] as const
  ) {
    test(`merges by the aggregator ${aggregator}`, () => {
      const [merged] = mergeAppMetrics(
        [1, 2, 3].map((value) => gauge(aggregator, value)),
      );
      assert.deepEqual(merged!.values, [["", [["queue", "a"]], expected]]);
    });
  }

  test("leaves out what is to be omitted", () => {
    assert.deepEqual(mergeAppMetrics([gauge("omit", 1)]), []);
  });
});

test("outlivesWorker() is said of what counts", () => {
  const [one] = gauge("sum", 1);
  assert.equal(outlivesWorker(one!), false);
  assert.equal(outlivesWorker({ ...one!, kind: "counter" }), true);
  assert.equal(
    outlivesWorker({ ...one!, kind: "counter", aggregator: "max" }),
    false,
  );
});

test("appFamilies() leaves names of the server to the server", () => {
  const metrics = gauge("sum", 1);
  assert.equal(appFamilies(metrics, new Set()).length, 1);
  assert.equal(appFamilies(metrics, new Set(["app_gauge"])).length, 0);
});

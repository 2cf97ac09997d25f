import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Counter, HistogramSeries } from "../../src/metrics/instruments.ts";

describe("Counter", () => {
  test("counts from 0", () => {
    const counter = new Counter();
    assert.deepEqual(counter.samples, [[[], [0]]]);
    counter.add(0, 2);
    counter.add(0, 1);
    assert.deepEqual(counter.samples, [[[], [3]]]);
  });

  test("shows the labels that it has counted", () => {
    const counter = new Counter(["a", "b", "c"]);
    assert.deepEqual(counter.samples, []);
    counter.add(1, 1);
    counter.add(2, 4);
    assert.deepEqual(counter.samples, [[["b"], [1]], [["c"], [4]]]);
    assert.equal(counter.sum, 5);
  });

  test("shows all labels from the start, if it is to", () => {
    const counter = new Counter(["a", "b"], "all");
    counter.add(1, 2);
    assert.deepEqual(counter.samples, [[["a"], [0]], [["b"], [2]]]);
  });
});

describe("HistogramSeries", () => {
  for (
    const [value, bucket] of [[0, 0], [1, 0], [1.5, 1], [2, 1], [2.1, 2], [
      9,
      2,
    ]] as const
  ) {
    test(`counts ${value} in the bucket ${bucket} of 1, 2 and infinity`, () => {
      const series = new HistogramSeries([1, 2], ["x"]);
      series.observe(value);
      const counts = [0, 0, 0];
      counts[bucket] = 1;
      assert.deepEqual(series.sample, [["x"], [...counts, value]]);
    });
  }

  test("adds up what it sees", () => {
    const series = new HistogramSeries([1]);
    for (const value of [0.5, 0.25, 4]) series.observe(value);
    assert.deepEqual(series.sample, [[], [2, 1, 4.75]]);
  });
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { AppMetric } from "../../src/metrics/app_metrics.ts";
import { Totals } from "../../src/metrics/totals.ts";

function told(connections: number, open: number) {
  return {
    snapshot: {
      tricorn_connections_total: [[[], [connections]]],
      tricorn_active_connections: [[[], [open]]],
    },
  } as const;
}

function jobs(value: number): AppMetric {
  return {
    name: "jobs",
    help: "",
    kind: "counter",
    aggregator: "sum",
    values: [["", [], value]],
  };
}

describe("Totals", () => {
  test("adds up what several tell, each by its last word", () => {
    const totals = new Totals();
    const [one, other] = [{}, {}];
    totals.update(one, told(1, 1));
    totals.update(one, told(5, 2));
    totals.update(other, told(10, 3));
    assert.deepEqual(totals.sum({}).snapshot, told(15, 5).snapshot);
  });

  test("keeps what the dead have counted, and not what they had open", () => {
    const totals = new Totals();
    const [one, other] = [{}, {}];
    totals.update(one, told(5, 2));
    totals.retire(one);
    totals.update(other, told(1, 1));
    assert.deepEqual(totals.sum({}).snapshot, told(6, 1).snapshot);
    totals.retire(one); // twice counts once
    assert.deepEqual(totals.sum({}).snapshot, told(6, 1).snapshot);
  });

  test("keeps the application's counters of the dead, too", () => {
    const totals = new Totals();
    const one = {};
    totals.update(one, { ...told(1, 1), app: [jobs(3)] });
    totals.update(one, told(2, 1)); // without the application's
    totals.retire(one);
    totals.update({}, { ...told(0, 0), app: [jobs(4)] });
    assert.deepEqual(totals.sum({}).app, [jobs(7)]);
  });
});

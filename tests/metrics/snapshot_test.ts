import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  addUp,
  asSnapshot,
  outlivesProcess,
  type Snapshot,
} from "../../src/metrics/snapshot.ts";
import { METRICS } from "../../src/metrics/table.ts";

const BUCKETS = METRICS.tricorn_connection_duration_seconds.buckets!.length + 2;

describe("addUp()", () => {
  test("adds series with the same labels, and keeps the others", () => {
    const one: Snapshot = {
      tricorn_faults_total: [[["BAD_HOST"], [2]], [["BAD_METHOD"], [1]]],
    };
    const other: Snapshot = {
      tricorn_faults_total: [[["BAD_HOST"], [3]]],
      tricorn_active_connections: [[[], [4]]],
    };
    assert.deepEqual(addUp([one, other]), {
      tricorn_faults_total: [[["BAD_HOST"], [5]], [["BAD_METHOD"], [1]]],
      tricorn_active_connections: [[[], [4]]],
    });
  });

  test("adds histograms bucket by bucket", () => {
    const values = Array.from({ length: BUCKETS }, (_, at) => at);
    const one: Snapshot = {
      tricorn_connection_duration_seconds: [[[], values]],
    };
    assert.deepEqual(addUp([one, one]), {
      tricorn_connection_duration_seconds: [[
        [],
        values.map((value) => value * 2),
      ]],
    });
  });

  test("changes nothing of what it is given", () => {
    const one: Snapshot = { tricorn_connections_total: [[[], [1]]] };
    addUp([one, one]);
    assert.deepEqual(one, { tricorn_connections_total: [[[], [1]]] });
  });

  test("takes what is asked for alone", () => {
    const one: Snapshot = {
      tricorn_connections_total: [[[], [1]]],
      tricorn_active_connections: [[[], [1]]],
    };
    assert.deepEqual(addUp([one], outlivesProcess), {
      tricorn_connections_total: [[[], [1]]],
    });
  });
});

describe("asSnapshot()", () => {
  for (
    const [what, data] of [
      ["nothing", undefined],
      ["null", null],
      ["text", "tricorn_connections_total"],
      ["a metric that is unknown", { other_total: [[[], [1]]] }],
      ["series that are no list", { tricorn_connections_total: 1 }],
      ["a value that is no number", {
        tricorn_connections_total: [[[], ["1"]]],
      }],
      ["too many labels", { tricorn_connections_total: [[["a"], [1]]] }],
      ["a histogram of other buckets", {
        tricorn_connection_duration_seconds: [[[], [1, 2]]],
      }],
    ] as const
  ) {
    test(`leaves out ${what}`, () => {
      assert.deepEqual(Object.values(asSnapshot(data)).flat(), []);
    });
  }

  test("keeps what fits", () => {
    const snapshot = { tricorn_connections_total: [[[], [1]]] };
    assert.deepEqual(asSnapshot({ ...snapshot, other: 1 }), snapshot);
  });
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  methodLabel,
  RequestDurations,
} from "../../src/metrics/request_durations.ts";

function labels(durations: RequestDurations): string[] {
  return durations.samples.map(([values]) => values.join(" "));
}

function counts(durations: RequestDurations): number[] {
  return durations.samples.map(([, values]) =>
    values.slice(0, -1).reduce((sum, value) => sum + value, 0)
  );
}

describe("RequestDurations", () => {
  test("keeps a series for each method, status, scheme and version", () => {
    const durations = new RequestDurations();
    durations.observe("GET", 200, "http", "1.1", 1);
    durations.observe("GET", 200, "http", "1.1", 1);
    durations.observe("POST", 200, "http", "1.1", 1);
    durations.observe("GET", 404, "http", "1.1", 1);
    durations.observe("GET", 200, "https", "1.1", 1);
    durations.observe("GET", 200, "http", "1.0", 1);
    durations.observe("GET", 200, "https", "2", 1);
    durations.observe("GET", 200, "http", "1.1", 1);
    assert.deepEqual(labels(durations), [
      "GET 200 http 1.1",
      "POST 200 http 1.1",
      "GET 404 http 1.1",
      "GET 200 https 1.1",
      "GET 200 http 1.0",
      "GET 200 https 2",
    ]);
    assert.deepEqual(counts(durations), [3, 1, 1, 1, 1, 1]);
  });

  test("tells of which kinds requests were", () => {
    const durations = new RequestDurations();
    assert.deepEqual(durations.kinds, []);
    durations.observe("GET", 200, "http", "1.1", 1);
    durations.observe("BREW", 404, "https", "1.1", 1);
    assert.deepEqual(durations.kinds, [["GET", "http"], ["_OTHER", "https"]]);
  });

  test("makes no label of what a peer sends: other methods and schemes share one", () => {
    const durations = new RequestDurations();
    for (const method of ["BREW", "get", '"}\n', "-", ""]) {
      durations.observe(method, 200, "gopher", "1.1", 1);
    }
    assert.deepEqual(labels(durations), ["_OTHER 200 http 1.1"]);
  });

  test("takes milliseconds and shows seconds", () => {
    const durations = new RequestDurations();
    durations.observe("GET", 200, "http", "1.1", 1500);
    const [[, values]] = durations.samples as [[unknown, number[]]];
    assert.equal(values.at(-1), 1.5);
  });

  test("is bounded, whatever statuses an application sends", () => {
    const durations = new RequestDurations();
    for (const method of ["GET", "POST"]) {
      for (let status = 100; status < 1000; status++) {
        durations.observe(method, status, "http", "1.1", 1);
      }
    }
    assert.equal(durations.samples.length, 1001);
    assert.equal(labels(durations).at(-1), "_OTHER _OTHER _OTHER _OTHER");
    assert.equal(counts(durations).at(-1), 800);
  });
});

test("methodLabel() knows the methods of RFC 9110 and PATCH", () => {
  assert.equal(methodLabel("PATCH"), "PATCH");
  assert.equal(methodLabel("PROPFIND"), "_OTHER");
});

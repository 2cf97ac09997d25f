/** What is sent to StatsD, datagram by datagram. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Statsd, type StatsdFormat } from "../../src/metrics/statsd.ts";
import { RECORD } from "../_support/request_records.ts";

function setUp(format: Partial<StatsdFormat> = {}) {
  const sent: string[] = [];
  const statsd = new Statsd(
    { prefix: "", tags: "", ...format },
    (datagram) => void sent.push(datagram),
  );
  const lines = () => sent.splice(0).join("\n").split("\n");
  return { statsd, sent, lines };
}

describe("Statsd", () => {
  test("tells requests, statuses and durations by Gunicorn's names", () => {
    const { statsd, lines } = setUp();
    statsd.onRequestEnd({ ...RECORD, status: 200, durationMs: 1.23456 });
    statsd.onRequestEnd({ ...RECORD, status: 404, durationMs: 2 });
    statsd.onRequestEnd({ ...RECORD, status: 200, durationMs: 30 });
    statsd.flush({ workers: 4 });
    assert.deepEqual(lines(), [
      "tricorn.requests:3|c",
      "tricorn.request.status.200:2|c",
      "tricorn.request.status.404:1|c",
      "tricorn.request.duration:1.235|ms",
      "tricorn.request.duration:2|ms",
      "tricorn.request.duration:30|ms",
      "tricorn.workers:4|g",
    ]);
  });

  test("tells messages of the log by Gunicorn's names", () => {
    const { statsd, lines } = setUp({ prefix: "shop" });
    statsd.onMessage("warning", undefined);
    statsd.onMessage("error", { fields: [] });
    statsd.onMessage("error", { error: new Error("of the application") });
    statsd.onMessage("warning", { error: new Error("told as a warning") });
    statsd.onMessage("critical", undefined);
    const told = [
      "shop.tricorn.log.warning:2|c",
      "shop.tricorn.log.error:1|c",
      "shop.tricorn.log.exception:1|c",
      "shop.tricorn.log.critical:1|c",
    ];
    statsd.flush();
    assert.deepEqual(lines(), told);
    statsd.flush();
    assert.deepEqual(lines(), [""]);
  });

  test("begins anew after each report, and says nothing of nothing", () => {
    const { statsd, sent } = setUp();
    statsd.onRequestEnd(RECORD);
    statsd.flush();
    sent.length = 0;
    statsd.flush();
    assert.deepEqual(sent, []);
  });

  test("adds prefix and tags", () => {
    const { statsd, lines } = setUp({ prefix: "shop", tags: "env:prod,a" });
    statsd.onRequestEnd({
      ...RECORD,
      status: 499,
      abortReason: "client_disconnected",
    });
    statsd.flush();
    assert.deepEqual(lines().slice(0, 3), [
      "shop.tricorn.requests:1|c|#env:prod,a",
      "shop.tricorn.request.status.499:1|c|#env:prod,a",
      "shop.tricorn.request.aborts:1|c|#env:prod,a",
    ]);
  });

  test("fits its lines into datagrams of a packet's size", () => {
    const { statsd, sent } = setUp();
    for (let at = 0; at < 200; at++) statsd.onRequestEnd(RECORD);
    statsd.flush();
    assert.ok(sent.length > 1);
    for (const datagram of sent) assert.ok(datagram.length <= 1432);
    assert.equal(sent.join("\n").split("\n").length, 202);
  });

  test("tells a part of many durations, with its rate, once it knows how many come", () => {
    const { statsd, lines } = setUp();
    const times = () => lines().filter((line) => line.includes("duration"));
    for (let at = 0; at < 1000; at++) statsd.onRequestEnd(RECORD);
    statsd.flush();
    assert.equal(times().length, 500);
    for (let at = 0; at < 1000; at++) statsd.onRequestEnd(RECORD);
    statsd.flush();
    const sampled = times();
    assert.equal(sampled.length, 500);
    assert.match(sampled[0]!, /\|ms\|@0\.5$/);
  });
});

/** The metrics of one process, with an application's registry that behaves well or badly. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Tracker } from "../../src/connection/tracking/tracker.ts";
import type { AppRegistry } from "../../src/metrics/app_metrics.ts";
import { ProcessMetrics } from "../../src/metrics/process_metrics.ts";
import { FakeLogger } from "../_support/harness.ts";
import { sumOf } from "./_prometheus.ts";

function setUp(registry?: AppRegistry) {
  const logger = new FakeLogger();
  let isLoaded = true;
  let elapse = (): void => {};
  const metrics = new ProcessMetrics({
    tracker: new Tracker(),
    handshakes: () => 0,
    memoryBytes: () => 1,
    cpuSeconds: () => 2,
    logger,
    facts: {
      version: "1.2.3",
      runtime: { name: "fake", version: "4" },
      startedAtMs: 1_700_000_000_500,
    },
    registry: () => isLoaded ? Promise.resolve(registry) : undefined,
    startTimer: (_ms, callback) => {
      elapse = callback;
      return () => {};
    },
  });
  const jobs = async () => sumOf((await metrics.render("")).body, "jobs_total");
  return {
    metrics,
    logger,
    jobs,
    elapse: () => elapse(),
    load: (is: boolean) => isLoaded = is,
  };
}

function jobsMetric(value: number) {
  return [{
    name: "jobs_total",
    help: "",
    type: "counter",
    values: [{ value }],
  }];
}

describe("ProcessMetrics", () => {
  test("says what runs, and since when", async () => {
    const { body, contentType } = await setUp().metrics.render("");
    assert.match(contentType, /^text\/plain; version=0\.0\.4/);
    assert.match(
      body,
      /\ntricorn_build_info\{version="1\.2\.3",runtime="fake",runtime_version="4"\} 1\n/,
    );
    assert.match(body, /\nprocess_start_time_seconds 1700000000\.5\n/);
  });

  test("shows the application's metrics, read anew each time", async () => {
    let value = 0;
    const { jobs } = setUp({
      getMetricsAsJSON: () => Promise.resolve(jobsMetric(++value)),
    });
    assert.deepEqual([await jobs(), await jobs()], [1, 2]);
  });

  test("asks no registry before the application is loaded", async () => {
    const { jobs, load } = setUp({ getMetricsAsJSON: () => jobsMetric(7) });
    load(false);
    assert.equal(await jobs(), 0);
    load(true);
    assert.equal(await jobs(), 7);
  });

  test("goes on with what a registry told last while it throws, and says so once", async () => {
    let isBroken = false;
    const { jobs, logger } = setUp({
      getMetricsAsJSON() {
        if (isBroken) throw new Error("collect() failed");
        return jobsMetric(3);
      },
    });
    assert.equal(await jobs(), 3);
    isBroken = true;
    assert.deepEqual([await jobs(), await jobs()], [3, 3]);
    assert.deepEqual(logger.at("warning"), [
      "Cannot read the application's metrics: collect() failed",
    ]);
    isBroken = false;
    await jobs();
    isBroken = true;
    await jobs();
    assert.equal(logger.at("warning").length, 2);
  });

  test("does not wait for a registry that hangs", async () => {
    const { jobs, elapse, logger } = setUp({
      getMetricsAsJSON: () => new Promise(() => {}),
    });
    const shown = jobs();
    elapse();
    assert.equal(await shown, 0);
    assert.deepEqual(logger.at("warning"), [
      "Cannot read the application's metrics: it does not answer",
    ]);
  });

  test("leaves out metrics of an application that have a name of ours", async () => {
    const { metrics } = setUp({
      getMetricsAsJSON: () => [{
        name: "process_cpu_seconds_total",
        type: "counter",
        values: [{ value: 1000 }],
      }],
    });
    const { body } = await metrics.render("");
    assert.equal(sumOf(body, "process_cpu_seconds_total"), 2);
  });
});

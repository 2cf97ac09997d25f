/** Metrics of a server process that is started anew again and again. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ParentMetrics } from "../../../src/supervisor/parent_metrics.ts";
import { ChildMetrics } from "../../../src/supervisor/reload/child_metrics.ts";
import { FakeClock, settle } from "../../_support/fake_clock.ts";
import { sumOf } from "../../metrics/_prometheus.ts";

function setUp() {
  const clock = new FakeClock();
  const metrics = new ParentMetrics({
    facts: {
      version: "1",
      runtime: { name: "fake", version: "2" },
      startedAtMs: 0,
    },
    memoryBytes: () => 50,
    cpuSeconds: () => 1,
    monotonicMs: clock.monotonicMs,
    startTimer: (ms, callback) => {
      const stop = clock.every(ms, () => {
        stop();
        callback();
      });
      return stop;
    },
  });
  const watcher = new ChildMetrics(
    metrics,
    (ms, callback) => clock.every(ms, callback),
  );
  /** A process that has counted so many connections, and answers if it is to. */
  const childOf = (connections: number, answers = true) => ({
    pid: connections,
    received: [] as string[],
    send(message: object): boolean {
      const { kind, id } = message as { kind: string; id: number };
      this.received.push(kind);
      if (!answers) return true;
      const vitals = {} as never;
      if (kind === "ping") {
        watcher.onMessage(this, { kind: "pong", id, vitals });
      }
      if (kind === "metrics") this.tell({ id });
      return true;
    },
    tell(how: { readonly id?: number; readonly isLast?: boolean }): void {
      const snapshot = {
        tricorn_connections_total: [[[], [connections]]],
        tricorn_active_connections: [[[], [1]]],
      } as const;
      watcher.onMessage(this, { kind: "metrics", ...how, snapshot });
    },
  });
  const text = async (): Promise<string> => {
    const rendering = metrics.render("");
    await settle();
    clock.advance(500);
    return (await rendering).body;
  };
  const restarts = async () =>
    [...(await text()).matchAll(/restarts_total\{reason="(\w+)"\} ([1-9]\d*)/g)]
      .map(([, reason, times]) => `${reason} ${times}`);
  return { clock, watcher, childOf, text, restarts };
}

describe("ChildMetrics", () => {
  test("shows the server process as the one worker", async () => {
    const { watcher, childOf, text } = setUp();
    assert.equal(sumOf(await text(), "tricorn_workers"), 0);
    const child = childOf(3);
    watcher.onStart(child);
    const starting = await text();
    assert.equal(sumOf(starting, "tricorn_workers", { state: "starting" }), 1);
    assert.deepEqual(child.received, []); // it may compute for as long as it likes
    watcher.onMessage(child, { kind: "ready" });
    const body = await text();
    assert.equal(sumOf(body, "tricorn_workers", { state: "ready" }), 1);
    assert.equal(sumOf(body, "tricorn_worker_up", { worker: "0" }), 1);
    assert.equal(sumOf(body, "tricorn_connections_total"), 3);
    assert.equal(sumOf(body, "tricorn_active_connections"), 1);
  });

  test("keeps what a process has counted when another one takes its place", async () => {
    const { watcher, childOf, text, restarts } = setUp();
    const [first, second] = [childOf(3), childOf(4)];
    watcher.onStart(first);
    watcher.onMessage(first, { kind: "ready" });
    watcher.onDrain(first, true);
    assert.equal(
      sumOf(await text(), "tricorn_workers", { state: "ending" }),
      1,
    );
    first.tell({ isLast: true });
    assert.equal(first.received.at(-1), "metricsKept");
    watcher.onGone(first);
    watcher.onStart(second);
    watcher.onMessage(second, { kind: "ready" });
    const body = await text();
    assert.equal(sumOf(body, "tricorn_connections_total"), 7);
    assert.equal(sumOf(body, "tricorn_active_connections"), 1);
    assert.equal(sumOf(body, "tricorn_worker_drain_seconds_count"), 1);
    assert.deepEqual(await restarts(), ["restart 1"]);
  });

  test("counts a death, a limit on requests, and no end of everything", async () => {
    const { watcher, childOf, restarts } = setUp();
    const [first, second, third] = [childOf(1), childOf(1), childOf(1)];
    watcher.onStart(first);
    watcher.onGone(first);
    assert.deepEqual(await restarts(), ["died 1"]);
    watcher.onStart(second);
    watcher.onMessage(second, { kind: "spent", requests: 9 });
    watcher.onDrain(second, true);
    watcher.onGone(second);
    watcher.onStart(third);
    watcher.onDrain(third, false);
    watcher.onGone(third);
    assert.deepEqual(await restarts(), ["died 1", "requests 1"]);
    // Of a process that is not served from any more nothing is taken.
    third.tell({});
    watcher.onDrain(third, true);
    watcher.onGone(third);
    assert.deepEqual(await restarts(), ["died 1", "requests 1"]);
  });

  test("looks each second what is new, and not again before an answer", async () => {
    const { clock, watcher, childOf, text } = setUp();
    const child = childOf(2, false);
    watcher.onStart(child);
    clock.advance(1000);
    assert.deepEqual(child.received, []);
    watcher.onMessage(child, { kind: "ready" });
    for (let seconds = 0; seconds < 3; seconds++) clock.advance(1000);
    assert.deepEqual(child.received, ["ping"]);
    const vitals = {} as never;
    watcher.onMessage(child, { kind: "pong", id: 1, vitals });
    child.tell({});
    clock.advance(1000);
    assert.deepEqual(child.received, ["ping", "ping"]);
    // One that hangs is shown with what it told last.
    const body = await text();
    assert.equal(sumOf(body, "tricorn_worker_up"), 0);
    assert.equal(sumOf(body, "tricorn_connections_total"), 2);
    watcher.close();
    watcher.onMessage(child, { kind: "pong", id: 2, vitals });
    child.received.length = 0;
    clock.advance(2000);
    assert.deepEqual(child.received, []);
  });

  test("does not wait for a process that ends while it is asked", async () => {
    const { watcher, childOf, text } = setUp();
    const child = childOf(2, false);
    watcher.onStart(child);
    watcher.onMessage(child, { kind: "ready" });
    const body = text();
    await settle();
    watcher.onGone(child);
    assert.equal(sumOf(await body, "tricorn_worker_up"), 0);
  });
});

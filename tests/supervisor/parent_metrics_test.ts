/** Metrics of workers that answer, hang, die and are replaced. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ParentMetrics } from "../../src/supervisor/parent_metrics.ts";
import { Supervisor } from "../../src/supervisor/supervisor.ts";
import { settle } from "../_support/fake_clock.ts";
import { sumOf } from "../metrics/_prometheus.ts";
import { type FakeChild, FakeHost, planOf } from "./_fake_workers.ts";

/** A worker that has counted so many connections, and answers each question. */
function counts(child: FakeChild, connections: number): void {
  const send = child.send.bind(child);
  child.send = (message) => {
    const { kind, id } = message as { kind: string; id?: number };
    if (kind === "metrics" && child.answers) {
      child.tell({ kind: "metrics", id, snapshot: counted(connections) });
    }
    return send(message);
  };
}

function counted(connections: number) {
  return {
    tricorn_connections_total: [[[], [connections]]],
    tricorn_active_connections: [[[], [1]]],
    process_resident_memory_bytes: [[[], [1000]]],
  };
}

async function setUp(count: number) {
  const host = new FakeHost();
  const supervisor = new Supervisor(planOf(count), host, host.logger);
  const metrics = new ParentMetrics({
    facts: {
      version: "1",
      runtime: { name: "fake", version: "2" },
      startedAtMs: 0,
    },
    memoryBytes: () => 50,
    cpuSeconds: () => 1,
    monotonicMs: host.monotonicMs,
    startTimer: host.startTimer,
  });
  metrics.watch(supervisor.pool);
  supervisor.pool.observer = metrics;
  supervisor.start();
  await settle();
  for (const child of host.children) await child.ready();
  const text = async (): Promise<string> => {
    const rendering = metrics.render("");
    await host.advance(500);
    return (await rendering).body;
  };
  const restarts = async () =>
    [...(await text()).matchAll(/restarts_total\{reason="(\w+)"\} ([1-9]\d*)/g)]
      .map(([, reason, times]) => `${reason} ${times}`);
  return { host, supervisor, metrics, text, restarts };
}

describe("ParentMetrics", () => {
  test("adds up what workers answer, and itself", async () => {
    const { host, text } = await setUp(3);
    host.children.forEach((child, at) => counts(child, 10 ** at));
    const body = await text();
    assert.equal(sumOf(body, "tricorn_connections_total"), 111);
    assert.equal(sumOf(body, "process_resident_memory_bytes"), 3050);
    assert.equal(sumOf(body, "process_cpu_seconds_total"), 1);
    assert.equal(sumOf(body, "tricorn_workers", { state: "ready" }), 3);
    assert.equal(sumOf(body, "tricorn_worker_up"), 3);
    assert.equal(
      sumOf(body, "tricorn_worker_resident_memory_bytes", { worker: "2" }),
      1000,
    );
  });

  test("shows a worker that does not answer with what it told last", async () => {
    const { host, text } = await setUp(2);
    for (const child of host.children) counts(child, 5);
    await text();
    host.children[1]!.answers = false;
    const body = await text();
    assert.equal(sumOf(body, "tricorn_connections_total"), 10);
    assert.equal(sumOf(body, "tricorn_worker_up", { worker: "0" }), 1);
    assert.equal(sumOf(body, "tricorn_worker_up", { worker: "1" }), 0);
  });

  test("keeps what a worker had told by itself when it is killed", async () => {
    const { host, text, restarts } = await setUp(1);
    const [first] = host.children;
    first!.tell({ kind: "metrics", snapshot: counted(7) });
    first!.exit(null, "SIGKILL");
    await settle();
    await host.children[1]!.ready();
    counts(host.children[1]!, 1);
    const body = await text();
    assert.equal(sumOf(body, "tricorn_connections_total"), 8);
    assert.equal(sumOf(body, "tricorn_active_connections"), 1);
    assert.deepEqual(await restarts(), ["died 1"]);
  });

  test("says that it has the last metrics of a worker, which may exit then", async () => {
    const { host, text } = await setUp(1);
    const [child] = host.children;
    child!.tell({ kind: "metrics", isLast: true, snapshot: counted(3) });
    assert.ok(child!.received.includes("metricsKept"));
    child!.exit(0);
    await settle();
    assert.equal(sumOf(await text(), "tricorn_connections_total"), 3);
  });

  test("counts a rolling restart, and how long the old workers took to end", async () => {
    const { host, supervisor, text, restarts } = await setUp(2);
    const isDone = supervisor.restart(() => Promise.resolve(planOf(2)));
    for (const at of [2, 3]) {
      await settle();
      await host.children[at]!.ready();
    }
    assert.equal(await isDone, true);
    assert.deepEqual(await restarts(), ["restart 2"]);
    const body = await text();
    assert.equal(sumOf(body, "tricorn_worker_drain_seconds_count"), 2);
  });

  test("counts why workers are replaced, and not those that nobody follows", async () => {
    const { host, supervisor, restarts } = await setUp(2);
    host.children[0]!.tell({ kind: "spent", requests: 10 });
    await settle();
    await host.children[2]!.ready();
    assert.deepEqual(await restarts(), ["requests 1"]);
    supervisor.shrink();
    await settle();
    assert.deepEqual(await restarts(), ["requests 1"]);
  });

  test("does not blame a restart for a worker that stays because its successor failed", async () => {
    const { host, supervisor, restarts } = await setUp(1);
    const isDone = supervisor.restart(() => Promise.resolve(planOf(1)));
    await settle();
    host.children[1]!.exit(1);
    assert.equal(await isDone, false);
    host.children[0]!.exit(null, "SIGSEGV");
    await settle();
    assert.deepEqual(await restarts(), ["died 2"]);
  });

  test("asks once for all who ask at the same time", async () => {
    const { host, metrics } = await setUp(1);
    const [child] = host.children;
    counts(child!, 1);
    await Promise.all([metrics.render(""), metrics.render("")]);
    const asked = child!.received.filter((kind) => kind === "metrics");
    assert.equal(asked.length, 1);
  });

  test("ignores what is no snapshot, and answers to an earlier question", async () => {
    const { host, text } = await setUp(1);
    const [child] = host.children;
    child!.tell({ kind: "metrics", id: 99, snapshot: { nonsense: 1 } });
    child!.tell({ kind: "metrics", snapshot: null });
    const body = await text();
    assert.equal(sumOf(body, "tricorn_worker_up"), 0);
    assert.equal(sumOf(body, "tricorn_connections_total"), 0);
  });

  test("goes on where a parent before it is, and keeps that when it is gone", async () => {
    const { metrics, text } = await setUp(0);
    const before = {};
    metrics.inherit(before, { snapshot: counted(40) as never });
    assert.equal(sumOf(await text(), "tricorn_connections_total"), 40);
    metrics.inherit(before, { snapshot: counted(42) as never });
    metrics.inheritAll(before);
    assert.equal(sumOf(await text(), "tricorn_connections_total"), 42);
  });

  test("does not wait for a worker that dies while it is asked", async () => {
    const { host, metrics } = await setUp(1);
    const rendering = metrics.render("");
    await settle();
    host.children[0]!.exit(null, "SIGKILL");
    const { body } = await rendering; // no time has passed on this clock
    assert.equal(sumOf(body, "tricorn_worker_up"), 0);
  });

  test("leaves a successor all counters, its own included, and what is open", async () => {
    const { host, metrics, text } = await setUp(2);
    const before = {};
    metrics.inherit(before, {
      snapshot: {
        ...counted(40),
        process_cpu_seconds_total: [[[], [5]]],
        tricorn_worker_restarts_total: [[["died"], [2]]],
      } as never,
      app: [
        {
          name: "jobs",
          help: "",
          kind: "counter",
          aggregator: "sum",
          values: [["", [], 3]],
        },
        { name: "of another version" } as never,
      ],
    });
    host.children[0]!.tell({ kind: "metrics", snapshot: counted(7) });
    host.children[0]!.exit(null, "SIGKILL");
    await settle();
    host.children[1]!.tell({ kind: "metrics", snapshot: counted(1) });
    const { snapshot, app } = metrics.legacy;
    assert.deepEqual(snapshot.tricorn_connections_total, [[[], [48]]]);
    assert.deepEqual(snapshot.tricorn_active_connections, [[[], [2]]]);
    assert.deepEqual(snapshot.process_cpu_seconds_total, [[[], [6]]]);
    assert.deepEqual(snapshot.tricorn_worker_restarts_total![0], [
      ["died"],
      [3],
    ]);
    assert.equal(snapshot.tricorn_workers, undefined);
    assert.equal(snapshot.tricorn_build_info, undefined);
    assert.deepEqual(app?.map(({ name }) => name), ["jobs"]);
    assert.equal(sumOf(await text(), "jobs"), 3);
    metrics.inheritAll(before);
    assert.equal(sumOf(await text(), "jobs"), 3);
  });
});

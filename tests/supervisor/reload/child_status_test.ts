import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ProcessStatus } from "../../../src/server/process_status.ts";
import { ChildStatus } from "../../../src/supervisor/reload/child_status.ts";
import { FakeClock, settle } from "../../_support/fake_clock.ts";

const FACTS = {
  version: "1",
  runtime: "node 1",
  pid: 1,
  application: "main:app",
  addresses: ["http://127.0.0.1:8000"],
};

const TOLD: ProcessStatus = {
  pid: 7,
  phase: "running",
  uptimeSeconds: 5,
  connections: 2,
  requestsInProgress: 1,
  totalRequests: 9,
  memoryBytes: 1024,
  loopLagMs: 3,
  inFlight: [{
    method: "GET",
    path: "/",
    client: "",
    ageMs: 1,
    waitsFor: "application",
  }],
};

function setUp() {
  const clock = new FakeClock();
  let isStopping = false;
  const status = new ChildStatus({
    monotonicMs: clock.monotonicMs,
    isStopping: () => isStopping,
    startTimer: (ms, callback) => {
      const stop = clock.every(ms, () => {
        stop();
        callback();
      });
      return stop;
    },
  });
  const newChild = (pid: number) => ({
    pid,
    answers: true,
    send(message: object): boolean {
      const { id } = message as { readonly id: number };
      if (!this.answers) return true;
      status.onMessage(this, { kind: "status", id, status: TOLD });
      return true;
    },
  });
  const stop = () => void (isStopping = true);
  return { clock, status, newChild, stop };
}

describe("ChildStatus", () => {
  test("has no process before the first, and none after the end of one", async () => {
    const { clock, status, newChild } = setUp();
    const first = await status.status(FACTS);
    assert.deepEqual([first.phase, first.workers, first.restarts], [
      "starting",
      [],
      0,
    ]);
    const child = newChild(7);
    status.onStart(child);
    status.onMessage(child, { kind: "ready" });
    status.onGone(child);
    clock.advance(2_000);
    const later = await status.status(FACTS);
    assert.deepEqual([later.phase, later.workers, later.uptimeSeconds], [
      "starting",
      [],
      2,
    ]);
  });

  test("tells what the process says, under the place that it has", async () => {
    const { status, newChild } = setUp();
    const child = newChild(7);
    status.onStart(child);
    assert.equal((await status.status(FACTS)).phase, "starting");
    status.onMessage(child, { kind: "ready" });
    assert.deepEqual(await status.status(FACTS), {
      ...FACTS,
      phase: "running",
      uptimeSeconds: 0,
      restarts: 0,
      workers: [{ ...TOLD, slot: 0, restarts: 0, isResponding: true }],
    });
  });

  test("tells what a silent process has said last, without its requests", async () => {
    const { clock, status, newChild } = setUp();
    const child = newChild(7);
    status.onStart(child);
    status.onMessage(child, { kind: "ready" });
    await status.status(FACTS);
    child.answers = false;
    const asked = status.status(FACTS);
    await settle();
    clock.advance(1_000);
    const [worker] = (await asked).workers;
    assert.deepEqual(worker, {
      ...TOLD,
      slot: 0,
      restarts: 0,
      isResponding: false,
      inFlight: [],
    });
  });

  test("counts the processes after the first, and heeds only the last", async () => {
    const { status, newChild } = setUp();
    const old = newChild(7);
    status.onStart(old);
    status.onMessage(old, { kind: "ready" });
    status.onDrain(old);
    assert.equal((await status.status(FACTS)).phase, "starting");
    const child = newChild(8);
    status.onStart(child);
    status.onGone(old);
    status.onMessage(old, { kind: "ready" });
    const { phase, restarts, workers } = await status.status(FACTS);
    assert.deepEqual([phase, restarts, workers.map(({ pid }) => pid)], [
      "starting",
      1,
      [8],
    ]);
  });

  test("is stopping once everything is to end", async () => {
    const { status, newChild, stop } = setUp();
    const child = newChild(7);
    status.onStart(child);
    status.onMessage(child, { kind: "ready" });
    stop();
    assert.equal((await status.status(FACTS)).phase, "stopping");
  });
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ChildHealth } from "../../../src/supervisor/reload/child_health.ts";
import { FakeClock } from "../../_support/fake_clock.ts";

/** A server process that answers if it is to. */
function setUp() {
  const clock = new FakeClock();
  const health = new ChildHealth({
    livenessMs: 10_000,
    monotonicMs: clock.monotonicMs,
    startTimer: (ms, callback) => {
      const stop = clock.every(ms, () => {
        stop();
        callback();
      });
      return stop;
    },
  });
  const child = {
    pid: 7,
    answers: true,
    readiness: { isReady: true },
    send(message: object): boolean {
      const { kind, id } = message as { kind: string; id: number };
      if (!this.answers) return true;
      const vitals = {} as never;
      if (kind === "ping") health.onMessage(this, { kind: "pong", id, vitals });
      if (kind === "readiness") {
        const { readiness } = this;
        health.onMessage(this, { kind: "readiness", id, readiness });
      }
      return true;
    },
  };
  return { clock, health, child };
}

describe("ChildHealth", () => {
  test("is alive and not ready while there is no process, and while it starts", async () => {
    const { health, child } = setUp();
    assert.equal((await health.liveness()).isOk, true);
    assert.equal((await health.readiness()).isOk, false);
    health.onStart(child);
    child.answers = false;
    assert.equal((await health.liveness()).isOk, true);
    const { isOk, reason, workers } = await health.readiness();
    assert.deepEqual([isOk, reason], [
      false,
      "the server process does not serve",
    ]);
    assert.equal(workers[0]!.phase, "starting");
  });

  test("is what the process says once it is ready", async () => {
    const { health, child } = setUp();
    health.onStart(child);
    health.onMessage(child, { kind: "ready" });
    assert.equal((await health.readiness()).isOk, true);
    child.readiness = { isReady: false };
    assert.equal((await health.readiness()).isOk, false);
    assert.equal((await health.liveness()).isOk, true);
  });

  test("is not ready once the process was told to end, or has ended", async () => {
    const { health, child } = setUp();
    health.onStart(child);
    health.onMessage(child, { kind: "ready" });
    health.onDrain(child);
    assert.equal((await health.readiness()).isOk, false);
    health.onGone(child);
    const { workers } = await health.liveness();
    assert.deepEqual([workers[0]!.phase, workers[0]!.pid], ["finished", 0]);
  });

  test("is not alive once the process has not answered for as long as the limit", async () => {
    const { health, child, clock } = setUp();
    health.onStart(child);
    health.onMessage(child, { kind: "ready" });
    child.answers = false;
    const ask = async () => {
      const report = health.liveness();
      clock.advance(1000);
      return await report;
    };
    assert.equal((await ask()).isOk, true);
    clock.advance(9000);
    const { isOk, reason } = await ask();
    assert.equal(isOk, false);
    assert.match(reason!, /^the event loop has stood still for 1[01]/);
    child.answers = true;
    assert.equal((await ask()).isOk, true);
  });

  test("hears nothing of a process of before", async () => {
    const { health, child } = setUp();
    health.onStart({ ...child, pid: 6 });
    health.onStart(child);
    health.onMessage({ ...child, pid: 6 }, { kind: "ready" });
    assert.equal((await health.readiness()).isOk, false);
  });
});

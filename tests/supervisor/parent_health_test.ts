import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Readiness } from "../../src/server/health/readiness.ts";
import { ParentHealth } from "../../src/supervisor/parent_health.ts";
import type {
  WorkerHandle,
  WorkerState,
} from "../../src/supervisor/worker_handle.ts";

const NEVER = new Promise<undefined>(() => {});
const READY = Promise.resolve({ isReady: true });

/** A worker that answers so. */
function worker(
  state: WorkerState,
  answer: Promise<Readiness | undefined> = READY,
  silentMs = 0,
) {
  let asked = 0;
  return {
    state,
    pid: 7,
    silentMs,
    isResponding: silentMs <= 2000,
    get asked() {
      return asked;
    },
    askReadiness(late: Promise<void>) {
      asked++;
      return Promise.race([answer, late.then(() => undefined)]);
    },
  };
}

type FakeWorker = ReturnType<typeof worker>;

/** @param workers Who sits where; `undefined` for a seat whose worker has died. */
function setUp(
  workers: readonly (FakeWorker | undefined)[],
  { isStopping = false } = {},
) {
  const timers: (() => void)[] = [];
  const health = new ParentHealth({
    seats: workers.map((current, index) => ({
      index,
      current: current as unknown as WorkerHandle | undefined,
      next: undefined,
    })),
    isStopping,
    livenessMs: 10_000,
    startTimer: (_ms, callback) => {
      timers.push(callback);
      return () => {};
    },
  });
  return { health, timeOut: () => timers.forEach((callback) => callback()) };
}

describe("ParentHealth.liveness()", () => {
  for (
    const [what, state, silentMs, isOk] of [
      ["answers", "ready", 0, true],
      ["is silent for less than the limit", "ready", 9_999, true],
      ["is silent for as long as the limit", "ready", 10_000, false],
      ["is silent while it ends", "ending", 60_000, true],
      ["starts", "starting", 0, true],
    ] as const
  ) {
    test(`is ${isOk} if one of two workers ${what}`, async () => {
      const one = worker(state, READY, silentMs);
      const { health } = setUp([worker("ready"), one]);
      const report = await health.liveness();
      assert.equal(report.isOk, isOk);
      assert.equal(
        report.reason,
        isOk
          ? undefined
          : "the event loop of worker 1 has stood still for 10 seconds",
      );
    });
  }

  test("is true without any worker: the parent is there", async () => {
    assert.deepEqual(await setUp([]).health.liveness(), {
      isOk: true,
      workers: [],
    });
  });
});

describe("ParentHealth.readiness()", () => {
  test("is true as soon as one worker is ready, and waits for no other", async () => {
    const hanging = worker("ready", NEVER);
    const { health } = setUp([hanging, worker("ready"), undefined]);
    const { isOk, workers } = await health.readiness(false);
    assert.equal(isOk, true);
    assert.ok(workers.some(({ slot, isReady }) => slot === 1 && isReady));
  });

  test("asks no worker that does not answer pings, and none that starts or ends", async () => {
    const unasked = [
      worker("ready", NEVER, 2001),
      worker("starting"),
      worker("ending"),
    ];
    const { health } = setUp(unasked);
    const { isOk, reason, workers } = await health.readiness(false);
    assert.equal(isOk, false);
    assert.equal(reason, "no worker is ready: it does not answer");
    assert.deepEqual(unasked.map(({ asked }) => asked), [0, 0, 0]);
    assert.deepEqual(workers.map(({ reason }) => reason), [
      "it does not answer",
      "it is starting",
      "it is shutting down",
    ]);
    assert.equal(workers[0]!.blockedSeconds, 2);
  });

  test("has the reason of a worker that runs", async () => {
    const unready = Promise.resolve({ isReady: false, reason: "no database" });
    const { health } = setUp([undefined, worker("ready", unready)]);
    const { isOk, reason, workers } = await health.readiness(false);
    assert.equal(isOk, false);
    assert.equal(reason, "no worker is ready: no database");
    assert.deepEqual(workers[0], {
      slot: 0,
      pid: 0,
      phase: "finished",
      blockedSeconds: 0,
      isReady: false,
      reason: "it has died and is to be started again",
    });
  });

  test("waits for all workers for a verbose answer, but not for ever", async () => {
    const { health, timeOut } = setUp([
      worker("ready"),
      worker("ready", NEVER),
    ]);
    const report = health.readiness(true);
    timeOut();
    const { isOk, workers } = await report;
    assert.equal(isOk, true);
    assert.deepEqual(workers.map(({ isReady }) => isReady), [true, false]);
  });

  test("is false without workers, and once the server is to end", async () => {
    assert.equal(
      (await setUp([]).health.readiness(false)).reason,
      "no worker is ready yet",
    );
    const one = worker("ready");
    const { health } = setUp([one], { isStopping: true });
    const { isOk, reason } = await health.readiness(true);
    assert.deepEqual([isOk, reason], [false, "the server is shutting down"]);
    assert.equal(one.asked, 0);
  });
});

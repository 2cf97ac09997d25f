import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ProcessStatus } from "../../src/server/process_status.ts";
import { parentStatus } from "../../src/supervisor/parent_control.ts";
import type { Seat } from "../../src/supervisor/pool.ts";
import type { WorkerHandle } from "../../src/supervisor/worker_handle.ts";

const FACTS = {
  version: "1",
  runtime: "node 24",
  pid: 1,
  application: "main:app",
  addresses: ["http://127.0.0.1:8000"],
};

const STATUS: ProcessStatus = {
  pid: 10,
  phase: "running",
  uptimeSeconds: 1,
  connections: 2,
  requestsInProgress: 3,
  totalRequests: 4,
  memoryBytes: 5,
  loopLagMs: 6,
  inFlight: [],
};

function seat(
  index: number,
  restarts: number,
  current?: Partial<WorkerHandle>,
  next?: Partial<WorkerHandle>,
): Seat {
  return {
    index,
    restarts,
    current: current as WorkerHandle | undefined,
    next: next as WorkerHandle | undefined,
    cancelStart: undefined,
  };
}

function statusOf(...seats: readonly Seat[]) {
  const supervisor = { phase: "running", pool: { seats }, uptimeMs: 2340 };
  return parentStatus(supervisor as never, FACTS);
}

describe("parentStatus()", () => {
  test("has what each worker tells, those that are about to take a place too", async () => {
    const answers = (pid: number) => ({
      askStatus: () => Promise.resolve({ ...STATUS, pid }),
    });
    const { workers, ...server } = await statusOf(
      seat(0, 1, answers(10)),
      seat(1, 2, answers(11), answers(12)),
      seat(2, 0),
    );
    assert.deepEqual(server, {
      ...FACTS,
      phase: "running",
      uptimeSeconds: 2.3,
      restarts: 3,
    });
    assert.deepEqual(workers, [
      { ...STATUS, pid: 10, slot: 0, restarts: 1, isResponding: true },
      { ...STATUS, pid: 11, slot: 1, restarts: 2, isResponding: true },
      { ...STATUS, pid: 12, slot: 1, restarts: 2, isResponding: true },
    ]);
  });

  test("has what a worker told last if it does not answer", async () => {
    const { workers } = await statusOf(
      seat(0, 0, {
        askStatus: (late) => late.then(() => undefined),
        pid: 10,
        state: "ready",
        readyMs: 5000,
        vitals: {
          connections: 1,
          requestsInProgress: 2,
          totalRequests: 3,
          memoryBytes: 4,
          loopLagMs: 5.4,
        },
      }),
      seat(1, 0, {
        askStatus: () => Promise.resolve(undefined),
        pid: undefined,
        state: "starting",
        readyMs: 0,
        vitals: undefined,
      }),
    );
    assert.deepEqual(
      workers.map((worker) => [
        worker.isResponding,
        worker.pid,
        worker.phase,
        worker.uptimeSeconds,
        worker.totalRequests,
        worker.loopLagMs,
      ]),
      [
        [false, 10, "running", 5, 3, 5],
        [false, 0, "starting", 0, 0, 0],
      ],
    );
  });
});

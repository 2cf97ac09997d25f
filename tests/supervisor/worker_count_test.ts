import assert from "node:assert/strict";
import { test } from "node:test";
import type { Capacity } from "../../src/runtime/types.ts";
import { countWorkers } from "../../src/supervisor/worker_count.ts";

const GIB = 2 ** 30;

const count = (
  workers: number | "auto",
  capacity: Partial<Capacity> = {},
  workerMemory = 1024,
) =>
  countWorkers({ workers, workerMemory }, {
    capacity: async () => ({
      cores: 4,
      quota: undefined,
      memoryBytes: undefined,
      ...capacity,
    }),
  });

test("a number that is given is taken as it is", async () => {
  assert.deepEqual(await count(7, { cores: 1 }), { count: 7 });
});

const TABLE: readonly (readonly [Partial<Capacity>, number, string])[] = [
  [{}, 4, "Starting 4 workers: 4 cores"],
  [{ cores: 1 }, 1, "Starting 1 worker: 1 core"],
  [
    { quota: 1.5 },
    2,
    "Starting 2 workers: 4 cores, a CPU quota of 1.5",
  ],
  [{ quota: 8 }, 4, "Starting 4 workers: 4 cores, a CPU quota of 8"],
  [
    { memoryBytes: 3.9 * GIB },
    3,
    "Starting 3 workers: 4 cores, memory for 3",
  ],
  [
    { memoryBytes: GIB / 2 },
    1,
    "Starting 1 worker: 4 cores, memory for 0",
  ],
  [
    { cores: 8, quota: 6, memoryBytes: 5 * GIB },
    5,
    "Starting 5 workers: 8 cores, a CPU quota of 6, memory for 5",
  ],
];

for (const [capacity, expected, reason] of TABLE) {
  test(reason, async () => {
    assert.deepEqual(await count("auto", capacity), {
      count: expected,
      reason,
    });
  });
}

test("--worker-memory says how much each takes", async () => {
  const capacity = { memoryBytes: 2 * GIB };
  assert.equal((await count("auto", capacity, 512)).count, 4);
  assert.equal((await count("auto", capacity, 2048)).count, 1);
});

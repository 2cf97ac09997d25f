import assert from "node:assert/strict";
import { test } from "node:test";
import { top } from "../../src/cli/top.ts";
import type { ServerStatus } from "../../src/control/controlled.ts";

function status(totalRequests: number, uptimeSeconds: number): ServerStatus {
  return {
    version: "1.2.3",
    runtime: "node 24.22.3",
    pid: 100,
    application: "main:app",
    phase: "running",
    uptimeSeconds,
    addresses: ["http://127.0.0.1:8000"],
    restarts: 0,
    workers: [{
      slot: 0,
      restarts: 0,
      isResponding: true,
      pid: 100,
      phase: "running",
      uptimeSeconds,
      connections: 0,
      requestsInProgress: 0,
      totalRequests,
      memoryBytes: 0,
      loopLagMs: 0,
      inFlight: [],
    }],
  };
}

test("top() draws until the server is gone, with requests a second", async () => {
  const looks = [status(100, 10), status(350, 12.5)];
  const written: string[] = [];
  const waits: number[] = [];
  await assert.rejects(
    top(() => {
      const next = looks.shift();
      return next === undefined
        ? Promise.reject(new Error("gone"))
        : Promise.resolve(next);
    }, {
      intervalMs: 1500,
      stdout: {
        isTerminal: true,
        write: (text) => void written.push(text),
      },
      size: () => ({ columns: 80, rows: 24 }),
      wait: (ms) => Promise.resolve(waits.push(ms)),
    }),
    /gone/,
  );
  assert.deepEqual(waits, [1500, 1500]);
  assert.equal(written.length, 3);
  assert.doesNotMatch(written[1]!, / \/S /);
  assert.match(written[2]!, / \/S /);
  assert.match(written[2]!, / 350 +100 /);
  for (const screen of written.slice(1)) {
    assert.ok(screen.startsWith("\x1b[H"), JSON.stringify(screen));
    assert.ok(screen.split("\n").length <= 24);
  }
});

test("top() does not write past a small terminal", async () => {
  const written: string[] = [];
  let count = 0;
  await top(
    () => count++ === 0 ? Promise.resolve(status(0, 1)) : Promise.reject(1),
    {
      intervalMs: 1,
      stdout: { isTerminal: true, write: (text) => void written.push(text) },
      size: () => ({ columns: 1, rows: 1 }),
      wait: () => Promise.resolve(),
    },
  ).catch(() => {});
  assert.equal(written[1]!.match(/\n/g)!.length, 5);
});

test("top() writes once where there is no terminal, without escape sequences", async () => {
  const written: string[] = [];
  await top(() => Promise.resolve(status(1, 1)), {
    intervalMs: 1,
    stdout: { isTerminal: false, write: (text) => void written.push(text) },
  });
  assert.equal(written.length, 1);
  assert.doesNotMatch(written[0]!, /\x1b/);
});

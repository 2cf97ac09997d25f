import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { duration, statusLines } from "../../src/cli/status_text.ts";
import type {
  ServerStatus,
  WorkerStatus,
} from "../../src/control/controlled.ts";

export const WORKER: WorkerStatus = {
  slot: 0,
  restarts: 1,
  isResponding: true,
  pid: 101,
  phase: "running",
  uptimeSeconds: 61,
  connections: 5,
  requestsInProgress: 2,
  totalRequests: 1234,
  memoryBytes: 50 * 1024 * 1024,
  loopLagMs: 3,
  inFlight: [{
    method: "GET",
    path: "/a",
    client: "127.0.0.1:5000",
    ageMs: 1500,
    waitsFor: "body",
  }, {
    method: "WEBSOCKET",
    path: "/b",
    client: "",
    ageMs: 9500,
    waitsFor: "message",
  }],
};

export const STATUS: ServerStatus = {
  version: "1.2.3",
  runtime: "node 24.22.3",
  pid: 100,
  application: "main:app",
  phase: "running",
  uptimeSeconds: 3700,
  addresses: ["http://127.0.0.1:8000"],
  restarts: 1,
  workers: [WORKER],
};

const ALL = { columns: Infinity, rows: Infinity };

describe("statusLines()", () => {
  test("shows the server, its processes, and what is in progress, the oldest first", () => {
    assert.deepEqual(statusLines(STATUS, ALL), [
      "main:app, running for 1:01 h, process 100, 1 restart",
      "tricorn 1.2.3 on node 24.22.3",
      "http://127.0.0.1:8000",
      "",
      "SLOT  PID    STATE    UPTIME  REQUESTS  NOW  CONNS  RESTARTS  MEMORY   LAG",
      "   0  101  running  1:01 min      1234    2      5         1  50 MiB  3 ms",
      "",
      "  AGE  WAITS FOR     CLIENT          REQUEST",
      "9.5 s  message       -               WEBSOCKET /b",
      "1.5 s  request body  127.0.0.1:5000  GET /a",
    ]);
  });

  test("says that no process serves, where a reload waits for a change", () => {
    assert.deepEqual(statusLines({ ...STATUS, workers: [] }, ALL).slice(3), [
      "",
      "No server process runs: the log says why.",
      "",
      "No requests in progress.",
    ]);
  });

  test("fits a terminal of 80 columns, with four workers and rates", () => {
    const workers = [0, 1, 2, 3].map((slot) => ({
      ...WORKER,
      slot,
      pid: 1_234_567 + slot,
      totalRequests: 123_456_789,
      inFlight: [{ ...WORKER.inFlight[0]!, path: `/${"x".repeat(500)}` }],
    }));
    const lines = statusLines({ ...STATUS, workers }, {
      columns: 80,
      rows: 23,
      rates: new Map([[1_234_567, 99_999]]),
    });
    assert.ok(lines.length <= 23);
    for (const line of lines) assert.ok(line.length <= 80, line);
    assert.ok(lines.some((line) => line.endsWith("x…")));
    assert.ok(lines.some((line) => line.includes(" 99999 ")));
  });

  test("says how many lines did not fit", () => {
    const lines = statusLines(STATUS, { columns: 80, rows: 9 });
    assert.equal(lines.length, 9);
    assert.equal(lines.at(-1), "… and 2 more");
  });

  test("escapes what peers sent", () => {
    const inFlight = [{
      ...WORKER.inFlight[0]!,
      method: "GET",
      path: "/\x1b]0;owned\x07\n\u202e",
    }];
    const lines = statusLines(
      { ...STATUS, workers: [{ ...WORKER, inFlight }] },
      ALL,
    );
    assert.ok(lines.at(-1)!.endsWith("GET /\\x1b]0;owned\\x07\\n\\u202e"));
  });

  test("counts wide characters twice when it cuts", () => {
    const inFlight = [{ ...WORKER.inFlight[0]!, path: `/${"漢".repeat(80)}` }];
    const [line] = statusLines(
      { ...STATUS, workers: [{ ...WORKER, inFlight }] },
      { columns: 60, rows: Infinity },
    ).slice(-1);
    const width = [...line!].reduce(
      (sum, char) => sum + (char === "漢" ? 2 : 1),
      0,
    );
    assert.ok(width <= 60 && width >= 58, String(width));
  });

  test("names a process that does not answer", () => {
    const workers = [{ ...WORKER, isResponding: false }];
    assert.match(statusLines({ ...STATUS, workers }, ALL)[5]!, /101 +silent /);
  });

  test("says so if nothing is in progress", () => {
    const idle = { ...WORKER, inFlight: [], requestsInProgress: 0 };
    assert.equal(
      statusLines({ ...STATUS, workers: [idle] }, ALL).at(-1),
      "No requests in progress.",
    );
    assert.equal(
      statusLines(
        { ...STATUS, workers: [{ ...idle, requestsInProgress: 2 }] },
        ALL,
      ).at(-1),
      "2 in progress, after their responses.",
    );
  });

  test("does not know an age that is not kept", () => {
    const inFlight = [{ ...WORKER.inFlight[0]!, ageMs: null }];
    const workers = [{ ...WORKER, inFlight }];
    assert.match(statusLines({ ...STATUS, workers }, ALL).at(-1)!, /^ *\? /);
  });
});

for (
  const [seconds, text] of [
    [0.9, "0 s"],
    [59.9, "59 s"],
    [60, "1:00 min"],
    [3599, "59:59 min"],
    [3600, "1:00 h"],
    [47 * 3600 + 3599, "47:59 h"],
    [48 * 3600, "2 days"],
  ] as const
) {
  test(`duration(${seconds}) is ${text}`, () => {
    assert.equal(duration(seconds), text);
  });
}

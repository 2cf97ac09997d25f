import assert from "node:assert/strict";
import { test } from "node:test";
import { fromWorker, toWorker } from "../../src/supervisor/messages.ts";

const STRANGE = [
  undefined,
  null,
  1,
  "ready",
  [],
  {},
  { kind: 1 },
  { kind: "toString" },
  { Kind: "ready" },
];

test("messages of a worker are told from everything else", () => {
  for (const kind of ["ready", "draining", "pong", "spent"]) {
    assert.deepEqual(fromWorker({ kind, id: 1 }), { kind, id: 1 });
    assert.equal(toWorker({ kind }), undefined);
  }
  for (const data of STRANGE) assert.equal(fromWorker(data), undefined);
});

test("messages of the parent are told from everything else", () => {
  for (const kind of ["start", "ping", "drain", "stop", "reopenLogs"]) {
    assert.deepEqual(toWorker({ kind }), { kind });
    assert.equal(fromWorker({ kind }), undefined);
  }
  for (const data of STRANGE) assert.equal(toWorker(data), undefined);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  LINGER_MS,
  SendProgress,
} from "../../../src/connection/output/send_progress.ts";
import { FakeSocket } from "../../_support/fake_socket.ts";

test("SendProgress grants nothing to a peer that took everything", () => {
  assert.equal(new SendProgress(new FakeSocket()).grant(), 0);
});

test("SendProgress grants more than lingering to a peer that still reads, byte by byte", () => {
  const socket = new FakeSocket();
  const progress = new SendProgress(socket);
  for (let queued = 5; queued > 0; queued--) {
    socket.queuedBytes = queued;
    assert.ok(progress.grant() > LINGER_MS);
  }
  socket.queuedBytes = 0;
  assert.equal(progress.grant(), 0);
});

test("SendProgress grants nothing to a peer that takes not one byte", () => {
  const socket = new FakeSocket();
  socket.queuedBytes = 1000;
  const progress = new SendProgress(socket);
  assert.ok(progress.grant() > 0);
  assert.equal(progress.grant(), 0);
});

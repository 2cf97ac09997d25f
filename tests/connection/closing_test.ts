import assert from "node:assert/strict";
import { test } from "node:test";
import { Closing } from "../../src/connection/closing.ts";
import { FakeSocket } from "../_support/fake_socket.ts";

test("Closing ends the socket and waits for the peer", () => {
  const socket = new FakeSocket();
  assert.ok(new Closing(socket).start() > 0);
  assert.equal(socket.hasEnded, true);
  assert.equal(socket.isClosed, false);
});

test("Closing destroys a socket whose peer took everything and does not close", () => {
  const socket = new FakeSocket();
  const closing = new Closing(socket);
  closing.start();
  assert.equal(closing.onExpired(), 0);
  assert.equal(socket.isClosed, true);
});

test("Closing gives a peer that still reads more time than one that has read all", () => {
  const socket = new FakeSocket();
  const closing = new Closing(socket);
  socket.queuedBytes = 1000;
  const first = closing.start();
  assert.ok(closing.onExpired() > first);
  socket.queuedBytes = 999; // one byte has left
  assert.ok(closing.onExpired() > first);
  assert.equal(socket.isClosed, false);
});

test("Closing destroys a socket whose last bytes do not move", () => {
  const socket = new FakeSocket();
  const closing = new Closing(socket);
  socket.queuedBytes = 1000;
  closing.start();
  closing.onExpired();
  assert.equal(closing.onExpired(), 0);
  assert.equal(socket.isClosed, true);
});

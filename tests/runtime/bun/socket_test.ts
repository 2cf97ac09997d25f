/**
 * What the contract suite cannot provoke from outside, with a connection that takes as much as the
 * test says. On real sockets: socket_contract_test.ts.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BunConn } from "../../../src/runtime/_bun_types.ts";
import { BunSocket } from "../../../src/runtime/bun/socket.ts";
import { settle } from "../../_support/fake_clock.ts";
import { pattern, Recorder, text } from "../_wire.ts";

class FakeConn implements BunConn<BunSocket> {
  declare data: BunSocket;
  readonly localAddress = "127.0.0.1";
  readonly localPort = 80;
  readonly remoteAddress = "::ffff:192.0.2.1";
  readonly remotePort = 5000;
  /** Bytes the kernel still takes; -1 when the connection is gone. */
  room = Infinity;
  readonly sent: number[] = [];
  readonly calls: string[] = [];

  write(bytes: Uint8Array): number {
    if (this.room < 0) return -1;
    const taken = Math.min(this.room, bytes.length);
    this.room -= taken;
    for (let i = 0; i < taken; i++) this.sent.push(bytes[i]);
    return taken;
  }
  pause(): void {
    this.calls.push("pause");
  }
  resume(): void {
    this.calls.push("resume");
  }
  setKeepAlive(): boolean {
    return true;
  }
  shutdown(): void {
    this.calls.push("shutdown");
  }
  close(): void {
    this.calls.push("close");
    // As Bun does: from inside the call.
    this.data.closed(undefined);
  }
  terminate(): void {
    this.calls.push("terminate");
    this.data.closed(undefined);
  }
}

function open(): { conn: FakeConn; socket: BunSocket; handler: Recorder } {
  const conn = new FakeConn();
  const listenerAddress = { kind: "tcp", host: "::", port: 80 } as const;
  const socket = new BunSocket(conn, {
    listenerAddress,
    localAddress: undefined,
    isUnix: false,
  });
  conn.data = socket;
  const handler = new Recorder(socket);
  socket.handler = handler;
  return { conn, socket, handler };
}

test("BunSocket keeps what the kernel did not take, in order", () => {
  const { conn, socket, handler } = open();
  conn.room = 10;
  const bytes = pattern(100);
  assert.equal(socket.write(bytes.subarray(0, 5)), true);
  assert.equal(socket.write(bytes.subarray(5, 50)), false);
  assert.equal(socket.write(bytes.subarray(50)), false);
  assert.equal(socket.queuedBytes, 90);
  for (const room of [0, 30, 1, 1000]) {
    assert.equal(handler.drains, 0);
    conn.room = room;
    socket.writable();
  }
  assert.equal(handler.drains, 1);
  assert.equal(socket.queuedBytes, 0);
  assert.deepEqual(conn.sent, [...bytes]);
  socket.writable();
  assert.equal(handler.drains, 1, "nothing was waiting");
});

test("BunSocket sends a pair as it would two writes, wherever the kernel stops", async () => {
  const bytes = pattern(60);
  const head = bytes.subarray(0, 20);
  const body = bytes.subarray(20);
  for (let room = 0; room <= 60; room++) {
    const { conn, socket, handler } = open();
    conn.room = room;
    assert.equal(socket.writePair(head, body), room === 60);
    assert.equal(socket.queuedBytes, 60 - room);
    // What is joined with another pair before this one has left.
    const other = open();
    other.socket.writePair(pattern(90), pattern(90));
    conn.room = Infinity;
    socket.writable();
    assert.deepEqual(conn.sent, [...bytes]);
    assert.equal(handler.drains, room === 60 ? 0 : 1);
  }
  const gone = open();
  gone.conn.room = -1;
  assert.equal(gone.socket.writePair(head, body), true);
  assert.equal(gone.socket.queuedBytes, 0);
  const large = open();
  assert.equal(large.socket.writePair(head, pattern(300_000)), true);
  assert.equal(large.conn.sent.length, 300_020);
  await settle();
});

test("BunSocket sends FIN only after what is queued", () => {
  const { conn, socket } = open();
  conn.room = 0;
  socket.write(text("later"));
  socket.end();
  assert.deepEqual(conn.calls, []);
  conn.room = 100;
  socket.writable();
  assert.deepEqual(conn.calls, ["shutdown"]);
});

test("BunSocket tells of close once, though Bun calls back from inside", async () => {
  const { conn, socket, handler } = open();
  handler.inside = "destroy";
  socket.destroy();
  handler.inside = "";
  socket.destroy();
  socket.closed(new Error("again"));
  await settle();
  assert.deepEqual(conn.calls, ["close"]);
  assert.deepEqual([handler.closes, handler.error, handler.reentered], [
    1,
    undefined,
    "",
  ]);
});

test("BunSocket tells of the peer's FIN when Bun only closes", async () => {
  const { socket, handler } = open();
  socket.end();
  socket.closed(undefined);
  await settle();
  assert.deepEqual(handler.order, ["end", "close"]);
});

test("BunSocket does not take a broken connection for a FIN", async () => {
  const { socket, handler } = open();
  socket.end();
  socket.closed(new Error("reset"));
  await settle();
  assert.deepEqual(handler.order, ["close"]);
  assert.equal(handler.error?.message, "reset");
});

test("BunSocket drops what is written to a connection that is gone", async () => {
  const { conn, socket, handler } = open();
  conn.room = -1;
  assert.equal(socket.write(text("lost")), true);
  assert.equal(socket.queuedBytes, 0);
  socket.closed(undefined);
  await settle();
  assert.deepEqual(handler.order, ["close"]);
});

test("BunSocket that was queueing survives a connection that goes", async () => {
  const { conn, socket, handler } = open();
  conn.room = 0;
  socket.write(text("held"));
  conn.room = -1;
  socket.writable();
  assert.equal(handler.drains, 0);
  socket.closed(new Error("reset"));
  await settle();
  socket.writable();
  assert.deepEqual(handler.order, ["close"]);
});

test("BunSocket closes itself once both have sent FIN", async () => {
  const { conn, socket, handler } = open();
  socket.ended();
  socket.ended();
  conn.room = 0;
  socket.write(text("answer"));
  socket.end();
  conn.room = 100;
  socket.writable();
  await settle();
  assert.deepEqual(conn.calls, ["close"]);
  assert.deepEqual(handler.order, ["end", "drain", "close"]);
});

test("BunSocket shows IPv4-mapped IPv6 as IPv4", () => {
  const { socket } = open();
  assert.deepEqual(socket.remoteAddress, {
    kind: "tcp",
    host: "192.0.2.1",
    port: 5000,
  });
});

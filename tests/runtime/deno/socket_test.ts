/**
 * What the contract suite cannot provoke or see from outside, with a connection whose promises the
 * test settles. On real sockets: socket_contract_test.ts.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DenoConn } from "../../../src/runtime/_deno_types.ts";
import { DenoSocket } from "../../../src/runtime/deno/socket.ts";
import { afterTurn } from "../../../src/runtime/process/turns.ts";
import { settle } from "../../_support/fake_clock.ts";
import { pattern, Recorder, sameBytes, text } from "../_wire.ts";

interface Pending<T> {
  readonly bytes: Uint8Array;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

class FakeConn implements DenoConn {
  readonly localAddr = {
    transport: "tcp",
    hostname: "::ffff:127.0.0.1",
    port: 80,
  };
  readonly remoteAddr = { transport: "tcp", hostname: "192.0.2.1", port: 5000 };
  reading: Pending<number | null> | undefined;
  writing: Pending<number> | undefined;
  fin: Pending<void> | undefined;
  closes = 0;

  read(bytes: Uint8Array): Promise<number | null> {
    assert.equal(this.reading, undefined, "two reads at once");
    return new Promise((resolve, reject) =>
      this.reading = { bytes, resolve, reject }
    );
  }
  write(bytes: Uint8Array): Promise<number> {
    assert.equal(this.writing, undefined, "two writes at once");
    return new Promise((resolve, reject) =>
      this.writing = { bytes, resolve, reject }
    );
  }
  closeWrite(): Promise<void> {
    return new Promise((resolve, reject) =>
      this.fin = { bytes: new Uint8Array(0), resolve, reject }
    );
  }
  close(): void {
    this.closes++;
  }

  /** The pending read gives `bytes`. */
  async arrive(bytes: Uint8Array): Promise<void> {
    const { reading } = this;
    this.reading = undefined;
    reading?.bytes.set(bytes);
    reading?.resolve(bytes.length);
    await settle();
  }
  /** The kernel takes `count` bytes of the pending write. */
  async take(count: number): Promise<void> {
    const { writing } = this;
    this.writing = undefined;
    writing?.resolve(count);
    await settle();
  }
}

function open(): { conn: FakeConn; socket: DenoSocket; handler: Recorder } {
  const conn = new FakeConn();
  const listenerAddress = { kind: "tcp", host: "::", port: 80 } as const;
  const socket = new DenoSocket(conn, {
    listenerAddress,
    localAddress: undefined,
    isUnix: false,
  });
  const handler = new Recorder(socket);
  socket.handler = handler;
  socket.start();
  return { conn, socket, handler };
}

test("DenoSocket reads into 4 KiB until it is filled, then into 64 KiB, and back", async () => {
  const { conn, handler, socket } = open();
  assert.equal(conn.reading?.bytes.length, 4096);
  await conn.arrive(pattern(4096));
  assert.equal(conn.reading?.bytes.length, 65_536);
  await conn.arrive(pattern(65_536));
  assert.equal(conn.reading?.bytes.length, 65_536);
  await conn.arrive(pattern(5000));
  assert.equal(conn.reading?.bytes.length, 65_536);
  await conn.arrive(pattern(100));
  assert.equal(conn.reading?.bytes.length, 4096);
  assert.equal(handler.bytes, 4096 + 65_536 + 5000 + 100);
  assert.ok(sameBytes(handler.chunks[2], pattern(5000)));
  socket.destroy();
});

test("DenoSocket keeps what arrives after pause() for resume()", async () => {
  const { conn, handler, socket } = open();
  socket.pause();
  await conn.arrive(text("late"));
  assert.equal(handler.bytes, 0);
  assert.equal(conn.reading, undefined, "it must not read on");
  socket.resume();
  assert.equal(handler.bytes, 0, "never from inside resume()");
  socket.pause();
  await settle();
  assert.equal(handler.bytes, 0);
  socket.resume();
  await settle();
  assert.equal(handler.text, "late");
  assert.notEqual(conn.reading, undefined);
});

test("DenoSocket sends the rest of a partial write before anything else", async () => {
  const { conn, handler, socket } = open();
  const large = pattern(100_000);
  socket.write(large);
  socket.write(text("b"));
  socket.write(text("c"));
  assert.equal(socket.queuedBytes, 100_002);
  assert.equal(conn.writing?.bytes, large);
  await conn.take(60_000);
  assert.equal(socket.queuedBytes, 40_002);
  assert.ok(sameBytes(conn.writing?.bytes ?? text(""), large.subarray(60_000)));
  await conn.take(40_000);
  assert.ok(sameBytes(conn.writing?.bytes ?? text(""), text("bc")));
  assert.equal(handler.drains, 0);
  await conn.take(2);
  assert.equal(handler.drains, 1);
  assert.equal(socket.queuedBytes, 0);
});

test("DenoSocket sends a small pair in one write, and a large one in two", async () => {
  const { conn, handler, socket } = open();
  assert.equal(socket.writePair(text("head "), text("body")), false);
  assert.equal(socket.queuedBytes, 9);
  assert.ok(sameBytes(conn.writing?.bytes ?? text(""), text("head body")));
  socket.writePair(text("more"), pattern(65_536));
  await conn.take(9);
  assert.ok(sameBytes(conn.writing?.bytes ?? text(""), text("more")));
  await conn.take(4);
  assert.ok(sameBytes(conn.writing?.bytes ?? text(""), pattern(65_536)));
  await conn.take(65_536);
  assert.equal(handler.drains, 1);
  assert.equal(socket.queuedBytes, 0);
  assert.equal(socket.writePair(new Uint8Array(0), new Uint8Array(0)), true);
  assert.equal(conn.writing, undefined);
  socket.destroy();
  assert.equal(socket.writePair(text("a"), text("b")), true);
});

test("DenoSocket holds onClose() back until a write under way has let go of its buffer", async () => {
  const { conn, handler, socket } = open();
  socket.write(text("in flight"));
  socket.destroy();
  await settle();
  assert.equal(conn.closes, 1);
  assert.equal(handler.closes, 0, "the buffer is still looked at");
  conn.writing?.reject(new Error("interrupted"));
  conn.reading?.reject(new Error("interrupted"));
  await settle();
  assert.equal(handler.closes, 1);
  assert.equal(handler.error, undefined);
});

test("DenoSocket tells of close once when FIN fails after destroy()", async () => {
  const { conn, handler, socket } = open();
  socket.end();
  socket.destroy();
  await settle();
  conn.fin?.reject(new Error("not connected"));
  conn.reading?.reject(new Error("interrupted"));
  await settle();
  assert.equal(handler.closes, 1);
  assert.equal(conn.closes, 1);
});

for (const what of ["reading", "writing", "fin"] as const) {
  test(`DenoSocket passes on why ${what} failed`, async () => {
    const { conn, handler, socket } = open();
    if (what === "writing") socket.write(text("x"));
    if (what === "fin") socket.end();
    conn[what]?.reject(new Error("broken"));
    await settle();
    assert.equal(handler.error?.message, "broken");
    assert.deepEqual([handler.closes, conn.closes], [1, 1]);
    assert.deepEqual(handler.order, ["close"]);
  });
}

test("DenoSocket closes once both have sent FIN, in either order", async () => {
  for (const isPeerFirst of [true, false]) {
    const { conn, handler, socket } = open();
    const peerEnds = async (): Promise<void> => {
      conn.reading?.resolve(null);
      await settle();
    };
    if (isPeerFirst) {
      await peerEnds();
      assert.deepEqual(handler.order, [], "it is told in a turn of its own");
      await new Promise((resolve) => afterTurn(() => resolve(undefined)));
      assert.deepEqual(handler.order, ["end"]);
    }
    socket.end();
    conn.fin?.resolve();
    await settle();
    if (!isPeerFirst) {
      assert.equal(handler.closes, 0);
      await peerEnds();
    }
    assert.deepEqual(handler.order, ["end", "close"]);
    assert.equal(conn.closes, 1);
  }
});

test("DenoSocket shows IPv4-mapped IPv6 as IPv4", () => {
  const { socket } = open();
  assert.deepEqual(socket.localAddress, {
    kind: "tcp",
    host: "127.0.0.1",
    port: 80,
  });
  assert.deepEqual(socket.remoteAddress, {
    kind: "tcp",
    host: "192.0.2.1",
    port: 5000,
  });
  socket.destroy();
});

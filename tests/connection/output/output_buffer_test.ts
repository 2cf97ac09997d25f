import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  COPY_LIMIT,
  OutputBuffer,
  WriterPool,
} from "../../../src/connection/output/output_buffer.ts";
import { FakeSocket, latin1Text } from "../../_support/fake_socket.ts";

function setUp(pool = new WriterPool()) {
  const socket = new FakeSocket();
  return { pool, socket, out: new OutputBuffer(socket, pool) };
}

describe("WriterPool", () => {
  test("hands a writer out again, empty", () => {
    const pool = new WriterPool();
    const writer = pool.take();
    writer.writeAscii("left over");
    pool.give(writer);
    assert.equal(pool.take(), writer);
    assert.equal(writer.length, 0);
  });

  test("hands each writer to one taker", () => {
    const pool = new WriterPool();
    pool.give(pool.take());
    assert.notEqual(pool.take(), pool.take());
  });

  for (
    const [behavior, capacity, keeps] of [
      ["keeps a writer of 64 KiB", 64 * 1024, true],
      ["drops a larger one", 64 * 1024 + 1, false],
    ] as const
  ) {
    test(behavior, () => {
      const pool = new WriterPool();
      const writer = pool.take();
      writer.reserve(capacity);
      pool.give(writer);
      assert.equal(pool.take() === writer, keeps);
    });
  }

  test("keeps 1024 writers and no more", () => {
    const pool = new WriterPool();
    const writers = Array.from({ length: 1025 }, () => pool.take());
    for (const writer of writers) pool.give(writer);
    const again = new Set(Array.from({ length: 1025 }, () => pool.take()));
    assert.equal(writers.filter((writer) => again.has(writer)).length, 1024);
  });
});

describe("OutputBuffer", () => {
  test("holds no writer while nothing is written", () => {
    const { pool, out } = setUp();
    assert.equal(out.pendingBytes, 0);
    out.flush();
    out.discard();
    out.writer.writeAscii("x");
    out.flush();
    const idle = pool.take();
    assert.equal(idle.length, 0);
  });

  test("sends everything of a turn in one write", () => {
    const { socket, out } = setUp();
    out.writer.writeAscii("head ");
    out.writer.writeAscii("body");
    assert.equal(socket.writes.length, 0);
    assert.equal(out.pendingBytes, 9);
    out.flush();
    assert.deepEqual(socket.writes.map(latin1Text), ["head body"]);
    assert.equal(out.pendingBytes, 0);
  });

  test("writes nothing for nothing", () => {
    const { socket, out } = setUp();
    assert.equal(out.writer.length, 0);
    out.flush();
    out.flush();
    assert.equal(socket.writes.length, 0);
  });

  test("gives its writer back as soon as the bytes have left", () => {
    const { pool, out } = setUp();
    const writer = out.writer;
    writer.writeAscii("x");
    out.flush();
    assert.equal(pool.take(), writer);
  });

  test("leaves a held writer alone until the drain", () => {
    const { pool, socket, out } = setUp();
    socket.takesWrites = false;
    const held = out.writer;
    held.writeAscii("first");
    out.flush();
    const second = out.writer;
    second.writeAscii("second");
    out.flush();
    assert.notEqual(second, held);
    const other = pool.take();
    assert.ok(other !== held && other !== second);
    socket.drain(); // the fake socket checks that neither was changed
    out.onDrain();
    const free = new Set([pool.take(), pool.take()]);
    assert.ok(free.has(held) && free.has(second));
  });

  test("counts what waits here and in the socket", () => {
    const { socket, out } = setUp();
    socket.takesWrites = false;
    out.writer.writeAscii("12345");
    out.flush();
    out.writer.writeAscii("678");
    assert.equal(out.pendingBytes, 3);
    assert.equal(out.unsentBytes, 8);
  });

  test("sends a large body uncopied, behind what was written before it (asgi:A-024)", () => {
    const { out, socket } = setUp();
    const given: Uint8Array[] = [];
    const write = socket.write.bind(socket);
    socket.write = (bytes) => {
      given.push(bytes);
      return write(bytes);
    };
    const body = new Uint8Array(COPY_LIMIT + 1).fill(0x62);
    out.writer.writeAscii("head");
    out.writeLarge(body);
    out.writer.writeAscii("tail");
    out.flush();
    assert.equal(given.length, 3);
    assert.equal(given[1], body);
    assert.equal(socket.text, `head${latin1Text(body)}tail`);
  });

  test("hands a large body over with what was written before it", () => {
    const { pool, out, socket } = setUp();
    const pairs: [string, Uint8Array][] = [];
    const writePair = socket.writePair.bind(socket);
    socket.writePair = (head, body) => {
      pairs.push([latin1Text(head), body]);
      return writePair(head, body);
    };
    const body = new Uint8Array(COPY_LIMIT + 1).fill(0x62);
    const { writer } = out;
    writer.writeAscii("head");
    out.writeLarge(body);
    assert.deepEqual(pairs, [["head", body]]);
    assert.equal(pairs[0][1], body);
    assert.equal(pool.take(), writer, "both have left");
    socket.takesWrites = false;
    const held = out.writer;
    held.writeAscii("held");
    out.writeLarge(body);
    assert.equal(out.unsentBytes, 4 + body.length);
    assert.equal(out.sentBytes, 4 + body.length);
    assert.notEqual(pool.take(), held);
    socket.drain(); // the fake socket checks that it was not changed
    out.onDrain();
    assert.equal(pool.take(), held);
    out.writeLarge(body);
    assert.equal(pairs.length, 2, "with nothing before it, it goes alone");
  });

  test("drops what was written and not handed over", () => {
    const { pool, socket, out } = setUp();
    const writer = out.writer;
    writer.writeAscii("secret of one connection");
    out.discard();
    out.flush();
    assert.equal(socket.text, "");
    assert.equal(pool.take(), writer);
    assert.equal(writer.length, 0);
  });
});

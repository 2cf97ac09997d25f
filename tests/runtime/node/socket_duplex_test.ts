import assert from "node:assert/strict";
import { test } from "node:test";
import { SocketDuplex } from "../../../src/runtime/node/socket_duplex.ts";
import { settle } from "../../_support/fake_clock.ts";
import { FakeSocket } from "../../_support/fake_socket.ts";
import { bytesOf } from "../../_support/raw_client.ts";
import { aWhile } from "../_wire.ts";

test("SocketDuplex says when all it held has left, though nobody was told to wait", async () => {
  const socket = new FakeSocket();
  const duplex = new SocketDuplex(socket, new Uint8Array(0));
  let sent = 0;
  duplex.on("sent", () => sent++);
  socket.takesWrites = false;
  assert.equal(duplex.write(bytesOf("a")), true, "below the high-water mark");
  duplex.write(bytesOf("b"));
  await settle();
  assert.equal(sent, 0);
  assert.equal(duplex.writableLength, 2);
  socket.drain(); // "a" has left, and "b" is handed over
  await settle();
  assert.equal(sent, 0);
  socket.drain();
  await settle();
  assert.equal(sent, 1);
  assert.equal(duplex.writableLength, 0);
  assert.equal(socket.text, "ab");
});

test("SocketDuplex pauses its socket while its reader is slow, and copies what is lent", async () => {
  const socket = new FakeSocket();
  const duplex = new SocketDuplex(socket, bytesOf("first "));
  duplex.read(0);
  const bytes = new Uint8Array(duplex.readableHighWaterMark).fill(0x61);
  socket.handler.onData(bytes);
  bytes.fill(0x62);
  assert.equal(socket.isPaused, true);
  const { length } = bytes;
  assert.equal(
    String(duplex.read("first ".length + length)),
    "first " + "a".repeat(length),
  );
  await aWhile();
  assert.equal(socket.isPaused, false);
});

test("SocketDuplex passes ends and errors on, both ways", async () => {
  const socket = new FakeSocket();
  const duplex = new SocketDuplex(socket, new Uint8Array(0));
  let ended = false;
  let error: Error | undefined;
  duplex.on("end", () => ended = true);
  duplex.on("error", (thrown) => error = thrown);
  duplex.resume();
  socket.handler.onEnd();
  await aWhile();
  assert.equal(ended, true);
  assert.equal(socket.hasEnded, false, "half-closed");
  duplex.end();
  await aWhile();
  assert.equal(socket.hasEnded, true);

  const broken = new FakeSocket();
  const other = new SocketDuplex(broken, new Uint8Array(0));
  other.on("error", (thrown) => error = thrown);
  broken.handler.onClose(new Error("reset"));
  await aWhile();
  assert.equal(error?.message, "reset");
  assert.equal(other.destroyed, true);
  assert.equal(broken.isClosed, true);
});

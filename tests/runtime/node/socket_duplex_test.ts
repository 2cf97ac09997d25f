import assert from "node:assert/strict";
import { test } from "node:test";
import { SocketDuplex } from "../../../src/runtime/node/socket_duplex.ts";
import { settle } from "../../_support/fake_clock.ts";
import { FakeSocket } from "../../_support/fake_socket.ts";
import { bytesOf } from "../../_support/raw_client.ts";

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

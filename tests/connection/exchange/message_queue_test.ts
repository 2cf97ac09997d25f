import assert from "node:assert/strict";
import { test } from "node:test";
import { MessageQueue } from "../../../src/connection/exchange/message_queue.ts";

const CONNECT = { type: "websocket.connect" };
const text = (text: string) => ({
  type: "websocket.receive",
  text,
  bytes: null,
});
const disconnect = (code: number) => ({
  type: "websocket.disconnect",
  code,
  reason: "",
});

async function connected(): Promise<MessageQueue> {
  const queue = new MessageQueue();
  assert.deepEqual(await queue.receive(), CONNECT);
  return queue;
}

test("MessageQueue begins with the connect event", async () => {
  const queue = new MessageQueue();
  assert.equal(queue.length, 1);
  assert.equal(queue.bytes, 0);
  assert.deepEqual(await queue.receive(), CONNECT);
  assert.equal(queue.length, 0);
});

test("MessageQueue hands messages over in their order and counts what waits", async () => {
  const queue = await connected();
  queue.deliver("abc", null);
  queue.deliver(null, new Uint8Array(4));
  assert.equal(queue.length, 2);
  assert.equal(queue.bytes, 7);
  assert.deepEqual(await queue.receive(), text("abc"));
  assert.equal(queue.bytes, 4);
  assert.deepEqual(await queue.receive(), {
    type: "websocket.receive",
    text: null,
    bytes: new Uint8Array(4),
  });
  assert.equal(queue.bytes, 0);
});

test("MessageQueue answers concurrent calls in their order, and queues nothing for them", async () => {
  const queue = await connected();
  const calls = [queue.receive(), queue.receive(), queue.receive()];
  for (const letter of "abc") queue.deliver(letter, null);
  assert.equal(queue.length, 0);
  assert.deepEqual(await Promise.all(calls), [..."abc"].map(text));
});

test("MessageQueue tells the end behind what is queued, again and again", async () => {
  const queue = await connected();
  queue.deliver("a", null);
  queue.end(1001, "");
  queue.end(1006, "");
  assert.deepEqual(await queue.receive(), text("a"));
  assert.deepEqual(await queue.receive(), disconnect(1001));
  assert.deepEqual(await queue.receive(), disconnect(1001));
});

test("MessageQueue tells the end to every call that waits", async () => {
  const queue = await connected();
  const calls = [queue.receive(), queue.receive()];
  queue.end(1000, "");
  assert.deepEqual(await Promise.all(calls), [
    disconnect(1000),
    disconnect(1000),
  ]);
});

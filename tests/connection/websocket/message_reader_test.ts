import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteBacklog } from "../../../src/bytes/byte_backlog.ts";
import { READ_HIGH_WATER } from "../../../src/connection/output/write_gate.ts";
import {
  MessageReader,
  type MessageReaderOwner,
} from "../../../src/connection/websocket/message_reader.ts";
import { DEFAULT_WEBSOCKET_LIMITS } from "../../../src/websocket/limits.ts";
import { WebSocketProtocol } from "../../../src/websocket/protocol.ts";
import { FakeSocket } from "../../_support/fake_socket.ts";
import { latin1 } from "../../_support/raw_client.ts";
import {
  binaryFrame,
  closeFrame,
  pingFrame,
  pongFrame,
  textFrame,
} from "../../_support/websocket_frames.ts";

/** A reader whose application has `room` for so many messages, and what its owner was told. */
function setUp(room = Infinity, ahead = new ByteBacklog()) {
  const socket = new FakeSocket();
  const told: string[] = [];
  const queue = { room };
  const owner: MessageReaderOwner = {
    isQueueFull: () => queue.room <= 0,
    mayPull: () => queue.room > 0,
    onMessage(text, binary) {
      queue.room--;
      told.push(text ?? `bytes ${latin1(binary!)}`);
    },
    onPing: (payload) => void told.push(`ping ${latin1(payload)}`),
    onPong: (payload) => void told.push(`pong ${latin1(payload)}`),
    onPeerEnd(how, hasDelivered) {
      queue.room = 0;
      told.push(`${how}, ${hasDelivered}`);
    },
    onCaughtUp: () => void told.push("caught up"),
  };
  const reader = new MessageReader(
    socket,
    new WebSocketProtocol(DEFAULT_WEBSOCKET_LIMITS, undefined),
    ahead,
    false,
    owner,
  );
  return { socket, told, queue, reader };
}

test("MessageReader pulls what comes, in order", () => {
  const { told, reader } = setUp();
  reader.read(textFrame("a"));
  reader.read(binaryFrame("b"));
  reader.read(pingFrame("c"));
  reader.read(pongFrame("d"));
  reader.read(closeFrame(1000));
  assert.deepEqual(told, ["a", "bytes b", "ping c", "pong d", "close, false"]);
});

test("MessageReader begins with the frames that came before it", () => {
  const { told, reader } = setUp(Infinity, new ByteBacklog(textFrame("early")));
  reader.pump();
  reader.read(textFrame("late"));
  assert.deepEqual(told, ["early", "late"]);
});

test("MessageReader copies what it reads ahead, and goes on where it stopped", () => {
  const { told, queue, reader, socket } = setUp(1);
  for (const text of ["a", "b", "c"]) {
    const lent = textFrame(text);
    reader.read(lent);
    lent.fill(0xff);
  }
  assert.deepEqual(told, ["a"]);
  assert.deepEqual([reader.isBehind, socket.isPaused], [true, false]);
  queue.room = 2;
  reader.pump();
  assert.deepEqual(told, ["a", "b", "c"]);
  queue.room = 1;
  reader.pump();
  assert.deepEqual([told.at(-1), reader.isBehind], ["caught up", false]);
});

test("MessageReader pauses the socket behind what it reads ahead, and not before", () => {
  const { queue, reader, socket } = setUp(0);
  reader.read(binaryFrame("x".repeat(READ_HIGH_WATER - 100)));
  assert.deepEqual([reader.isBehind, reader.isPaused], [true, false]);
  reader.read(binaryFrame("x".repeat(100)));
  assert.deepEqual([socket.isPaused, reader.isPaused], [true, true]);
  queue.room = 9;
  reader.pump();
  assert.deepEqual([socket.isPaused, reader.isPaused], [false, false]);
});

test("MessageReader drops what it read ahead, and pulls nothing once the socket has closed", () => {
  const { told, queue, reader } = setUp(1);
  reader.read(textFrame("a"));
  reader.read(textFrame("b"));
  reader.read(textFrame("c"));
  reader.close();
  queue.room = 9;
  reader.pump();
  assert.deepEqual(told, ["a"]);
  reader.drop();
  assert.ok(reader.heardBytes < 2 * textFrame("b").length + 2);
});

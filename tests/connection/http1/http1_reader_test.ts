import assert from "node:assert/strict";
import { test } from "node:test";
import {
  Http1Reader,
  type ReaderOwner,
} from "../../../src/connection/http1/http1_reader.ts";
import type { WriteFlow } from "../../../src/connection/output/write_flow.ts";
import { READ_HIGH_WATER } from "../../../src/connection/output/write_gate.ts";
import { DEFAULT_LIMITS } from "../../../src/http/limits.ts";
import { FakeSocket } from "../../_support/fake_socket.ts";
import { bytesOf } from "../../_support/raw_client.ts";

const GET = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
const POST = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n";

/** A reader, and what its connection was told: heads are read on as bodies, bodies are waited for. */
function setUp() {
  const socket = new FakeSocket();
  const told: string[] = [];
  const flow = { isFull: false };
  const owner: ReaderOwner & { pendingBodyBytes: number } = {
    flow: flow as WriteFlow,
    pendingBodyBytes: 0,
    onHead(head) {
      told.push(head.method);
      reader.enter("body");
    },
    onBody: (_bytes, start, end) => void told.push(`${end - start} bytes`),
    onBodyEnd() {
      told.push("end");
      reader.enter("wait");
    },
    refuse: (code) => void told.push(code),
    onPumped() {
      told.push("pumped");
      reader.regulate();
    },
    onResume: () => void told.push(`resumes, ${socket.isPaused}`),
  };
  const reader = new Http1Reader(socket, DEFAULT_LIMITS, owner);
  const read = (text: string) => reader.read(bytesOf(text));
  return { socket, told, flow, owner, reader, read };
}

test("Http1Reader pulls a request, and the next one when it is wanted", () => {
  const { told, reader, read } = setUp();
  read(POST + "hello" + GET);
  assert.deepEqual(told, ["POST", "5 bytes", "end", "pumped"]);
  reader.enter("head");
  reader.pumpWaiting();
  assert.deepEqual(told.slice(4), ["GET", "end", "pumped"]);
  reader.pumpWaiting();
  assert.equal(told.length, 7);
});

test("Http1Reader takes no further head while the answers are not read", () => {
  const { told, flow, reader, read } = setUp();
  flow.isFull = true;
  read(GET);
  assert.deepEqual(told, ["pumped"]);
  flow.isFull = false;
  reader.pumpWaiting();
  assert.deepEqual(told, ["pumped", "GET", "end", "pumped"]);
});

test("Http1Reader tells of a fault, and pulls nothing behind it", () => {
  const { told, read } = setUp();
  read("GET\r\n\r\n" + GET);
  assert.equal(told.length, 2);
  assert.equal(told[1], "pumped");
});

test("Http1Reader pauses the socket for a body that is not taken, and says when it goes on", () => {
  const { socket, told, owner, reader, read } = setUp();
  owner.pendingBodyBytes = READ_HIGH_WATER;
  read(POST);
  assert.deepEqual([socket.isPaused, reader.isPaused], [true, true]);
  reader.onTaken();
  assert.equal(socket.isPaused, true);
  owner.pendingBodyBytes = 0;
  reader.onTaken();
  assert.deepEqual([socket.isPaused, reader.isPaused], [false, false]);
  assert.equal(told.at(-1), "resumes, true");
});

test("Http1Reader pauses the socket for pipelined requests, and drops them when it lingers", () => {
  const { socket, told, reader, read } = setUp();
  read(GET);
  read(GET.repeat(3_000));
  assert.equal(socket.isPaused, true);
  const { length } = told;
  reader.linger();
  assert.equal(socket.isPaused, false);
  read(GET);
  reader.pump();
  assert.deepEqual(told.slice(length), ["pumped"]);
});

test("Http1Reader pulls nothing of a socket that has closed", () => {
  const { told, reader, read } = setUp();
  reader.close();
  read(GET);
  assert.deepEqual(told, []);
});

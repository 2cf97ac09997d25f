import assert from "node:assert/strict";
import { test } from "node:test";
import { Deadlines } from "../../../src/connection/tracking/deadlines.ts";
import {
  WRITE_HIGH_WATER,
  WRITES_PER_TURN,
} from "../../../src/connection/output/write_gate.ts";
import { WriterPool } from "../../../src/connection/output/output_buffer.ts";
import { WriteFlow } from "../../../src/connection/output/write_flow.ts";
import { FakeClock, settle } from "../../_support/fake_clock.ts";
import { FakeSocket } from "../../_support/fake_socket.ts";

/** A flow and what its owner was told. */
function flowOf() {
  const clock = new FakeClock();
  const socket = new FakeSocket();
  const told: string[] = [];
  const flow = new WriteFlow(
    socket,
    {
      atTurnEnd: clock.atTurnEnd,
      writers: new WriterPool(),
      deadlines: new Deadlines(clock, () => {}),
      settings: { stallMs: 10_000 },
    },
    {
      beforeTurnEnd: () => void told.push(`before ${socket.text}`),
      afterTurnEnd: () => void told.push(`after ${socket.text}`),
      onWriteStall: () => void told.push("stall"),
      onFailure(thrown) {
        throw thrown;
      },
    },
  );
  return { clock, socket, told, flow };
}

/** Whether a promise has settled, and how. */
async function outcome(promise: Promise<void>): Promise<string> {
  let seen = "waits";
  promise.then(() => seen = "done", (error: Error) => seen = error.message);
  await settle();
  return seen;
}

test("WriteFlow lets everything that one turn wrote leave in one write", async () => {
  const { clock, socket, told, flow } = flowOf();
  for (const text of ["a", "b", "c"]) {
    flow.out.writer.writeAscii(text);
    assert.equal(await outcome(flow.afterWrite(1)), "done");
  }
  assert.equal(socket.writes.length, 0);
  clock.endTurn();
  assert.deepEqual(told, ["before ", "after abc"]);
  assert.equal(socket.writes.length, 1);
});

test("WriteFlow keeps what can still be taken back", () => {
  const { clock, socket, flow } = flowOf();
  flow.out.isHeld = true;
  flow.out.writer.writeAscii("head");
  flow.scheduleFlush();
  flow.flush();
  clock.endTurn();
  assert.equal(socket.text, "");
  flow.out.isHeld = false;
  flow.flush();
  assert.equal(socket.text, "head");
});

test("WriteFlow waits above the high-water mark until the socket has drained (http:H-072)", async () => {
  const { socket, flow } = flowOf();
  socket.takesWrites = false;
  flow.out.writeLarge(new Uint8Array(WRITE_HIGH_WATER));
  const waiting = flow.afterWrite(1);
  assert.equal(flow.isFull, true);
  assert.equal(await outcome(waiting), "waits");
  assert.equal(await outcome(flow.whenRead()), "waits");
  socket.handler = { ...socket.handler, onDrain: () => flow.onDrain() };
  socket.drain();
  assert.equal(await outcome(waiting), "done");
  assert.equal(flow.isFull, false);
});

test("WriteFlow lets the sender of a head go on to its body, however long the head is", async () => {
  const { clock, socket, flow } = flowOf();
  flow.out.isHeld = true;
  flow.out.writer.writeBytes(new Uint8Array(WRITE_HIGH_WATER));
  assert.equal(await outcome(flow.afterWrite(0)), "done");
  const reading = flow.whenRead();
  assert.equal(await outcome(reading), "waits");
  flow.out.isHeld = false;
  clock.endTurn(); // no drain follows: the socket took all of it
  assert.equal(socket.queuedBytes, 0);
  assert.equal(await outcome(reading), "done");
});

test("WriteFlow releases with the turn what only waited to be read, though nobody wrote in it", async () => {
  const { clock, flow } = flowOf();
  flow.out.writer.writeBytes(new Uint8Array(WRITE_HIGH_WATER));
  const reading = flow.whenRead();
  assert.equal(await outcome(reading), "waits");
  clock.endTurn();
  assert.equal(await outcome(reading), "done");
});

test("WriteFlow ends the turn of a sender that never waits, however little it sends", async () => {
  const { clock, flow } = flowOf();
  let sends = 0;
  let last: Promise<void> = Promise.resolve();
  while (await outcome(last) === "done" && sends < WRITES_PER_TURN) {
    last = flow.afterWrite(0);
    sends++;
  }
  assert.ok(sends < WRITES_PER_TURN);
  clock.endTurn();
  assert.equal(await outcome(last), "done");
  assert.equal(await outcome(flow.afterWrite(0)), "done");
});

for (
  const [behavior, gone, expected] of [
    ["rejects", new Error("gone"), "gone"],
    ["releases", undefined, "done"],
  ] as const
) {
  test(`WriteFlow ${behavior} who waits when the connection is lost (wishes:R-007)`, async () => {
    const { clock, socket, told, flow } = flowOf();
    socket.takesWrites = false;
    flow.out.writeLarge(new Uint8Array(WRITE_HIGH_WATER));
    const waiting = flow.afterWrite(1);
    flow.close(gone);
    assert.equal(await outcome(waiting), expected);
    assert.equal(await outcome(flow.afterWrite(1)), "done");
    assert.equal(await outcome(flow.whenRead()), "done");
    clock.endTurn();
    assert.deepEqual(told, []);
  });
}

test("WriteFlow tells of a peer that takes nothing for too long, and only then", async () => {
  const { clock, socket, told, flow } = flowOf();
  const stalls = () => told.filter((what) => what === "stall").length;
  socket.takesWrites = false;
  flow.out.writer.writeAscii("x".repeat(1000));
  flow.scheduleFlush();
  clock.endTurn();
  clock.advance(9_000);
  assert.equal(stalls(), 0);
  // It reads slowly: a byte now and then is enough.
  for (let i = 0; i < 5; i++) {
    socket.queuedBytes--;
    clock.advance(9_000);
  }
  assert.equal(stalls(), 0);
  clock.advance(12_000);
  assert.equal(stalls(), 1);
  clock.advance(60_000);
  assert.equal(stalls(), 1);
});

test("WriteFlow stops its watch when everything has left, and when it is closed", () => {
  const { clock, socket, told, flow } = flowOf();
  socket.takesWrites = false;
  flow.out.writeLarge(new Uint8Array(100_000));
  socket.takesWrites = true;
  socket.drain();
  flow.onDrain();
  clock.advance(60_000);
  assert.equal(told.includes("stall"), false);
  socket.takesWrites = false;
  flow.out.writeLarge(new Uint8Array(100_000));
  flow.close(undefined);
  clock.advance(60_000);
  assert.equal(told.includes("stall"), false);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { WriteQueue } from "../../src/runtime/write_queue.ts";
import { pattern, sameBytes } from "./_wire.ts";

test("WriteQueue hands out nothing when empty", () => {
  const queue = new WriteQueue();
  assert.ok(queue.isEmpty);
  assert.equal(queue.take(), undefined);
});

test("WriteQueue hands out a single buffer without copying it", () => {
  const queue = new WriteQueue();
  const bytes = pattern(10);
  queue.push(bytes);
  assert.equal(queue.take(), bytes);
  assert.ok(queue.isEmpty);
});

test("WriteQueue joins small buffers up to 64 KiB", () => {
  const queue = new WriteQueue();
  for (const size of [40_000, 25_536, 1]) queue.push(pattern(size));
  assert.equal(queue.take()?.length, 65_536);
  assert.equal(queue.take()?.length, 1);
  assert.ok(queue.isEmpty);
});

test("WriteQueue hands out a large buffer alone", () => {
  const queue = new WriteQueue();
  const large = pattern(100_000);
  queue.push(large);
  queue.push(pattern(1));
  assert.equal(queue.take(), large);
  assert.equal(queue.take()?.length, 1);
});

test("WriteQueue puts back what was not sent, in front", () => {
  const queue = new WriteQueue();
  queue.push(pattern(70_000));
  queue.push(pattern(3));
  const first = queue.take();
  queue.putBack(pattern(7));
  assert.equal(first?.length, 70_000);
  assert.ok(
    sameBytes(
      queue.take() ?? pattern(0),
      new Uint8Array([...pattern(7), ...pattern(3)]),
    ),
  );
  queue.push(pattern(2));
  queue.take();
  queue.putBack(pattern(1));
  assert.ok(!queue.isEmpty);
  assert.equal(queue.take()?.length, 1);
});

test("WriteQueue forgets everything when cleared", () => {
  const queue = new WriteQueue();
  queue.push(pattern(3));
  queue.clear();
  assert.ok(queue.isEmpty);
});

test("WriteQueue keeps the order, whatever is taken, pushed and put back", () => {
  const queue = new WriteQueue();
  const whole = pattern(3_000_000);
  const out: Uint8Array[] = [];
  let at = 0;
  let seed = 1;
  while (at < whole.length || !queue.isEmpty) {
    seed = (seed * 48_271) % 2_147_483_647;
    for (let i = seed % 9; i > 0 && at < whole.length; i--) {
      const size = seed % (i % 3 === 0 ? 90_000 : 900);
      queue.push(whole.subarray(at, at + size));
      at += size;
    }
    const taken = queue.take();
    if (taken === undefined) continue;
    const sent = seed % 4 === 0 ? seed % (taken.length + 1) : taken.length;
    out.push(taken.subarray(0, sent));
    if (sent < taken.length) queue.putBack(taken.subarray(sent));
  }
  const joined = new Uint8Array(
    out.reduce((sum, bytes) => sum + bytes.length, 0),
  );
  let to = 0;
  for (const bytes of out) {
    joined.set(bytes, to);
    to += bytes.length;
  }
  assert.ok(sameBytes(joined, whole));
});

test("WriteQueue knows how much waits, whatever is taken and put back", () => {
  const queue = new WriteQueue();
  let waiting = 0;
  const check = () => assert.equal(queue.bytes, waiting);
  check();
  for (const size of [70_000, 3, 40_000, 0, 40_000, 1]) {
    queue.push(pattern(size));
    waiting += size;
    check();
  }
  for (let round = 0; !queue.isEmpty; round++) {
    const taken = queue.take()!;
    waiting -= taken.length;
    check();
    if (round % 2 === 1) continue;
    queue.putBack(taken.subarray(1));
    waiting += taken.length - 1;
    check();
  }
  assert.equal(waiting, 0);
  queue.push(pattern(5));
  queue.clear();
  assert.equal(queue.bytes, 0);
});

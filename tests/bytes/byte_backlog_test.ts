import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteBacklog } from "../../src/bytes/byte_backlog.ts";
import { bytesOf, latin1 } from "../_support/raw_client.ts";

test("ByteBacklog keeps bytes in order, and copies what is lent", () => {
  const backlog = new ByteBacklog(bytesOf("ab"));
  const lent = bytesOf("cd");
  backlog.append(lent);
  lent.fill(0x21);
  backlog.append(bytesOf("e"));
  assert.equal(backlog.length, 5);
  assert.equal(latin1(backlog.take()), "abcde");
});

test("ByteBacklog is empty after take and clear, and used again", () => {
  const backlog = new ByteBacklog();
  assert.equal(backlog.length, 0);
  assert.equal(backlog.take().length, 0);
  backlog.append(bytesOf("abc"));
  const taken = backlog.take();
  backlog.append(bytesOf("xyz"));
  assert.equal(latin1(taken), "abc", "what was taken is not written over");
  assert.equal(backlog.length, 3);
  backlog.clear();
  assert.equal(backlog.length, 0);
});

test("ByteBacklog shows what it holds without giving it away", () => {
  const backlog = new ByteBacklog();
  assert.equal(backlog.bytes.length, 0);
  backlog.append(bytesOf("ab"));
  assert.equal(latin1(backlog.bytes), "ab");
  backlog.append(bytesOf("c"));
  assert.equal(latin1(backlog.bytes), "abc");
  assert.equal(latin1(backlog.take()), "abc");
});

test("ByteBacklog keeps ten thousand pieces of one byte each", () => {
  const backlog = new ByteBacklog();
  for (let i = 0; i < 10_000; i++) backlog.append(Uint8Array.of(i));
  const bytes = backlog.take();
  assert.equal(bytes.length, 10_000);
  assert.ok(bytes.every((byte, i) => byte === (i & 0xff)));
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { BodyPace } from "../../src/connection/body_pace.ts";

test("BodyPace gives 5 seconds, and then what the bytes are worth", () => {
  const pace = new BodyPace(1_000);
  assert.equal(pace.left(1_000, 0, 100), 5_000);
  assert.equal(pace.left(6_000, 0, 100), 0);
  assert.equal(pace.left(6_000, 200, 100), 2_000);
  assert.equal(pace.left(60_000, 200, 100), -52_000);
});

test("BodyPace stands still while it is not the peer who is slow", () => {
  const pace = new BodyPace(0);
  pace.pause(1_000);
  pace.pause(2_000);
  pace.resume(61_000);
  pace.resume(62_000);
  assert.equal(pace.left(61_000, 0, 100), 4_000);
});

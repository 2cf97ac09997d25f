import assert from "node:assert/strict";
import { test } from "node:test";
import { BodyPace } from "../../../src/connection/http1/body_pace.ts";

test("BodyPace gives 5 seconds, and then what the bytes are worth", () => {
  const pace = new BodyPace(1_000, 4_097);
  assert.equal(pace.left(1_000, 0, 100), 5_000);
  assert.equal(pace.left(6_000, 0, 100), 0);
  assert.equal(pace.left(6_000, 200, 100), 2_000);
  assert.equal(pace.left(60_000, 200, 100), -52_000);
});

test("BodyPace stands still while it is not the peer who is slow", () => {
  const pace = new BodyPace(0, -1);
  pace.pause(1_000);
  pace.pause(2_000);
  pace.resume(61_000);
  pace.resume(62_000);
  assert.equal(pace.left(61_000, 0, 100), 4_000);
});

for (const length of [1, 4_096]) {
  test(`BodyPace gives a body of ${length} bytes 10 minutes in all`, () => {
    const pace = new BodyPace(1_000, length);
    assert.equal(pace.left(1_000, 0, 100), 600_000);
    assert.equal(pace.left(301_000, 1, 100), 300_000);
    assert.equal(pace.left(601_000, 4_095, 100), 0);
  });
}

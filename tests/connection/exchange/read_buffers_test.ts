import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  giveReadBuffer,
  READ_BYTES,
  takeReadBuffer,
} from "../../../src/connection/exchange/read_buffers.ts";

/** Takes `count` buffers that were never given back. */
function takeNew(count: number): Uint8Array[] {
  const taken = Array.from({ length: count }, takeReadBuffer);
  assert.equal(new Set(taken).size, count);
  return taken;
}

describe("read buffers", () => {
  test("have one size", () => {
    assert.equal(takeReadBuffer().length, READ_BYTES);
  });

  test("are used again once they are given back, and by one reader at a time", () => {
    takeNew(32); // whatever other files have left here
    const [buffer] = takeNew(1);
    giveReadBuffer(buffer!);
    assert.equal(takeReadBuffer(), buffer);
    assert.notEqual(takeReadBuffer(), buffer);
  });

  for (const [count, kept] of [[15, 15], [16, 16], [17, 16]] as const) {
    test(`keep ${kept} of ${count} that are given back`, () => {
      takeNew(32);
      const given = takeNew(count);
      for (const buffer of given) giveReadBuffer(buffer);
      const known = takeNew(32).filter((buffer) => given.includes(buffer));
      assert.equal(known.length, kept);
    });
  }
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { BOUNDARY, BROKEN, checkUtf8 } from "../../src/websocket/utf8.ts";
import { hex, utf8 } from "../_support/octets.ts";
import { INVALID, VALID } from "./utf8_cases.ts";

function check(bytes: Uint8Array, start = 0, end = bytes.length): number {
  return checkUtf8(bytes, start, end, BOUNDARY);
}

describe("checkUtf8() (RFC 3629 §4)", () => {
  for (const [name, digits] of VALID) {
    const bytes = hex(digits);
    test(`takes ${name}`, () => {
      assert.equal(check(bytes), BOUNDARY);
    });

    test(`takes ${name} in two pieces, wherever it is cut`, () => {
      for (let cut = 0; cut <= bytes.length; cut++) {
        const state = check(bytes, 0, cut);
        assert.notEqual(state, BROKEN);
        assert.equal(checkUtf8(bytes, cut, bytes.length, state), BOUNDARY);
      }
    });
  }

  for (const [name, digits, at] of INVALID) {
    // Whatever comes before, behind and around it.
    for (const before of ["", "plain ", "日本", "😀"]) {
      const prefix = utf8(before);
      const bytes = Uint8Array.from([...prefix, ...hex(digits), 0x41]);
      test(`refuses ${name} after "${before}", at the first octet that cannot be`, () => {
        const bad = prefix.length + at;
        assert.notEqual(check(bytes, 0, bad), BROKEN, "before it");
        assert.equal(check(bytes, 0, bad + 1), BROKEN, "with it");
        assert.equal(check(bytes), BROKEN, "with what follows");
        let state = BOUNDARY;
        for (let i = 0; i <= bad; i++) {
          assert.notEqual(state, BROKEN, `octet ${i}`);
          state = checkUtf8(bytes, i, i + 1, state);
        }
        assert.equal(state, BROKEN, "octet by octet");
      });
    }
  }

  test("is not at a boundary inside a character", () => {
    const bytes = utf8("é€😀");
    const boundaries = [];
    for (let cut = 0; cut <= bytes.length; cut++) {
      if (check(bytes, 0, cut) === BOUNDARY) boundaries.push(cut);
    }
    assert.deepEqual(boundaries, [0, 2, 5, 9]);
  });

  test("looks at nothing outside of its piece", () => {
    assert.equal(check(hex("ff 41 42 ff"), 1, 3), BOUNDARY);
  });
});

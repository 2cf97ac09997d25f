import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as codes from "../../src/websocket/close_codes.ts";

describe("isSendable() (RFC 6455 §7.4)", () => {
  for (
    const [from, to, sendable] of [
      [0, 999, false], // not used
      [1000, 1003, true],
      [1004, 1006, false], // reserved
      [1007, 1014, true],
      [1015, 1015, false], // reserved
      [1016, 2999, false], // not assigned
      [3000, 4999, true], // registered, and private
      [5000, 65_535, false],
    ] as const
  ) {
    test(`${from} to ${to}: ${sendable}`, () => {
      for (let code = from; code <= to; code++) {
        assert.equal(codes.isSendable(code), sendable, String(code));
      }
    });
  }

  for (const code of [NaN, Infinity, -1000, 1000.5, 66_536]) {
    test(`${code} is no code`, () => {
      assert.equal(codes.isSendable(code), false);
    });
  }

  test("an application's mistakes are no codes either", () => {
    for (const code of ["1000", null, undefined, 1000n, [1000]]) {
      assert.equal(codes.isSendable(code as unknown as number), false);
    }
  });
});

test("what the server sends may be sent, and what it must not, not", () => {
  for (
    const code of [
      codes.NORMAL,
      codes.PROTOCOL_ERROR,
      codes.INVALID_DATA,
      codes.TOO_BIG,
      codes.INTERNAL_ERROR,
      codes.SERVICE_RESTART,
    ]
  ) {
    assert.equal(codes.isSendable(code), true, String(code));
  }
  for (const code of [codes.NO_STATUS, codes.ABNORMAL]) {
    assert.equal(codes.isSendable(code), false, String(code));
  }
});

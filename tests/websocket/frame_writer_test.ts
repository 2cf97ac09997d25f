import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ByteWriter } from "../../src/bytes/byte_writer.ts";
import {
  MAX_DIRECT_TEXT,
  writeClose,
  writeControl,
  writeFrameHeader,
  writeText,
} from "../../src/websocket/frame_writer.ts";
import { hex, utf8 } from "../_support/octets.ts";
import {
  closePayload,
  PING,
  readFrames,
} from "../_support/websocket_frames.ts";

function written(write: (out: ByteWriter) => void): Uint8Array {
  const out = new ByteWriter(1);
  out.writeAscii("before");
  write(out);
  assert.deepEqual(out.bytes.slice(0, 6), utf8("before"));
  return out.bytes.slice(6, out.length);
}

describe("writeFrameHeader() (RFC 6455 §5.2)", () => {
  for (
    const [length, header] of [
      [0, "82 00"],
      [125, "82 7d"],
      [126, "82 7e 00 7e"],
      [127, "82 7e 00 7f"],
      [256, "82 7e 01 00"],
      [65_535, "82 7e ff ff"],
      [65_536, "82 7f 00 00 00 00 00 01 00 00"],
      [2 ** 32 - 1, "82 7f 00 00 00 00 ff ff ff ff"],
      [2 ** 32 + 2, "82 7f 00 00 00 01 00 00 00 02"],
      [2 ** 53 - 1, "82 7f 00 1f ff ff ff ff ff ff"],
    ] as const
  ) {
    test(`says ${length} in the shortest form`, () => {
      const bytes = written((out) => writeFrameHeader(out, 2, length, false));
      assert.deepEqual(bytes, hex(header));
    });
  }

  test("marks a compressed message (RFC 7692 §6)", () => {
    const bytes = written((out) => writeFrameHeader(out, 1, 5, true));
    assert.deepEqual(bytes, hex("c1 05"));
  });
});

test("writeControl() writes the whole frame", () => {
  const payload = new Uint8Array(125).fill(7);
  const bytes = written((out) => writeControl(out, PING, payload));
  assert.deepEqual(readFrames(bytes), [
    { opcode: PING, kind: "ping", fin: true, rsv1: false, payload },
  ]);
});

describe("writeClose() (RFC 6455 §5.5.1)", () => {
  for (
    const [behavior, code, reason, payload] of [
      ["an empty frame", undefined, "", closePayload()],
      ["an empty frame, whatever the reason", undefined, "x", closePayload()],
      ["a code", 1000, "", hex("03 e8")],
      ["a code and a reason", 4999, "bye", closePayload(4999, "bye")],
      [
        "a reason of 123 bytes",
        1000,
        "é".repeat(61) + "x",
        closePayload(1000, "é".repeat(61) + "x"),
      ],
      [
        "a reason cut to 123 bytes",
        1000,
        "x".repeat(200),
        closePayload(1000, "x".repeat(123)),
      ],
      [
        "a reason cut at a character (websocket:W-075, asgi:A-133)",
        1000,
        "é".repeat(100),
        closePayload(1000, "é".repeat(61)),
      ],
      [
        "a reason cut before four bytes",
        1000,
        "x".repeat(120) + "😀",
        closePayload(1000, "x".repeat(120)),
      ],
      ["half a character made whole", 1000, "\ud800", hex("03 e8 ef bf bd")],
    ] as const
  ) {
    test(`writes ${behavior}`, () => {
      const bytes = written((out) => writeClose(out, code, reason));
      assert.deepEqual(readFrames(bytes), [
        { opcode: 8, kind: "close", fin: true, rsv1: false, payload },
      ]);
    });
  }
});

describe("writeText() is as the plain way of header and encoding", () => {
  const encoder = new TextEncoder();
  for (
    const [name, text] of [
      ["empty", ""],
      ["125 bytes", "a".repeat(125)],
      ["126 bytes", "a".repeat(126)],
      ["42 units of 126 bytes", "\u20ac".repeat(42)],
      ["125 units of 375 bytes", "\u20ac".repeat(125)],
      ["63 units of 126 bytes", "\u00e9".repeat(63)],
      ["pairs", "\u{1f600}".repeat(40)],
      ["a lone surrogate", "\ud800".repeat(50)],
      ["the longest", "\u20ac".repeat(MAX_DIRECT_TEXT)],
    ] as const
  ) {
    test(name, () => {
      const plain = written((out) => {
        const payload = encoder.encode(text);
        writeFrameHeader(out, 0x1, payload.length, false);
        out.writeBytes(payload);
      });
      assert.deepEqual(written((out) => writeText(out, text)), plain);
    });
  }
});

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, test } from "node:test";
import { FrameReader } from "../../src/websocket/frame_reader.ts";
import { hex, join, utf8 } from "../_support/octets.ts";
import {
  BINARY,
  CLOSE,
  CONTINUATION,
  frame,
  PING,
  PONG,
  TEXT,
} from "../_support/websocket_frames.ts";

/** Reads everything there is; payload pieces of a frame are put together. */
function readAll(pieces: Iterable<Uint8Array>): string[] {
  const reader = new FrameReader();
  const seen: string[] = [];
  let payload: Uint8Array[] = [];
  for (const piece of pieces) {
    const lent = piece.slice();
    reader.push(lent);
    for (let isDry = false; !isDry;) {
      switch (reader.next()) {
        case "needMore":
          isDry = true;
          break;
        case "header":
          payload = [];
          seen.push(
            `${reader.opcode}${reader.isFinal ? " fin" : ""}${
              reader.rsv1 ? " rsv1" : ""
            } ${reader.payloadLength}`,
          );
          break;
        case "payload":
          payload.push(reader.bytes.slice(reader.start, reader.end));
          break;
        case "end":
          seen.push(Buffer.from(join(...payload)).toString("hex"));
          break;
        case "fault":
          seen.push(reader.fault);
          assert.equal(reader.next(), "fault", "for ever");
          assert.equal(reader.unreadBytes, 0);
          return seen;
      }
    }
    assert.equal(reader.unreadBytes, 0);
    lent.fill(0x21); // it was only lent
  }
  return seen;
}

/** Whole, in single bytes, and in two pieces: all ways must agree. */
function read(bytes: Uint8Array): string[] {
  const whole = readAll([bytes]);
  const singles = readAll(Array.from(bytes, (_, i) => bytes.slice(i, i + 1)));
  assert.deepEqual(singles, whole, "byte by byte");
  const step = Math.max(1, Math.floor(bytes.length / 200));
  for (let cut = 1; cut < bytes.length; cut += step) {
    const halves = readAll([bytes.slice(0, cut), bytes.slice(cut)]);
    assert.deepEqual(halves, whole, `cut at ${cut}`);
  }
  return whole;
}

describe("a frame's length (RFC 6455 §5.2)", () => {
  for (const size of [0, 1, 124, 125, 126, 127, 128, 65_535, 65_536, 65_537]) {
    test(`reads ${size} octets in the shortest form`, () => {
      const payload = new Uint8Array(size).fill(0x2a);
      assert.deepEqual(read(frame(BINARY, payload)), [
        `2 fin ${size}`,
        "2a".repeat(size),
      ]);
    });
  }

  for (
    const [length, form] of [
      [0, 2],
      [125, 2],
      [0, 8],
      [125, 8],
      [126, 8],
      [65_535, 8],
    ] as const
  ) {
    test(`refuses ${length} in ${form} octets`, () => {
      const bytes = frame(BINARY, "", {
        announced: length,
        lengthOctets: form,
      });
      assert.deepEqual(read(bytes), ["BAD_LENGTH"]);
    });
  }

  test("refuses a first bit in eight octets", () => {
    assert.deepEqual(
      read(hex("82 ff 80 00 00 00 00 01 00 00 00 00 00 00")),
      ["BAD_LENGTH"],
    );
  });

  test("reads a length of four gigabytes and more without error", () => {
    const bytes = frame(BINARY, "x", { announced: 2 ** 32 + 5 });
    assert.deepEqual(read(bytes), [`2 fin ${2 ** 32 + 5}`]);
  });

  test("reads the largest length there is as one that no limit lets through", () => {
    const [header] = read(hex("82 ff 7f ff ff ff ff ff ff ff 01 02 03 04"));
    assert.equal(header, `2 fin ${2 ** 63}`);
  });
});

describe("opcodes (RFC 6455 §5.2, §11.8)", () => {
  for (let opcode = 0; opcode < 16; opcode++) {
    const known = [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG]
      .includes(opcode);
    test(`${known ? "reads" : "refuses"} ${opcode}`, () => {
      assert.deepEqual(
        read(frame(opcode, "ab")),
        known ? [`${opcode} fin 2`, "6162"] : ["BAD_OPCODE"],
      );
    });
  }

  test("refuses an unknown one at its first byte", () => {
    assert.deepEqual(read(hex("83")), ["BAD_OPCODE"]);
  });
});

describe("reserved bits (RFC 6455 §5.2, RFC 7692 §6)", () => {
  for (let rsv = 0; rsv < 8; rsv++) {
    for (const opcode of [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG]) {
      const isCompressible = rsv === 4 && opcode < CLOSE;
      const isFine = rsv === 0 || isCompressible;
      test(`${isFine ? "reads" : "refuses"} ${rsv} with opcode ${opcode}`, () => {
        assert.deepEqual(
          read(frame(opcode, "a", { rsv })),
          isFine
            ? [`${opcode} fin${rsv === 4 ? " rsv1" : ""} 1`, "61"]
            : ["RESERVED_BITS"],
        );
      });
    }
  }
});

describe("masking (RFC 6455 §5.1, §5.3)", () => {
  test("reads the example of §5.7", () => {
    assert.deepEqual(read(hex("81 85 37 fa 21 3d 7f 9f 4d 51 58")), [
      "1 fin 5",
      Buffer.from("Hello").toString("hex"),
    ]);
  });

  test("refuses a frame that is not masked", () => {
    assert.deepEqual(read(frame(TEXT, "Hello", { key: undefined })), [
      "UNMASKED_FRAME",
    ]);
    assert.deepEqual(read(frame(PING, "", { key: undefined })), [
      "UNMASKED_FRAME",
    ]);
  });

  test("reads a frame with a key of zeros", () => {
    assert.deepEqual(read(frame(TEXT, "ab", { key: [0, 0, 0, 0] })), [
      "1 fin 2",
      "6162",
    ]);
  });
});

describe("control frames (RFC 6455 §5.5)", () => {
  for (const opcode of [CLOSE, PING, PONG]) {
    test(`reads 125 octets with opcode ${opcode}`, () => {
      assert.deepEqual(read(frame(opcode, "x".repeat(125))), [
        `${opcode} fin 125`,
        "78".repeat(125),
      ]);
    });

    test(`refuses 126 octets with opcode ${opcode}`, () => {
      assert.deepEqual(read(frame(opcode, "x".repeat(126))), ["LONG_CONTROL"]);
    });

    test(`refuses the long form with opcode ${opcode}`, () => {
      for (const lengthOctets of [2, 8] as const) {
        const bytes = frame(opcode, "", { lengthOctets, announced: 5 });
        assert.deepEqual(read(bytes), ["LONG_CONTROL"]);
      }
    });

    test(`refuses a fragment with opcode ${opcode}`, () => {
      assert.deepEqual(read(frame(opcode, "", { fin: false })), [
        "FRAGMENTED_CONTROL",
      ]);
    });
  }
});

describe("bytes", () => {
  test("are read frame after frame", () => {
    const bytes = join(
      frame(TEXT, "a", { fin: false }),
      frame(PING),
      frame(CONTINUATION, "bc"),
      frame(BINARY, "", { rsv: 4 }),
    );
    assert.deepEqual(read(bytes), [
      "1 1",
      "61",
      "9 fin 0",
      "",
      "0 fin 2",
      "6263",
      "2 fin rsv1 0",
      "",
    ]);
  });

  test("are not read behind a fault", () => {
    assert.deepEqual(read(join(frame(3), frame(TEXT, "a"))), ["BAD_OPCODE"]);
  });

  test("wait in a copy once they are held, however they were lent", () => {
    const bytes = join(frame(TEXT, "one"), frame(TEXT, "two"));
    for (const lent of [bytes.slice(), Buffer.from(bytes)]) {
      const reader = new FrameReader();
      reader.push(lent);
      const seen: string[] = [];
      for (let i = 0; i < 6; i++) {
        const outcome = reader.next();
        if (outcome === "payload") {
          seen.push(
            Buffer.from(reader.bytes.slice(reader.start, reader.end))
              .toString(),
          );
        }
        if (i === 2) {
          reader.hold();
          lent.fill(0);
        }
      }
      assert.deepEqual(seen, ["one", "two"]);
      assert.equal(reader.next(), "needMore");
    }
  });

  test("are copied once, however often they are held", () => {
    const reader = new FrameReader();
    reader.push(join(...Array(20).fill(frame(TEXT, "a"))));
    const memories = new Set<Uint8Array>();
    reader.hold();
    for (let outcome = reader.next(); outcome !== "needMore";) {
      if (outcome === "payload") memories.add(reader.bytes);
      reader.hold();
      outcome = reader.next();
    }
    assert.equal(memories.size, 1);
  });

  test("join those that are unread", () => {
    const reader = new FrameReader();
    reader.push(frame(TEXT, "one"));
    reader.push(frame(TEXT, "two"));
    const seen: string[] = [];
    for (let outcome = reader.next(); outcome !== "needMore";) {
      seen.push(outcome);
      outcome = reader.next();
    }
    assert.deepEqual(seen, [
      "header",
      "payload",
      "end",
      "header",
      "payload",
      "end",
    ]);
  });

  test("are let go once they are read", () => {
    const reader = new FrameReader();
    reader.push(frame(TEXT, "one"));
    while (reader.next() !== "needMore");
    assert.equal(reader.bytes.length, 0);
  });

  test("are forgotten by clear()", () => {
    const reader = new FrameReader();
    reader.push(utf8("whatever this is"));
    reader.clear();
    assert.equal(reader.unreadBytes, 0);
    assert.equal(reader.next(), "needMore");
  });
});

test("isAtFrameEnd tells the last piece of a frame", () => {
  const bytes = frame(TEXT, "abcd");
  const reader = new FrameReader();
  reader.push(bytes.slice(0, 8));
  assert.equal(reader.next(), "header");
  assert.equal(reader.next(), "payload");
  assert.equal(reader.isAtFrameEnd, false);
  assert.equal(reader.next(), "needMore");
  reader.push(bytes.slice(8));
  assert.equal(reader.next(), "payload");
  assert.equal(reader.isAtFrameEnd, true);
  assert.equal(reader.next(), "end");
});

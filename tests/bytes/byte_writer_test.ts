import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ByteWriter, isAscii } from "../../src/bytes/byte_writer.ts";

const decoder = new TextDecoder();

function textOf(writer: ByteWriter): string {
  return decoder.decode(writer.bytes.subarray(0, writer.length));
}

describe("ByteWriter", () => {
  test("written is what was written, in whatever memory it lies", () => {
    const writer = new ByteWriter(4);
    assert.equal(writer.written.length, 0);
    writer.writeAscii("abc");
    const first = writer.written;
    assert.equal(decoder.decode(first), "abc");
    assert.equal(writer.written, first);
    writer.writeAscii("defgh"); // grows
    assert.equal(decoder.decode(writer.written), "abcdefgh");
    writer.length = 3;
    writer.writeAscii("xyz");
    assert.equal(decoder.decode(writer.written), "abcxyz");
  });

  test("takes its memory from whom it is told to", () => {
    const sizes: number[] = [];
    const writer = new ByteWriter(4, (size) => {
      sizes.push(size);
      return new Uint8Array(size);
    });
    writer.writeAscii("abcdefgh");
    assert.deepEqual(sizes, [4, 8]);
  });

  test("starts empty", () => {
    assert.equal(new ByteWriter(16).length, 0);
  });

  for (
    const [behavior, room, extra, grows] of [
      ["keeps its memory for one byte less than there is room", 8, 7, false],
      ["keeps its memory for exactly what there is room", 8, 8, false],
      ["grows for one byte more than there is room", 8, 9, true],
    ] as const
  ) {
    test(`reserve() ${behavior}`, () => {
      const writer = new ByteWriter(room);
      const memory = writer.bytes;
      writer.reserve(extra);
      assert.equal(writer.bytes !== memory, grows);
      assert.ok(writer.bytes.length >= extra);
      assert.equal(writer.length, 0);
    });
  }

  test("reserve() keeps what was written when it grows", () => {
    const writer = new ByteWriter(4);
    writer.writeAscii("abcd");
    writer.reserve(100);
    assert.equal(textOf(writer), "abcd");
  });

  test("grows by doubling, so that many small writes stay linear", () => {
    const writer = new ByteWriter(1);
    let growths = 0;
    let memory = writer.bytes;
    for (let i = 0; i < 100_000; i++) {
      writer.writeAscii("x");
      if (writer.bytes !== memory) growths++;
      memory = writer.bytes;
    }
    assert.equal(writer.length, 100_000);
    assert.ok(growths <= 17, `${growths} growths`);
  });

  test("writeBytes() appends a copy", () => {
    const writer = new ByteWriter(1);
    const source = Uint8Array.of(1, 2, 3);
    writer.writeBytes(source);
    source.fill(9);
    writer.writeBytes(Uint8Array.of(4));
    assert.deepEqual([...writer.bytes.subarray(0, writer.length)], [
      1,
      2,
      3,
      4,
    ]);
  });

  for (const size of [0, 1, 95, 96, 97, 5000]) {
    test(`writeAscii() appends ${size} units as ${size} bytes`, () => {
      const writer = new ByteWriter(2);
      const text = "0123456789".repeat(500).slice(0, size);
      writer.writeAscii(">");
      writer.writeAscii(text);
      assert.equal(writer.length, size + 1);
      assert.equal(textOf(writer), `>${text}`);
    });
  }

  for (
    const [value, text] of [
      [0, "0"],
      [9, "9"],
      [10, "10"],
      [99, "99"],
      [100, "100"],
      [65_536, "65536"],
      [2_147_483_647, "2147483647"],
      [2_147_483_648, "2147483648"],
      [Number.MAX_SAFE_INTEGER, "9007199254740991"],
    ] as const
  ) {
    test(`writeDecimal() writes ${text}`, () => {
      const writer = new ByteWriter(1);
      writer.writeDecimal(value);
      assert.equal(textOf(writer), text);
    });
  }

  for (
    const [where, from, expected] of [
      ["at the front", 0, "NEWabcdef"],
      ["in the middle", 3, "abcNEWdef"],
      ["at the end", 6, "abcdefNEW"],
    ] as const
  ) {
    test(`insert() puts bytes ${where} and moves up what follows`, () => {
      const writer = new ByteWriter(6);
      writer.writeAscii("abcdef");
      writer.insert(from, new TextEncoder().encode("NEW"));
      assert.equal(textOf(writer), expected);
    });
  }

  test("length may be set back to undo what was written since", () => {
    const writer = new ByteWriter(4);
    writer.writeAscii("keep");
    writer.writeAscii("drop");
    writer.length = 4;
    writer.writeAscii("!");
    assert.equal(textOf(writer), "keep!");
  });
});

describe("isAscii()", () => {
  for (
    const [text, expected] of [
      ["", true],
      ["\x00 plain ~\x7f", true],
      ["\x80", false],
      ["caf\xe9", false],
      ["at the end \u20ac", false],
      ["\ud800", false],
    ] as const
  ) {
    test(`says ${expected} of ${JSON.stringify(text)}`, () => {
      assert.equal(isAscii(text), expected);
    });
  }
});

test("texts that begin where the last one did, or elsewhere, are encoded in their place", () => {
  const out = new ByteWriter(8);
  const texts = [
    "größe",
    "a",
    "",
    "\u{1f600}\ud800",
    "x".repeat(500),
    "ß",
    "b",
  ];
  for (const prefix of ["", "12", "12", "1234", "12"]) {
    for (const text of texts) {
      out.length = 0;
      out.writeAscii(prefix);
      out.writeUtf8(text);
      out.writeUtf8("|");
      assert.equal(
        new TextDecoder().decode(out.written),
        `${prefix}${text.toWellFormed()}|`,
      );
    }
  }
});

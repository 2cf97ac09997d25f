/** Deflate and inflate of single messages (RFC 7692 §7.2), on the runtime under test. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, test } from "node:test";
import zlib from "node:zlib";
import {
  createDeflater,
  createInflater,
  createPlainDeflater,
  createPlainInflater,
  keepsContext,
} from "../../src/runtime/deflate.ts";
import type { MessageInflater } from "../../src/runtime/types.ts";

const decoder = new TextDecoder();
const LIMIT = 1 << 20;

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(
    hex.split(" ").filter(Boolean),
    (octet) => Number.parseInt(octet, 16),
  );
}

function textOf(result: Uint8Array | "tooBig" | "bad"): string {
  return typeof result === "string" ? `(${result})` : decoder.decode(result);
}

/** Bytes that deflate cannot shorten, the same on every call. */
function noise(size: number): Uint8Array {
  let seed = 1;
  return Uint8Array.from({ length: size }, () => {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fff_ffff;
    return seed >>> 16;
  });
}

test("windows can be kept on this runtime", () => {
  assert.equal(keepsContext(), true);
});

/** What RFC 7692 §7.2.3 writes down, and what else a sender may make of "Hello". */
const HELLO = "f2 48 cd c9 c9 07 00";
const PAYLOADS = [
  ["one compressed block (§7.2.3.1)", HELLO, "Hello"],
  [
    "a block that is not compressed (§7.2.3.3)",
    "00 05 00 fa ff 48 65 6c 6c 6f 00",
    "Hello",
  ],
  [
    "a final block (§7.2.3.4)",
    "f3 48 cd c9 c9 07 00 00",
    "Hello",
  ],
  ["a final block with nothing behind it", "f3 48 cd c9 c9 07 00", "Hello"],
  [
    "a final block before another stream",
    `f3 48 cd c9 c9 07 00 ${HELLO}`,
    "HelloHello",
  ],
  [
    "two blocks (§7.2.3.5)",
    "f2 48 05 00 00 00 ff ff ca c9 c9 07 00",
    "Hello",
  ],
  ["an empty message (§7.2.3.6)", "00", ""],
  ["no payload at all", "", ""],
  ["a reserved block type", "07 00", "(bad)"],
  ["a length that denies itself", "00 05 00 05 00 48", "(bad)"],
  ["a distance before the beginning", "f2 00 11 00 00", "(bad)"],
  ["a final block cut before its data", "01 05 00 fa ff", "(bad)"],
  ["a block cut before its data", "00 05 00 fa ff", "(bad)"],
  ["a block cut in its data", "00 05 00 fa ff 48 65", "(bad)"],
  ["a block cut in its length", "00 05", "(bad)"],
  ["a whole block without another behind it", "00 01 00 fe ff 48", "(bad)"],
  ["a compressed block that does not end", "f2 48 cd c9 c9", "(bad)"],
  ["a final block that does not end", "f3 48 cd c9 c9", "(bad)"],
  ["a table of codes that does not end", "04 80", "(bad)"],
] as const;

for (
  const [kind, create] of [
    ["a kept window", () => createInflater(15, true)],
    ["a forgotten window", () => createInflater(15, false)],
  ] as const
) {
  describe(`an inflater with ${kind}`, () => {
    for (const [behavior, hex, text] of PAYLOADS) {
      test(`reads ${behavior}`, () => {
        const inflater = create();
        assert.equal(textOf(inflater.inflate(bytesOf(hex), LIMIT)), text);
        if (text !== "(bad)") {
          const again = inflater.inflate(bytesOf(HELLO), LIMIT);
          assert.equal(textOf(again), "Hello", "the message after it");
        }
        inflater.close();
      });
    }
  });
}

describe("an inflater without streams", () => {
  for (const [behavior, hex, text] of PAYLOADS) {
    test(`reads ${behavior}`, () => {
      const inflater = createPlainInflater(15);
      assert.equal(textOf(inflater.inflate(bytesOf(hex), LIMIT)), text);
      inflater.close();
    });
  }
});

/** Every way to inflate, by its name. */
const INFLATERS = [
  ["a kept window", () => createInflater(15, true)],
  ["a forgotten window", () => createInflater(15, false)],
  ["no streams", () => createPlainInflater(15)],
] as const;

for (const [kind, create] of INFLATERS) {
  test(`with ${kind}, a message of more than 64 streams is too big`, () => {
    const streams = (count: number) => bytesOf("03 00 ".repeat(count));
    for (
      const [count, text] of [
        [63, ""],
        [64, ""],
        [65, "(tooBig)"],
        [10_000, "(tooBig)"],
      ] as const
    ) {
      const inflater = create();
      assert.equal(textOf(inflater.inflate(streams(count), LIMIT)), text);
      inflater.close();
    }
  });

  test(`with ${kind}, a message cut anywhere gives nothing that was not said`, () => {
    const said = "What was said, and said again: what was said. ".repeat(4);
    for (const level of [0, 1, 9]) {
      for (const strategy of [zlib.constants.Z_FIXED, zlib.constants.Z_RLE]) {
        const whole = zlib.deflateRawSync(said, {
          level,
          strategy,
          finishFlush: zlib.constants.Z_SYNC_FLUSH,
        });
        for (let cut = 1; cut < whole.length - 4; cut++) {
          const inflater = create();
          const result = inflater.inflate(whole.subarray(0, cut), LIMIT);
          if (typeof result !== "string") {
            assert.ok(said.startsWith(textOf(result)), `cut at ${cut}`);
            const next = inflater.inflate(bytesOf(HELLO), LIMIT);
            assert.equal(textOf(next), "Hello", `cut at ${cut}`);
          }
          inflater.close();
        }
      }
    }
  });
}

test("a kept window reads a reference into the last message (§7.2.3.2)", () => {
  const second = bytesOf("f2 00 11 00 00");
  const keeping = createInflater(15, true);
  keeping.inflate(bytesOf(HELLO), LIMIT);
  assert.equal(textOf(keeping.inflate(second, LIMIT)), "Hello");
  const forgetting = createInflater(15, false);
  forgetting.inflate(bytesOf(HELLO), LIMIT);
  assert.equal(forgetting.inflate(second, LIMIT), "bad");
  keeping.close();
  forgetting.close();
});

describe("the size limit", () => {
  const zeros = new Uint8Array(300_000);
  for (
    const [kind, create] of [
      ["streams", () => createInflater(15, true)],
      ["no streams", () => createPlainInflater(15)],
    ] as const
  ) {
    for (
      const [maxBytes, outcome] of [
        [zeros.length + 1, zeros.length],
        [zeros.length, zeros.length],
        [zeros.length - 1, "tooBig"],
        [0, "tooBig"],
      ] as const
    ) {
      test(`with ${kind}, ${maxBytes} bytes for ${zeros.length}`, () => {
        const payload = createPlainDeflater(15).deflate(zeros);
        const inflater = create();
        const result = inflater.inflate(payload, maxBytes);
        assert.equal(
          typeof result === "string" ? result : result.length,
          outcome,
        );
        inflater.close();
      });
    }
  }

  test("counts all streams of a message", () => {
    const payload = bytesOf(`f3 48 cd c9 c9 07 00 ${HELLO}`);
    for (const [maxBytes, text] of [[10, "HelloHello"], [9, "(tooBig)"]]) {
      const inflater = createInflater(15, true);
      const result = inflater.inflate(payload, maxBytes as number);
      assert.equal(textOf(result), text);
      inflater.close();
    }
  });
});

describe("messages there and back", () => {
  const messages = [
    new Uint8Array(0),
    bytesOf("41"),
    new TextEncoder().encode('{"event":"tick","price":101.25}'),
    new TextEncoder().encode('{"event":"tick","price":101.50}'),
    new Uint8Array(0),
    new Uint8Array(100_000),
    noise(15_000),
    noise(16_384),
    noise(70_000),
    new Uint8Array(0),
  ];
  const roundTrip = (
    deflate: (message: Uint8Array) => Uint8Array,
    inflater: MessageInflater,
  ) => {
    const payloads = messages.map((message) =>
      new Uint8Array(deflate(message))
    );
    messages.forEach((message, i) => {
      const result = inflater.inflate(payloads[i], LIMIT);
      assert.ok(typeof result !== "string", `message ${i} is ${result}`);
      assert.ok(
        Buffer.compare(result, message) === 0,
        `message ${i} of ${message.length} bytes`,
      );
    });
  };

  for (let bits = 9; bits <= 15; bits++) {
    for (const keeps of [true, false]) {
      test(`${bits} bits, window ${keeps ? "kept" : "forgotten"}`, () => {
        const deflater = createDeflater(bits, keeps);
        const inflater = createInflater(bits, keeps);
        roundTrip((message) => deflater.deflate(message), inflater);
        deflater.close();
        inflater.close();
      });
    }
  }

  test("a forgetful side and one that keeps its window understand each other", () => {
    const deflater = createDeflater(15, false);
    const inflater = createInflater(15, true);
    roundTrip((message) => deflater.deflate(message), inflater);
    deflater.close();
    inflater.close();
  });

  test("what one WebSocket was given outlasts the messages of others", () => {
    const text = (i: number) =>
      new TextEncoder().encode(`message ${i} of ${i}, ${i}, ${i}`);
    const deflaters = messages.map(() => createDeflater(12, true));
    const inflaters = messages.map(() => createInflater(12, true));
    const payloads = deflaters.map((each, i) => each.deflate(text(i)));
    const back = inflaters.map((each, i) => each.inflate(payloads[i], LIMIT));
    back.forEach((result, i) => {
      assert.equal(textOf(result), `message ${i} of ${i}, ${i}, ${i}`);
    });
    for (const each of [...deflaters, ...inflaters]) each.close();
  });

  test("without streams, and between both kinds", () => {
    const plain = createPlainDeflater(12);
    roundTrip((message) => plain.deflate(message), createPlainInflater(12));
    roundTrip((message) => plain.deflate(message), createInflater(12, true));
    const deflater = createDeflater(12, false);
    roundTrip(
      (message) => deflater.deflate(message),
      createPlainInflater(12),
    );
    plain.close();
    deflater.close();
  });

  test("an empty message is one empty block, after whatever (§7.2.3.6)", () => {
    const deflater = createDeflater(15, true);
    for (const message of messages) {
      deflater.deflate(message);
      deflater.deflate(new Uint8Array(0));
      const empty = deflater.deflate(new Uint8Array(0));
      assert.deepEqual(empty, Uint8Array.of(0));
    }
    deflater.close();
  });

  test("a window of 8 bits is read as one of 9, which zlib makes of it", () => {
    const deflater = createDeflater(10, true);
    const inflater = createInflater(8, true);
    for (let i = 0; i < 2; i++) { // the second refers back by 300 octets
      const result = inflater.inflate(deflater.deflate(noise(300)), LIMIT);
      assert.ok(typeof result !== "string");
      assert.equal(Buffer.compare(result, noise(300)), 0);
    }
    deflater.close();
    inflater.close();
  });

  test("what zlib makes of a window of 8 bits", () => {
    const inflater = createInflater(8, true);
    roundTrip(
      (message) =>
        zlib.deflateRawSync(message, {
          windowBits: 8,
          finishFlush: zlib.constants.Z_SYNC_FLUSH,
        }).subarray(0, -4),
      inflater,
    );
    inflater.close();
  });
});

test("a kept window shortens what was said before", () => {
  const message = noise(200);
  const deflater = createDeflater(12, true);
  const first = deflater.deflate(message).length;
  assert.ok(deflater.deflate(message).length < first / 4);
  deflater.close();
});

test("close() may be repeated", () => {
  const deflater = createDeflater(12, true);
  const inflater = createInflater(12, true);
  inflater.inflate(bytesOf("07"), LIMIT); // an error it has seen
  for (let i = 0; i < 2; i++) {
    deflater.close();
    inflater.close();
  }
});

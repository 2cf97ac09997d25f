/** RFC 6455 §8.1: text is UTF-8, and what is not is refused at the first octet that cannot be. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, test } from "node:test";
import { hex, join, utf8 } from "../_support/octets.ts";
import {
  closeFrame,
  CONTINUATION,
  fragments,
  frame,
  TEXT,
} from "../_support/websocket_frames.ts";
import {
  chop,
  closeLine,
  EchoClient,
  exchange,
  textLine,
} from "../websocket/echo.ts";

const GOODBYE = closeFrame(1000);
const CLOSED = [closeLine(1000), "end"];
const REFUSED = [closeLine(1007, "text is not UTF-8"), "end"];

const KOSME = "ce ba e1 bd b9 cf 83 ce bc ce b5";

function digits(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

function octets(values: readonly number[]): string {
  return digits(Uint8Array.from(values));
}

/** First octets of characters, each with a blank behind it. */
function lonely(from: number, to: number): string {
  return octets(range(from, to).flatMap((octet) => [octet, 0x20]));
}

/** What is text, and what is not, in the order of the outside suite's sections. */
const CASES: readonly (readonly [
  section: string,
  digits: string,
  isText: boolean,
])[] = [
  ["6.2 a sentence", digits(utf8("Hello-µ@ßöäüàá-UTF-8!!")), true],
  [
    "6.3 a surrogate between two words",
    `${KOSME} ed a0 80 65 64 69 74 65 64`,
    false,
  ],
  ["6.5 a word", KOSME, true],
  ...Array.from({ length: 11 }, (_, i) => {
    const bytes = hex(KOSME).slice(0, i + 1);
    return [
      `6.6 ${i + 1} octets of a word`,
      digits(bytes),
      [2, 5, 7, 9, 11].includes(i + 1),
    ] as const;
  }),
  ["6.7 the first of one octet", "00", true],
  ["6.7 the first of two", "c2 80", true],
  ["6.7 the first of three", "e0 a0 80", true],
  ["6.7 the first of four", "f0 90 80 80", true],
  ["6.8 the first of five", "f8 88 80 80 80", false],
  ["6.8 the first of six", "fc 84 80 80 80 80", false],
  ["6.9 the last of one octet", "7f", true],
  ["6.9 the last of two", "df bf", true],
  ["6.9 the last of three", "ef bf bf", true],
  ["6.9 the last of four", "f4 8f bf bf", true],
  ["6.10 past the last of four", "f7 bf bf bf", false],
  ["6.10 the last of five", "fb bf bf bf bf", false],
  ["6.10 the last of six", "fd bf bf bf bf bf", false],
  ["6.11 U+D7FF", "ed 9f bf", true],
  ["6.11 U+E000", "ee 80 80", true],
  ["6.11 U+FFFD", "ef bf bd", true],
  ["6.11 U+10FFFF", "f4 8f bf bf", true],
  ["6.11 U+110000", "f4 90 80 80", false],
  ...range(1, 7).map((count) =>
    [
      `6.12 ${count} continuations`,
      octets(range(1, count).map((i) => i % 2 === 1 ? 0x80 : 0xbf)),
      false,
    ] as const
  ),
  ["6.12 the last continuation", "bf", false],
  ["6.12 all continuations", octets(range(0x80, 0xbf)), false],
  ["6.13 all first octets of two", lonely(0xc0, 0xdf), false],
  ["6.13 all first octets of three", lonely(0xe0, 0xef), false],
  ["6.13 all first octets of four", lonely(0xf0, 0xf7), false],
  ["6.13 all first octets of five", lonely(0xf8, 0xfb), false],
  ["6.13 all first octets of six", lonely(0xfc, 0xfd), false],
  ...[
    "c0",
    "e0 80",
    "f0 80 80",
    "f8 80 80 80",
    "fc 80 80 80 80",
    "df",
    "ef bf",
    "f7 bf bf",
    "fb bf bf bf",
    "fd bf bf bf bf",
  ].map((text) => [`6.14 ${text} without its last`, text, false] as const),
  [
    "6.15 all of these in a row",
    "c0 e0 80 f0 80 80 f8 80 80 80 fc 80 80 80 80 df ef bf f7 bf bf fb bf bf bf fd bf bf bf bf",
    false,
  ],
  ["6.16 FE", "fe", false],
  ["6.16 FF", "ff", false],
  ["6.16 FE and FF", "fe fe ff ff", false],
  ["6.17 a slash in two", "c0 af", false],
  ["6.17 a slash in three", "e0 80 af", false],
  ["6.17 a slash in four", "f0 80 80 af", false],
  ["6.17 a slash in five", "f8 80 80 80 af", false],
  ["6.17 a slash in six", "fc 80 80 80 80 af", false],
  ["6.18 the longest of one in two", "c1 bf", false],
  ["6.18 the longest of two in three", "e0 9f bf", false],
  ["6.18 the longest of three in four", "f0 8f bf bf", false],
  ["6.18 the longest of four in five", "f8 87 bf bf bf", false],
  ["6.18 the longest of five in six", "fc 83 bf bf bf bf", false],
  ["6.19 U+0000 in two", "c0 80", false],
  ["6.19 U+0000 in three", "e0 80 80", false],
  ["6.19 U+0000 in four", "f0 80 80 80", false],
  ["6.19 U+0000 in five", "f8 80 80 80 80", false],
  ["6.19 U+0000 in six", "fc 80 80 80 80 80", false],
  ...[
    "ed a0 80",
    "ed ad bf",
    "ed ae 80",
    "ed af bf",
    "ed b0 80",
    "ed be 80",
    "ed bf bf",
  ]
    .map((text) => [`6.20 the surrogate ${text}`, text, false] as const),
  ...["ed a0 80", "ed ad bf", "ed ae 80", "ed af bf"].flatMap((high) =>
    ["ed b0 80", "ed bf bf"].map((low) =>
      [`6.21 the surrogates ${high} ${low}`, `${high} ${low}`, false] as const
    )
  ),
  ["6.22 U+FFFE", "ef bf be", true],
  ["6.22 U+FFFF", "ef bf bf", true],
  ...range(1, 16).flatMap((plane) =>
    [0xfffe, 0xffff].map((low) => {
      const text = String.fromCodePoint(plane * 0x1_0000 + low);
      return [
        `6.22 the last of plane ${plane}, ${low.toString(16)}`,
        digits(utf8(text)),
        true,
      ] as const;
    })
  ),
  ...range(0xfff9, 0xffff).map((point) =>
    [
      `6.23 U+${point.toString(16).toUpperCase()}`,
      digits(utf8(String.fromCodePoint(point))),
      true,
    ] as const
  ),
];

describe("6.1 empty texts", () => {
  for (
    const [name, frames, text] of [
      ["6.1.1 in one frame", [frame(TEXT)], ""],
      ["6.1.2 in three", fragmentsOf("", "", ""), ""],
      [
        "6.1.3 around one that is not",
        fragmentsOf("", "middle frame payload", ""),
        "middle frame payload",
      ],
    ] as const
  ) {
    test(name, async () => {
      assert.deepEqual(await exchange(frames, GOODBYE), [
        textLine(text),
        ...CLOSED,
      ]);
    });
  }
});

function fragmentsOf(...texts: readonly string[]): Uint8Array[] {
  return texts.map((text, i) =>
    frame(i === 0 ? TEXT : CONTINUATION, text, { fin: i === texts.length - 1 })
  );
}

describe("6.2 to 6.23 texts", () => {
  for (const [name, text, isText] of CASES) {
    const payload = hex(text);
    const expected = isText ? [textLine(payload), ...CLOSED] : REFUSED;
    const goodbye = isText ? GOODBYE : undefined;

    test(`${name} is ${isText ? "" : "no "}text`, async () => {
      const whole = frame(TEXT, payload);
      for (
        const pieces of [
          [whole],
          chop(whole, 1),
          fragments(TEXT, payload, 1),
          [join(...fragments(TEXT, payload, 1))],
          [join(...fragments(TEXT, payload, 2))],
        ]
      ) {
        assert.deepEqual(await exchange(pieces, goodbye), expected);
      }
    });

    test(`${name}, among other text, is ${isText ? "" : "no "}text`, async () => {
      // A letter behind it, so that a character that is not whole shows.
      const among = join(utf8("x€"), payload, utf8("x"));
      const lines = isText ? [textLine(among), ...CLOSED] : REFUSED;
      for (const size of [among.length, 1, 3]) {
        assert.deepEqual(
          await exchange(fragments(TEXT, among, size), goodbye),
          lines,
        );
      }
    });
  }
});

describe("6.4 what is no text is refused at once", () => {
  const valid = hex(KOSME);
  // Past U+10FFFF shows at the second octet; past four octets at the first.
  for (
    const [name, bad, showsAt] of [
      ["6.4.1, 6.4.3 F4 90", hex("f4 90 80 80"), 2],
      ["6.4.2, 6.4.4 F8", hex("f8 88 80 80 80"), 1],
      ["a surrogate", hex("ed a0 80"), 2],
      ["an overlong form", hex("e0 80 80"), 2],
    ] as const
  ) {
    test(`${name}, in a fragment of its own`, async () => {
      const client = await EchoClient.open();
      await client.send([
        frame(TEXT, valid, { fin: false }),
        frame(CONTINUATION, bad.slice(0, showsAt - 1), { fin: false }),
      ]);
      assert.deepEqual(await client.lines(), []);
      assert.equal(client.socket.hasEnded, false);
      await client.send([
        frame(CONTINUATION, bad.slice(showsAt - 1, showsAt), { fin: false }),
      ]);
      assert.deepEqual([...await client.lines(), "end"], REFUSED);
      assert.equal(client.socket.hasEnded, true);
    });

    test(`${name}, inside of a frame that has not ended`, async () => {
      const client = await EchoClient.open();
      const bytes = frame(TEXT, join(valid, bad, utf8("edited")));
      const shows = 6 + valid.length + showsAt;
      await client.send([bytes.slice(0, shows - 1)]);
      assert.deepEqual(await client.lines(), []);
      assert.equal(client.socket.hasEnded, false);
      await client.send([bytes.slice(shows - 1, shows)]);
      assert.deepEqual([...await client.lines(), "end"], REFUSED);
      assert.equal(client.socket.hasEnded, true);
    });
  }
});

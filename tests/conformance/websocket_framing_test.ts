/** RFC 6455 §5: framing, pings and pongs, reserved bits, opcodes, fragmentation. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hex, join } from "../_support/octets.ts";
import {
  BINARY,
  CLOSE,
  closeFrame,
  closePayload,
  CONTINUATION,
  frame,
  PING,
  PONG,
  TEXT,
} from "../_support/websocket_frames.ts";
import {
  binaryLine,
  chop,
  closeLine,
  exchange,
  filler,
  pongLine,
  prose,
  textLine,
} from "../websocket/echo.ts";

/** Reasons are the server's words, and checked where faults are. */
function withoutReasons(lines: readonly string[]): string[] {
  return lines.map((line) => line.replace(/^(close \d+) .*/, "$1"));
}

/**
 * Frames each in a read, all in one, in small pieces, and octet by octet: the same comes back. A
 * fault that arrives in the same read as a message overtakes the application's echo of it.
 */
function check(
  name: string,
  frames: readonly Uint8Array[],
  expected: readonly string[],
  goodbye?: Uint8Array,
): void {
  test(name, async () => {
    const bytes = join(...frames);
    const run = async (pieces: Iterable<Uint8Array>) =>
      withoutReasons(await exchange(pieces, goodbye));
    assert.deepEqual(await run(frames), expected, "a frame a read");
    if (bytes.length < 5_000) {
      assert.deepEqual(await run(chop(bytes, 1)), expected, "by octet");
    }
    const isFault = goodbye === undefined;
    const faultOnly = expected.filter((line) => !/^(text|binary)/.test(line));
    for (const size of [bytes.length, 997, 61]) {
      const lines = await run(chop(bytes, size));
      const isOvertaken = isFault && lines.length < expected.length;
      assert.deepEqual(lines, isOvertaken ? faultOnly : expected, `by ${size}`);
    }
  });
}

/** The same, with the connection closed in good order once all is answered. */
function checkOpen(
  name: string,
  frames: readonly Uint8Array[],
  expected: readonly string[],
): void {
  check(name, frames, [...expected, ...CLOSED], GOODBYE);
}

const GOODBYE = closeFrame(1000);
const CLOSED = [closeLine(1000), "end"];
const REFUSED = [closeLine(1002), "end"];

describe("1 framing (§5.2)", () => {
  for (const size of [0, 125, 126, 127, 128, 65_535, 65_536]) {
    const text = prose(size);
    checkOpen(`1.1 text of ${size} bytes`, [frame(TEXT, text)], [
      textLine(text),
    ]);
    const bytes = filler(size);
    checkOpen(`1.2 ${size} binary bytes`, [frame(BINARY, bytes)], [
      binaryLine(bytes),
    ]);
  }
});

describe("2 pings and pongs (§5.5.2, §5.5.3)", () => {
  for (
    const [name, payload] of [
      ["2.1 nothing", hex("")],
      ["2.2 a text", hex("48656c6c6f")],
      ["2.3 binary data", hex("00 ff fe fd fc fb 00 ff")],
      ["2.4, 2.6 125 bytes", filler(125)],
    ] as const
  ) {
    checkOpen(`${name} comes back`, [frame(PING, payload)], [
      pongLine(payload),
    ]);
  }

  check("2.5 a ping of 126 bytes fails", [frame(PING, filler(126))], REFUSED);

  checkOpen("2.7 an unsolicited pong is nothing", [frame(PONG)], []);

  checkOpen("2.8 nor is one with a payload", [
    frame(PONG, "unsolicited"),
  ], []);

  checkOpen("2.9 a ping after an unsolicited pong comes back", [
    frame(PONG, "unsolicited"),
    frame(PING, "ping"),
  ], [pongLine("ping")]);

  const pings = Array.from({ length: 10 }, (_, i) => `payload-${i}`);
  checkOpen("2.10, 2.11 ten pings come back in order", [
    ...pings.map((payload) => frame(PING, payload)),
  ], [...pings.map(pongLine)]);
});

describe("3 reserved bits (§5.2)", () => {
  check("3.1 a text", [frame(TEXT, "Hello", { rsv: 1 })], REFUSED);

  check("3.2 a text behind another, before a ping", [
    frame(TEXT, "Hello"),
    frame(TEXT, "Hello", { rsv: 2 }),
    frame(PING),
  ], [textLine("Hello"), ...REFUSED]);

  check("3.3 two of them", [
    frame(TEXT, "Hello"),
    frame(TEXT, "Hello", { rsv: 3 }),
    frame(PING),
  ], [textLine("Hello"), ...REFUSED]);

  check("3.4 the first, where no extension defines it", [
    frame(TEXT, "Hello"),
    frame(TEXT, "Hello", { rsv: 4 }),
    frame(PING),
  ], [textLine("Hello"), ...REFUSED]);

  check("3.5 binary data", [
    frame(BINARY, hex("00 ff fe fd fc fb 00 ff"), { rsv: 5 }),
  ], REFUSED);

  check("3.6 a ping", [frame(PING, "Hello", { rsv: 6 })], REFUSED);

  check("3.7 a close frame", [
    frame(CLOSE, closePayload(1000), { rsv: 7 }),
  ], REFUSED);
});

describe("4 opcodes (§5.2)", () => {
  for (
    const [section, opcodes] of [
      ["4.1", [3, 4, 5, 6, 7]],
      ["4.2", [11, 12, 13, 14, 15]],
    ] as const
  ) {
    for (const opcode of opcodes) {
      check(`${section} reserved opcode ${opcode}`, [frame(opcode)], REFUSED);

      check(`${section} reserved opcode ${opcode} with a payload`, [
        frame(opcode, "reserved opcode payload"),
      ], REFUSED);

      check(`${section} reserved opcode ${opcode} between a text and a ping`, [
        frame(TEXT, "Hello"),
        frame(opcode, "Hello"),
        frame(PING),
      ], [textLine("Hello"), ...REFUSED]);
    }
  }
});

describe("5 fragmentation (§5.4)", () => {
  const first = (text: string) => frame(TEXT, text, { fin: false });
  const middle = (text: string) => frame(CONTINUATION, text, { fin: false });
  const last = (text: string) => frame(CONTINUATION, text);

  for (const [name, opcode] of [["5.1 a ping", PING], ["5.2 a pong", PONG]]) {
    check(`${name} in two fragments fails`, [
      frame(opcode as number, "fragment1", { fin: false }),
      last("fragment2"),
    ], REFUSED);
  }

  checkOpen("5.3 to 5.5 a text in two", [
    first("fragment1"),
    last("fragment2"),
  ], [textLine("fragment1fragment2")]);

  checkOpen("5.6 to 5.8 with a ping between", [
    first("fragment1"),
    frame(PING, "ping payload"),
    last("fragment2"),
  ], [pongLine("ping payload"), textLine("fragment1fragment2")]);

  check("5.9 to 5.11 a last fragment of nothing", [
    last("non-continuation payload"),
    frame(TEXT, "Hello"),
  ], REFUSED);

  check("5.12 to 5.14 a middle fragment of nothing", [
    middle("non-continuation payload"),
    frame(TEXT, "Hello"),
  ], REFUSED);

  check("5.15 a middle fragment behind a whole message", [
    first("fragment1"),
    last("fragment2"),
    middle("fragment3"),
    frame(TEXT, "fragment4"),
  ], [textLine("fragment1fragment2"), ...REFUSED]);

  check("5.16 middle fragments of nothing, twice", [
    middle("fragment1"),
    frame(TEXT, "fragment2"),
    middle("fragment3"),
    frame(TEXT, "fragment4"),
  ], REFUSED);

  check("5.17 last fragments of nothing, twice", [
    last("fragment1"),
    frame(TEXT, "fragment2"),
    last("fragment3"),
    frame(TEXT, "fragment4"),
  ], REFUSED);

  check("5.18 a text inside of a text", [
    first("fragment1"),
    frame(TEXT, "fragment2"),
  ], REFUSED);

  checkOpen("5.19, 5.20 a text in five, with two pings", [
    first("fragment1"),
    middle("fragment2"),
    frame(PING, "pongme 1!"),
    middle("fragment3"),
    middle("fragment4"),
    frame(PING, "pongme 2!"),
    last("fragment5"),
  ], [
    pongLine("pongme 1!"),
    pongLine("pongme 2!"),
    textLine("fragment1fragment2fragment3fragment4fragment5"),
  ]);
});

describe("masking (§5.1) and lengths (§5.2), which outside suites leave out", () => {
  check("a frame that is not masked", [
    frame(TEXT, "Hello"),
    frame(TEXT, "Hello", { key: undefined }),
  ], [textLine("Hello"), ...REFUSED]);

  for (const lengthOctets of [2, 8] as const) {
    check(`5 bytes of payload announced in ${lengthOctets} octets`, [
      frame(TEXT, "Hello", { lengthOctets }),
    ], REFUSED);
  }

  check("a length with its first bit set", [
    hex("81 ff 80 00 00 00 00 00 00 05 00 00 00 00"),
  ], REFUSED);
});

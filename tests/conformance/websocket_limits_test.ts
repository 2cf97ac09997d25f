/** Large messages and many small ones, whole, fragmented and chopped; what is too much (RFC 6455 §10.4). */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DEFAULT_WEBSOCKET_LIMITS } from "../../src/websocket/limits.ts";
import { join } from "../_support/octets.ts";
import {
  BINARY,
  closeFrame,
  CONTINUATION,
  fragments,
  frame,
  TEXT,
} from "../_support/websocket_frames.ts";
import {
  binaryLine,
  chop,
  EchoClient,
  exchange,
  filler,
  prose,
  textLine,
} from "../websocket/echo.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
/** What a socket reads at a time. */
const READ = 64 * KIB;
const GOODBYE = closeFrame(1000);
const CLOSED = ["close 1000", "end"];

/** One message of each kind comes back whole. */
async function echoes(
  size: number,
  send: (opcode: number, payload: Uint8Array) => Iterable<Uint8Array>,
): Promise<void> {
  const text = prose(size);
  assert.deepEqual(await exchange(send(TEXT, text), GOODBYE), [
    textLine(text),
    ...CLOSED,
  ]);
  const bytes = filler(size);
  assert.deepEqual(await exchange(send(BINARY, bytes), GOODBYE), [
    binaryLine(bytes),
    ...CLOSED,
  ]);
}

describe("9.1, 9.2 one frame", () => {
  for (const size of [64 * KIB, 256 * KIB, MIB, 4 * MIB, 16 * MIB]) {
    test(`of ${size / KIB} KiB`, () =>
      echoes(size, (opcode, payload) => chop(frame(opcode, payload), READ)));
  }
});

describe("9.3, 9.4 1 MiB in fragments", () => {
  for (const size of [64, 256, KIB, 4 * KIB, 64 * KIB, 256 * KIB, MIB]) {
    test(`of ${size} bytes`, () =>
      echoes(
        MIB,
        (opcode, payload) =>
          chop(join(...fragments(opcode, payload, size)), READ),
      ));
  }

  test("of 64 KiB, a read each", () =>
    echoes(MIB, (opcode, payload) => fragments(opcode, payload, 64 * KIB)));
});

describe("9.5, 9.6 128 KiB, chopped", () => {
  for (const size of [64, 128, 256, 512, KIB, 2 * KIB]) {
    test(`into reads of ${size} bytes`, () =>
      echoes(
        128 * KIB,
        (opcode, payload) => chop(frame(opcode, payload), size),
      ));
  }
});

describe("9.7, 9.8 many messages", () => {
  for (const size of [0, 16, 64, 256, KIB, 4 * KIB]) {
    test(`of ${size} bytes, one after another`, async () => {
      const client = await EchoClient.open();
      for (const opcode of [TEXT, BINARY]) {
        const payload = opcode === TEXT ? prose(size) : filler(size);
        const line = opcode === TEXT ? textLine(payload) : binaryLine(payload);
        for (let i = 0; i < 50; i++) {
          await client.send([frame(opcode, payload)]);
          assert.deepEqual(await client.lines(), [line]);
        }
      }
    });

    test(`of ${size} bytes, all at once`, async () => {
      const count = 1_000;
      const payload = prose(size);
      const bytes = join(...Array(count).fill(frame(TEXT, payload)));
      assert.deepEqual(await exchange(chop(bytes, READ), GOODBYE), [
        ...Array(count).fill(textLine(payload)),
        ...CLOSED,
      ]);
    });
  }
});

describe("10.1 a message in fragments as a client may choose them", () => {
  for (const size of [1, 1_300]) {
    test(`64 KiB in ${size}`, () =>
      echoes(
        64 * KIB,
        (opcode, payload) =>
          chop(join(...fragments(opcode, payload, size)), READ),
      ));
  }
});

describe("what is too much ends with 1009", () => {
  const TOO_BIG = ["close 1009 message exceeds the size limit", "end"];
  const TOO_MANY = ["close 1009 message has too many fragments", "end"];
  const { maxMessageBytes, maxFragments } = DEFAULT_WEBSOCKET_LIMITS;

  test("a frame of one byte more than is allowed, at its header", async () => {
    const bytes = frame(BINARY, "", { announced: maxMessageBytes + 1 });
    assert.deepEqual(await exchange([bytes]), TOO_BIG);
    assert.deepEqual(await exchange(chop(bytes, 1)), TOO_BIG);
  });

  test("fragments of one byte more than is allowed", async () => {
    const first = frame(BINARY, filler(10), { fin: false });
    const rest = frame(CONTINUATION, "", { announced: maxMessageBytes - 9 });
    assert.deepEqual(await exchange([first, rest]), TOO_BIG);
  });

  test("the largest length there is", async () => {
    const bytes = frame(BINARY, "", { announced: 2 ** 62 });
    assert.deepEqual(await exchange([bytes]), TOO_BIG);
  });

  test("one fragment more than is allowed, all of them empty", async () => {
    const settings = {
      limits: { ...DEFAULT_WEBSOCKET_LIMITS, maxFragments: 100 },
    };
    const flood = (count: number) => [
      frame(TEXT, "", { fin: false }),
      join(
        ...Array(count - 2).fill(frame(CONTINUATION, "", { fin: false })),
      ),
      frame(CONTINUATION),
    ];
    assert.deepEqual(await exchange(flood(100), GOODBYE, { settings }), [
      "text",
      ...CLOSED,
    ]);
    assert.deepEqual(
      await exchange(flood(101), undefined, { settings }),
      TOO_MANY,
    );
    assert.ok(maxFragments > 64 * KIB); // 10.1 in single bytes
  });
});

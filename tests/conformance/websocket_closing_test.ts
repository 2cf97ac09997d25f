/** RFC 6455 §5.5.1 and §7: the closing handshake. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, test } from "node:test";
import { hex, join, utf8 } from "../_support/octets.ts";
import {
  CLOSE,
  closeFrame,
  closePayload,
  CONTINUATION,
  frame,
  PING,
  readFrames,
  TEXT,
} from "../_support/websocket_frames.ts";
import { EchoClient, exchange, pongLine, textLine } from "../websocket/echo.ts";

/** Sends frames; the payloads of the close frames that come back, and whether the server closes. */
async function closing(
  ...frames: readonly Uint8Array[]
): Promise<{ payloads: string[]; hasEnded: boolean }> {
  const client = await EchoClient.open();
  await client.send(frames);
  const answer = readFrames(join(...client.socket.writes));
  return {
    payloads: answer.filter(({ opcode }) => opcode === CLOSE).map((
      { payload },
    ) => Buffer.from(payload).toString("hex")),
    hasEnded: client.socket.hasEnded,
  };
}

/** Asserts that the first close frame is answered, once, by one with `code`. */
async function closesWith(
  code: number | undefined,
  ...frames: readonly Uint8Array[]
): Promise<void> {
  const { payloads, hasEnded } = await closing(...frames);
  assert.equal(payloads.length, 1, "one close frame");
  assert.equal(
    payloads[0].slice(0, 4),
    Buffer.from(closePayload(code)).toString("hex"),
  );
  assert.equal(hasEnded, true, "the server closes first (§7.1.1)");
}

describe("7.1 close, and what comes with it", () => {
  test("7.1.1 a message, then close", async () => {
    assert.deepEqual(
      await exchange([frame(TEXT, "Hello World!")], closeFrame(1000)),
      [textLine("Hello World!"), "close 1000", "end"],
    );
  });

  for (
    const [name, late] of [
      ["7.1.2 a second close frame", [closeFrame(1000)]],
      ["7.1.3 a ping", [frame(PING)]],
      ["7.1.4 a text", [frame(TEXT, "Hello World!")]],
    ] as const
  ) {
    test(`${name} after close is nothing`, async () => {
      assert.deepEqual(await exchange([closeFrame(1000), ...late]), [
        "close 1000",
        "end",
      ]);
      assert.deepEqual(await exchange([join(closeFrame(1000), ...late)]), [
        "close 1000",
        "end",
      ]);
    });
  }

  test("7.1.5 close between two fragments", async () => {
    assert.deepEqual(
      await exchange([
        frame(TEXT, "fragment1", { fin: false }),
        closeFrame(1000),
        frame(CONTINUATION, "fragment2"),
      ]),
      ["close 1000", "end"],
    );
  });

  test("7.1.6 close and a ping right behind a large text", async () => {
    // Whether the application comes to its echo is its own affair; the end is in good order.
    const large = "BAsd7&jh23".repeat(26 * 1024);
    const lines = await exchange([
      join(frame(TEXT, large), closeFrame(1000), frame(PING)),
    ]);
    const withEcho = [textLine(large), "close 1000", "end"];
    assert.deepEqual(lines, withEcho.slice(-lines.length));
    assert.ok(lines.length >= 2);
  });

  test("a ping before close is answered first", async () => {
    assert.deepEqual(
      await exchange([join(frame(PING, "p"), closeFrame(1001))]),
      [pongLine("p"), "close 1001", "end"],
    );
  });
});

describe("7.3 payloads", () => {
  test("7.3.1 none", () => closesWith(undefined, closeFrame()));

  test("7.3.2 one octet", () => closesWith(1002, frame(CLOSE, "a")));

  test("7.3.3 a code", () => closesWith(1000, closeFrame(1000)));

  test("7.3.4 a code and a reason", async () => {
    assert.deepEqual(await exchange([closeFrame(1000, "Hello World!")]), [
      "close 1000 Hello World!",
      "end",
    ]);
  });

  test("7.3.5 the longest reason", async () => {
    const reason = "*".repeat(123);
    assert.deepEqual((await closing(closeFrame(1000, reason))).payloads, [
      Buffer.from(closePayload(1000, reason)).toString("hex"),
    ]);
  });

  test("7.3.6 a reason that is too long", () =>
    closesWith(
      1002,
      frame(CLOSE, join(closePayload(1000), utf8("*".repeat(124)))),
    ));

  test("7.5.1 a reason that is not UTF-8", () =>
    closesWith(
      1007,
      frame(
        CLOSE,
        join(
          closePayload(1000),
          hex("ce ba e1 bd b9 cf 83 ce bc ce b5 ed a0 80 65 64 69 74 65 64"),
        ),
      ),
    ));
});

describe("7.7 codes that may be sent are echoed (§7.4)", () => {
  const codes = [
    ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011],
    ...[1012, 1013, 1014, 3000, 3999, 4000, 4999],
  ];
  for (const code of codes) {
    test(String(code), () => closesWith(code, closeFrame(code)));
  }
});

describe("7.9, 7.13 codes that must not be sent are refused (§7.4)", () => {
  const codes = [
    ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999],
    ...[5000, 65_535],
  ];
  for (const code of codes) {
    test(String(code), () => closesWith(1002, closeFrame(code)));
    test(`${code} with a reason`, () =>
      closesWith(1002, closeFrame(code, "reason")));
  }
});

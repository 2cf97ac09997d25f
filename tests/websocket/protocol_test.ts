import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { WEBSOCKET_FAULTS, type WebSocketFaultCode } from "../../src/faults.ts";
import {
  isSendable,
  MAX_REASON_BYTES,
} from "../../src/websocket/close_codes.ts";
import {
  DEFAULT_WEBSOCKET_LIMITS,
  type WebSocketLimits,
} from "../../src/websocket/limits.ts";
import type { Inflate } from "../../src/websocket/message_assembler.ts";
import { WebSocketProtocol } from "../../src/websocket/protocol.ts";
import { hex, join, utf8 } from "../_support/octets.ts";
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
import { readProtocol, readWays } from "./outcomes.ts";

const LIMITS: WebSocketLimits = {
  ...DEFAULT_WEBSOCKET_LIMITS,
  maxMessageBytes: 1_000,
  maxFragments: 10,
};

function protocol(inflate?: Inflate): WebSocketProtocol {
  return new WebSocketProtocol(LIMITS, inflate);
}

function read(...frames: readonly Uint8Array[]): readonly string[] {
  return readWays(() => protocol(), join(...frames));
}

describe("messages and control frames (RFC 6455 §5.4, §5.5)", () => {
  test("come in their order", () => {
    assert.deepEqual(
      read(frame(TEXT, "a"), frame(PING, "p"), frame(BINARY, hex("00 ff"))),
      ["text a", "ping 70", "binary 00ff"],
    );
  });

  test("control frames come between the fragments of a message", () => {
    assert.deepEqual(
      read(
        frame(TEXT, "fr", { fin: false }),
        frame(PING, "1"),
        frame(CONTINUATION, "", { fin: false }),
        frame(PONG, "2"),
        frame(CONTINUATION, "om"),
      ),
      ["ping 31", "pong 32", "text from"],
    );
  });

  test("payloads of 0 to 125 bytes come back whole (§5.5.2)", () => {
    for (const size of [0, 1, 124, 125]) {
      const payload = new Uint8Array(size).fill(0xab);
      assert.deepEqual(read(frame(PING, payload), frame(PONG, payload)), [
        `ping ${"ab".repeat(size)}`,
        `pong ${"ab".repeat(size)}`,
      ]);
    }
  });

  test("a payload is the receiver's own", () => {
    const reader = protocol();
    const bytes = join(frame(PING, "one"), frame(PING, "two"));
    reader.push(bytes);
    assert.equal(reader.next(), "ping");
    const first = reader.payload;
    assert.equal(reader.next(), "ping");
    bytes.fill(0);
    assert.deepEqual(first, utf8("one"));
    assert.deepEqual(reader.payload, utf8("two"));
  });
});

describe("the peer's close frame (RFC 6455 §5.5.1, §7.1)", () => {
  for (
    const [behavior, bytes, outcome] of [
      ["without a code", closeFrame(), "close 1005 "],
      ["with a code", closeFrame(1000), "close 1000 "],
      ["with a reason", closeFrame(1001, "going"), "close 1001 going"],
      [
        "with a reason in UTF-8",
        closeFrame(4000, "zurück"),
        "close 4000 zurück",
      ],
      [
        "with a reason of 123 bytes",
        closeFrame(3000, "x".repeat(123)),
        `close 3000 ${"x".repeat(123)}`,
      ],
      ["with half a code", frame(CLOSE, hex("03")), "fault BAD_CLOSE_PAYLOAD"],
      [
        "with a code that must not be sent",
        closeFrame(1005),
        "fault BAD_CLOSE_CODE",
      ],
      [
        "with a reason that is not UTF-8",
        frame(CLOSE, join(closePayload(1000), hex("ce ba ed a0 80"))),
        "fault INVALID_CLOSE_REASON",
      ],
      [
        "with a reason that ends inside a character",
        frame(CLOSE, join(closePayload(1000), hex("e2 82"))),
        "fault INVALID_CLOSE_REASON",
      ],
    ] as const
  ) {
    test(`${behavior}`, () => {
      assert.deepEqual(read(bytes), [outcome]);
    });
  }

  test("ends all reading, whatever follows", () => {
    for (
      const after of [
        frame(TEXT, "late"),
        frame(PING),
        closeFrame(1000),
        hex("ff ff"),
      ]
    ) {
      assert.deepEqual(read(closeFrame(1000, "first"), after), [
        "close 1000 first",
      ]);
    }
  });

  test("may come inside an unfinished message", () => {
    assert.deepEqual(read(frame(TEXT, "a", { fin: false }), closeFrame(1000)), [
      "close 1000 ",
    ]);
  });

  test("lets nothing pile up behind it", () => {
    const reader = protocol();
    reader.push(join(closeFrame(1000), new Uint8Array(10_000)));
    assert.equal(reader.next(), "close");
    for (let i = 0; i < 3; i++) {
      reader.push(new Uint8Array(10_000));
      reader.hold();
      assert.equal(reader.next(), "needMore");
      assert.equal(reader.unreadBytes, 0);
    }
  });
});

describe("after our own close frame (RFC 6455 §5.5.1, asgi:A-142)", () => {
  function readClosing(...frames: readonly Uint8Array[]): readonly string[] {
    return readWays(() => {
      const reader = protocol();
      reader.closeSent();
      return reader;
    }, join(...frames));
  }

  test("data is dropped, however large, until the reply", () => {
    assert.deepEqual(
      readClosing(
        frame(TEXT, "late"),
        frame(BINARY, new Uint8Array(LIMITS.maxMessageBytes + 1)),
        frame(TEXT, hex("ff")),
        frame(TEXT, "", { rsv: 4 }),
        ...Array(LIMITS.maxFragments + 1).fill(
          frame(CONTINUATION, "", { fin: false }),
        ),
        closeFrame(1000, "reply"),
      ),
      ["close 1000 reply"],
    );
  });

  test("no pong is owed", () => {
    assert.deepEqual(readClosing(frame(PING, "x"), closeFrame()), [
      "close 1005 ",
    ]);
  });

  test("frames must still be frames", () => {
    assert.deepEqual(readClosing(frame(3)), ["fault BAD_OPCODE"]);
    assert.deepEqual(readClosing(closeFrame(1006)), ["fault BAD_CLOSE_CODE"]);
  });

  test("the message that was being read goes, too", () => {
    const reader = protocol();
    const bytes = frame(TEXT, "half of it");
    reader.push(bytes.slice(0, 9));
    assert.equal(reader.next(), "needMore");
    reader.closeSent();
    reader.push(join(bytes.slice(9), frame(TEXT, "more"), closeFrame(1000)));
    assert.equal(reader.next(), "close");
    assert.equal(reader.text, undefined);
  });

  test("the message that was taken last is let go", () => {
    const reader = protocol();
    reader.push(frame(TEXT, "taken"));
    assert.equal(reader.next(), "message");
    reader.closeSent();
    assert.equal(reader.text, undefined);
  });

  test("a second one changes nothing", () => {
    const reader = protocol();
    reader.push(closeFrame(1000));
    reader.next();
    reader.closeSent();
    reader.push(frame(PING, "x"));
    assert.equal(reader.unreadBytes, 0);
    assert.equal(reader.next(), "needMore");
  });
});

describe("every fault", () => {
  const bomb: Inflate = () => "tooBig";
  const bad: Inflate = () => "bad";
  const provoked: Readonly<
    Record<
      Exclude<WebSocketFaultCode, "PING_TIMEOUT">,
      readonly [bytes: Uint8Array, inflate?: Inflate]
    >
  > = {
    RESERVED_BITS: [frame(TEXT, "a", { rsv: 2 })],
    BAD_OPCODE: [frame(11)],
    FRAGMENTED_CONTROL: [frame(PING, "", { fin: false })],
    LONG_CONTROL: [frame(PING, new Uint8Array(126))],
    UNMASKED_FRAME: [frame(TEXT, "a", { key: undefined })],
    BAD_LENGTH: [frame(TEXT, "a", { lengthOctets: 8 })],
    ORPHAN_CONTINUATION: [frame(CONTINUATION)],
    INTERRUPTED_MESSAGE: [
      join(frame(TEXT, "a", { fin: false }), frame(TEXT, "b")),
    ],
    INVALID_TEXT: [frame(TEXT, hex("ff"))],
    BAD_CLOSE_PAYLOAD: [frame(CLOSE, hex("03"))],
    BAD_CLOSE_CODE: [closeFrame(999)],
    INVALID_CLOSE_REASON: [frame(CLOSE, hex("03 e8 ff"))],
    MESSAGE_TOO_BIG: [frame(BINARY, new Uint8Array(1_001))],
    TOO_MANY_FRAGMENTS: [
      join(
        frame(TEXT, "", { fin: false }),
        ...Array(10).fill(frame(CONTINUATION, "", { fin: false })),
      ),
    ],
    INFLATE_BOMB: [frame(TEXT, "a", { rsv: 4 }), bomb],
    BAD_COMPRESSION: [frame(TEXT, "a", { rsv: 4 }), bad],
  };
  // The connection's clock finds this one, not the protocol.
  const unprovoked = ["PING_TIMEOUT"];

  for (const [code, [bytes, inflate]] of Object.entries(provoked)) {
    test(`${code} ends all reading`, () => {
      const make = () =>
        new WebSocketProtocol(
          code === "INFLATE_BOMB"
            ? { ...LIMITS, inflateFloorBytes: 0, maxInflateRatio: 1 }
            : LIMITS,
          inflate,
        );
      const seen = readWays(make, join(bytes, frame(TEXT, "late")));
      assert.deepEqual(seen, [`fault ${code}`]);
    });

    test(`${code} sets what is told, and holds nothing`, () => {
      const reader = protocol(inflate);
      readProtocol(reader, [bytes]);
      const fault = reader.fault;
      assert.equal(reader.closeCode, WEBSOCKET_FAULTS[fault].closeCode);
      assert.equal(reader.closeReason, WEBSOCKET_FAULTS[fault].reason);
      reader.push(bytes);
      assert.equal(reader.next(), "needMore");
      assert.equal(reader.unreadBytes, 0);
    });
  }

  test("is provoked here", () => {
    assert.deepEqual(
      [...Object.keys(provoked), ...unprovoked].sort(),
      Object.keys(WEBSOCKET_FAULTS).sort(),
    );
  });

  for (const [code, fault] of Object.entries(WEBSOCKET_FAULTS)) {
    test(`${code} can be told: code, reason, rule`, () => {
      assert.ok(isSendable(fault.closeCode));
      assert.ok(utf8(fault.reason).length <= MAX_REASON_BYTES);
      assert.match(fault.source, /^(RFC \d{4} §\d|websocket:W-\d{3}$)/);
    });
  }
});

test("what is unread waits while nobody asks", () => {
  const reader = protocol();
  const lent = join(frame(TEXT, "one"), frame(TEXT, "two"));
  reader.push(lent);
  assert.equal(reader.next(), "message");
  reader.hold();
  lent.fill(0);
  reader.push(frame(TEXT, "three"));
  const seen = [];
  while (reader.next() === "message") seen.push(reader.text);
  assert.deepEqual(seen, ["two", "three"]);
});

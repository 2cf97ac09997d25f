import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, test } from "node:test";
import {
  DEFAULT_WEBSOCKET_LIMITS,
  type WebSocketLimits,
} from "../../src/websocket/limits.ts";
import {
  type Inflate,
  MessageAssembler,
  type PayloadPiece,
} from "../../src/websocket/message_assembler.ts";
import { hex, utf8 } from "../_support/octets.ts";
import { BINARY, CONTINUATION, TEXT } from "../_support/websocket_frames.ts";
import { INVALID, VALID } from "./utf8_cases.ts";

/** One frame: its payload in the pieces in which it arrives. */
interface Frame {
  readonly opcode: number;
  readonly pieces: readonly Uint8Array[];
  readonly fin?: boolean;
  readonly rsv1?: boolean;
  /** By default the size of the pieces. */
  readonly length?: number;
}

function assembler(
  limits: Partial<WebSocketLimits> = {},
  inflate?: Inflate,
): MessageAssembler {
  return new MessageAssembler(
    { ...DEFAULT_WEBSOCKET_LIMITS, ...limits },
    inflate,
  );
}

function pieceOf(
  bytes: Uint8Array,
  isAtFrameEnd: boolean,
  isLent = true,
): PayloadPiece {
  const isAscii = bytes.every((octet) => octet < 0x80);
  return { bytes, start: 0, end: bytes.length, isAtFrameEnd, isAscii, isLent };
}

/** Feeds frames and returns the messages, or the fault that ended it. */
function assemble(
  messages: MessageAssembler,
  frames: readonly Frame[],
): (string | Uint8Array)[] {
  const seen: (string | Uint8Array)[] = [];
  for (const { opcode, pieces, fin = true, rsv1 = false, length } of frames) {
    const size = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const announced = length ?? size;
    let fault = messages.beginFrame(opcode, fin, rsv1, announced);
    let arrived = 0;
    for (const piece of pieces) {
      if (fault !== undefined) break;
      arrived += piece.length;
      const lent = Buffer.from(piece); // whose slice() is a view
      if (lent.length > 0) {
        fault = messages.add(pieceOf(lent, arrived === announced));
      }
      lent.fill(0x21);
    }
    if (fault !== undefined) return [...seen, `(${fault})`];
    if (arrived !== announced) return seen;
    const result = messages.endFrame();
    if (typeof result === "string") return [...seen, `(${result})`];
    if (result) seen.push(messages.text ?? messages.binary!);
  }
  return seen;
}

/** One piece. */
function frame(
  opcode: number,
  payload: Uint8Array | string,
  fin = true,
): Frame {
  const bytes = typeof payload === "string" ? utf8(payload) : payload;
  return { opcode, pieces: [bytes], fin };
}

describe("messages (RFC 6455 §5.4, §5.6)", () => {
  test("of one frame", () => {
    assert.deepEqual(
      assemble(assembler(), [
        frame(TEXT, "text"),
        frame(BINARY, hex("00 ff")),
        frame(TEXT, ""),
        frame(BINARY, ""),
        frame(TEXT, "日本語 😀"),
      ]),
      ["text", hex("00 ff"), "", new Uint8Array(0), "日本語 😀"],
    );
  });

  test("of several, some of them empty", () => {
    assert.deepEqual(
      assemble(assembler(), [
        frame(TEXT, "", false),
        frame(CONTINUATION, "a", false),
        frame(CONTINUATION, "", false),
        frame(CONTINUATION, "b"),
        frame(BINARY, "c", false),
        frame(CONTINUATION, ""),
        frame(TEXT, "", false),
        frame(CONTINUATION, ""),
      ]),
      ["ab", utf8("c"), ""],
    );
  });

  test("that arrive octet by octet", () => {
    const text = "fünf € für 😀";
    const pieces = Array.from(utf8(text), (octet) => Uint8Array.of(octet));
    assert.deepEqual(
      assemble(assembler(), [
        { opcode: TEXT, pieces },
        { opcode: BINARY, pieces },
      ]),
      [text, utf8(text)],
    );
  });

  test("larger than what is looked through for ASCII", () => {
    for (const size of [1023, 1024, 1025, 70_000]) {
      for (const end of ["x", "é", "\0"]) {
        const text = "a".repeat(size) + end;
        assert.deepEqual(assemble(assembler(), [frame(TEXT, text)]), [text]);
      }
    }
  });

  test("keep a mark at their beginning", () => {
    const text = "\ufeffmarked";
    assert.deepEqual(assemble(assembler(), [frame(TEXT, text)]), [text]);
    assert.deepEqual(
      assemble(assembler(), [
        frame(TEXT, "\ufeff", false),
        frame(CONTINUATION, "marked"),
      ]),
      [text],
    );
  });

  test("are memory of their own, of their own size", () => {
    const payload = new Uint8Array(1000).fill(1);
    for (
      const frames of [
        [frame(BINARY, payload)],
        [frame(BINARY, payload, false), frame(CONTINUATION, payload)],
        [frame(BINARY, payload, false), frame(CONTINUATION, "")],
        [frame(BINARY, "a little", false), frame(CONTINUATION, "more")],
        [{ opcode: BINARY, pieces: Array(10).fill(payload) }],
      ]
    ) {
      const [message] = assemble(assembler(), frames);
      assert.ok(message instanceof Uint8Array);
      assert.equal(message.constructor, Uint8Array);
      assert.equal(message.buffer.byteLength, message.length);
    }
  });
});

describe("fragmentation (RFC 6455 §5.4)", () => {
  test("refuses a continuation without a message", () => {
    assert.deepEqual(
      assemble(assembler(), [frame(CONTINUATION, "a")]),
      ["(ORPHAN_CONTINUATION)"],
    );
    assert.deepEqual(
      assemble(assembler(), [frame(TEXT, "a"), frame(CONTINUATION, "b")]),
      ["a", "(ORPHAN_CONTINUATION)"],
    );
    assert.deepEqual(
      assemble(assembler(), [
        frame(BINARY, "", false),
        frame(CONTINUATION, ""),
        frame(CONTINUATION, ""),
      ]),
      [new Uint8Array(0), "(ORPHAN_CONTINUATION)"],
    );
  });

  test("refuses a new message inside an unfinished one", () => {
    for (const opcode of [TEXT, BINARY]) {
      assert.deepEqual(
        assemble(assembler(), [frame(TEXT, "a", false), frame(opcode, "b")]),
        ["(INTERRUPTED_MESSAGE)"],
      );
    }
  });
});

describe("text (RFC 6455 §8.1)", () => {
  /** A text whole, in two frames, and in two reads of one frame, cut at every octet. */
  function* ways(bytes: Uint8Array): Generator<readonly Frame[]> {
    yield [frame(TEXT, bytes)];
    for (let cut = 0; cut <= bytes.length; cut++) {
      const [a, b] = [bytes.subarray(0, cut), bytes.subarray(cut)];
      yield [frame(TEXT, a, false), frame(CONTINUATION, b)];
      yield [{ opcode: TEXT, pieces: [a, b] }];
    }
  }

  for (const [name, digits] of VALID) {
    test(`takes ${name}, however it is cut`, () => {
      const bytes = hex(digits);
      for (const frames of ways(bytes)) {
        const [text] = assemble(assembler(), frames);
        assert.equal(typeof text, "string");
        assert.deepEqual(utf8(text as string), bytes);
      }
    });
  }

  for (const [name, digits, at] of INVALID) {
    const bytes = hex(digits);
    test(`refuses ${name}, however it is cut`, () => {
      for (const frames of ways(bytes)) {
        assert.deepEqual(assemble(assembler(), frames), ["(INVALID_TEXT)"]);
      }
    });

    test(`refuses ${name} as soon as it shows`, () => {
      const soon = Array.from(
        bytes.subarray(0, at + 1),
        (octet) => Uint8Array.of(octet),
      );
      const frames = [{ opcode: TEXT, pieces: soon, length: 1_000 }];
      assert.deepEqual(assemble(assembler(), frames), ["(INVALID_TEXT)"]);
      const late = [{ opcode: TEXT, pieces: soon.slice(0, -1), length: 1_000 }];
      assert.deepEqual(assemble(assembler(), late), []);
    });
  }

  test("must not end inside a character", () => {
    for (const digits of ["c3", "e2 82", "f0 9f 98"]) {
      for (const frames of ways(hex(digits))) {
        assert.deepEqual(assemble(assembler(), frames), ["(INVALID_TEXT)"]);
      }
    }
  });

  test("is looked at for each message anew", () => {
    assert.deepEqual(
      assemble(assembler(), [
        frame(TEXT, "é", false),
        frame(CONTINUATION, "x"),
        frame(TEXT, "y", false),
        frame(CONTINUATION, "é"),
      ]),
      ["éx", "yé"],
    );
  });

  test("is not looked for in binary messages", () => {
    assert.deepEqual(assemble(assembler(), [frame(BINARY, hex("ff fe"))]), [
      hex("ff fe"),
    ]);
  });
});

describe("the size limit (RFC 6455 §10.4)", () => {
  const limits = { maxMessageBytes: 10 };
  for (
    const [size, fault] of [
      [9, undefined],
      [10, undefined],
      [11, "MESSAGE_TOO_BIG"],
    ] as const
  ) {
    test(`judges ${size} bytes where 10 are allowed, from the header`, () => {
      assert.equal(
        assembler(limits).beginFrame(BINARY, true, false, size),
        fault,
      );
    });

    test(`judges ${size} bytes in fragments (wishes:R-029)`, () => {
      const seen = assemble(assembler(limits), [
        frame(TEXT, "12345", false),
        frame(CONTINUATION, "x".repeat(size - 5), false),
      ]);
      assert.deepEqual(seen, fault === undefined ? [] : [`(${fault})`]);
    });
  }

  test("counts bytes, not characters (websocket:W-050)", () => {
    assert.deepEqual(assemble(assembler(limits), [frame(TEXT, "ééééé")]), [
      "ééééé",
    ]);
    assert.deepEqual(assemble(assembler(limits), [frame(TEXT, "éééééé")]), [
      "(MESSAGE_TOO_BIG)",
    ]);
  });

  test("begins anew with each message", () => {
    const frames = Array(3).fill(frame(TEXT, "1234567890"));
    assert.equal(assemble(assembler(limits), frames).length, 3);
  });

  test("refuses the largest length there is", () => {
    assert.equal(
      assembler().beginFrame(BINARY, true, false, 2 ** 63),
      "MESSAGE_TOO_BIG",
    );
  });
});

describe("the fragment limit", () => {
  for (
    const [count, fault] of [[2, false], [3, false], [4, true]] as const
  ) {
    test(`judges ${count} empty fragments where 3 are allowed`, () => {
      const frames = Array.from(
        { length: count },
        (_, i) => frame(i === 0 ? TEXT : CONTINUATION, "", false),
      );
      assert.deepEqual(
        assemble(assembler({ maxFragments: 3 }), frames),
        fault ? ["(TOO_MANY_FRAGMENTS)"] : [],
      );
    });
  }

  test("begins anew with each message", () => {
    const message = [
      frame(TEXT, "a", false),
      frame(CONTINUATION, "b", false),
      frame(CONTINUATION, "c"),
    ];
    assert.deepEqual(
      assemble(assembler({ maxFragments: 3 }), [...message, ...message]),
      ["abc", "abc"],
    );
  });
});

describe("compressed messages (RFC 7692 §6)", () => {
  const inflated = (result: ReturnType<Inflate>) => {
    const calls: (readonly [Uint8Array, number])[] = [];
    const inflate: Inflate = (payload, maxBytes) => {
      calls.push([new Uint8Array(payload), maxBytes]);
      return result;
    };
    return { calls, inflate };
  };
  const compressed = (opcode: number, payload = "abcd"): Frame => ({
    ...frame(opcode, payload),
    rsv1: true,
  });

  test("are refused where nothing was agreed on", () => {
    assert.deepEqual(assemble(assembler(), [compressed(TEXT)]), [
      "(RESERVED_BITS)",
    ]);
  });

  test("say so in their first frame only (§6.1)", () => {
    const { inflate } = inflated(utf8("ok"));
    const first = { ...compressed(TEXT), fin: false };
    assert.deepEqual(
      assemble(assembler({}, inflate), [first, compressed(CONTINUATION)]),
      ["(RESERVED_BITS)"],
    );
    assert.deepEqual(
      assemble(assembler({}, inflate), [
        { ...compressed(TEXT), rsv1: false, fin: false },
        compressed(CONTINUATION),
      ]),
      ["(RESERVED_BITS)"],
    );
  });

  for (
    const [how, frames] of [
      ["in one frame", [compressed(TEXT)]],
      ["in fragments", [
        { ...compressed(TEXT, "ab"), fin: false },
        frame(CONTINUATION, "", false),
        frame(CONTINUATION, "cd"),
      ]],
      ["in pieces", [{
        opcode: TEXT,
        pieces: [utf8("a"), utf8("bc"), utf8("d")],
        rsv1: true,
      }]],
    ] as const
  ) {
    test(`are inflated whole, ${how}`, () => {
      const { calls, inflate } = inflated(utf8("größer"));
      assert.deepEqual(assemble(assembler({}, inflate), frames), ["größer"]);
      assert.deepEqual(calls.map(([payload]) => payload), [utf8("abcd")]);
    });
  }

  test("may be empty", () => {
    const { calls, inflate } = inflated(new Uint8Array(0));
    assert.deepEqual(assemble(assembler({}, inflate), [compressed(TEXT, "")]), [
      "",
    ]);
    assert.equal(calls.length, 1);
  });

  test("come among others that are not", () => {
    const { calls, inflate } = inflated(hex("ff"));
    assert.deepEqual(
      assemble(assembler({}, inflate), [
        frame(TEXT, "plain"),
        compressed(BINARY),
        frame(BINARY, "x"),
      ]),
      ["plain", hex("ff"), utf8("x")],
    );
    assert.equal(calls.length, 1);
  });

  test("are the receiver's own, whatever the inflater does with its memory", () => {
    const memory = Buffer.from([1, 2, 3]); // whose slice() is a view
    const seen = assemble(assembler({}, () => memory), [compressed(BINARY)]);
    memory.fill(0);
    assert.deepEqual(seen, [Uint8Array.of(1, 2, 3)]);
    assert.equal((seen[0] as Uint8Array).constructor, Uint8Array);
  });

  test("are text only if what was inflated is", () => {
    for (const digits of ["c3", "ff", "41 80"]) {
      const { inflate } = inflated(hex(digits));
      assert.deepEqual(assemble(assembler({}, inflate), [compressed(TEXT)]), [
        "(INVALID_TEXT)",
      ]);
    }
  });

  test("that cannot be inflated are a fault", () => {
    const { inflate } = inflated("bad");
    assert.deepEqual(assemble(assembler({}, inflate), [compressed(TEXT)]), [
      "(BAD_COMPRESSION)",
    ]);
  });

  for (
    const [behavior, limits, maxBytes, fault] of [
      [
        "the ratio limit",
        { maxInflateRatio: 10, inflateFloorBytes: 0, maxMessageBytes: 41 },
        40,
        "INFLATE_BOMB",
      ],
      [
        "the floor of the ratio limit",
        { maxInflateRatio: 10, inflateFloorBytes: 60, maxMessageBytes: 61 },
        60,
        "INFLATE_BOMB",
      ],
      [
        "the size limit, where it is as low",
        { maxInflateRatio: 10, inflateFloorBytes: 0, maxMessageBytes: 40 },
        40,
        "MESSAGE_TOO_BIG",
      ],
      [
        "the size limit, below the floor",
        { maxInflateRatio: 10, inflateFloorBytes: 60, maxMessageBytes: 50 },
        50,
        "MESSAGE_TOO_BIG",
      ],
    ] as const
  ) {
    test(`inflate to no more than ${behavior}`, () => {
      const { calls, inflate } = inflated("tooBig");
      assert.deepEqual(
        assemble(assembler(limits, inflate), [compressed(BINARY)]),
        [`(${fault})`],
      );
      assert.equal(calls[0][1], maxBytes);
    });
  }
});

describe("memory", () => {
  test("is not made for what is only announced", () => {
    const messages = assembler({ maxMessageBytes: 2 ** 40 });
    assert.equal(
      messages.beginFrame(BINARY, true, false, 2 ** 40),
      undefined,
    );
    for (let i = 0; i < 100; i++) {
      assert.equal(messages.add(pieceOf(utf8("x"), false)), undefined);
    }
  });

  test("is that of the frame, if it is not lent", () => {
    const messages = assembler();
    const bytes = Uint8Array.of(1, 2, 3, 4);
    messages.beginFrame(BINARY, true, false, 4);
    messages.add(pieceOf(bytes, true, false));
    assert.equal(messages.endFrame(), true);
    assert.equal(messages.binary?.buffer, bytes.buffer);
    assert.deepEqual([...messages.binary!], [1, 2, 3, 4]);
  });

  test("is let go by clear(), and the next message is whole", () => {
    const messages = assembler();
    assemble(messages, [frame(TEXT, "never mind", false)]);
    messages.clear();
    assert.equal(messages.text, undefined);
    assert.deepEqual(assemble(messages, [frame(CONTINUATION, "x")]), [
      "(ORPHAN_CONTINUATION)",
    ]);
    assert.deepEqual(assemble(messages, [frame(TEXT, "next")]), ["next"]);
  });
});

/**
 * What holds for WebSockets whatever arrives:
 *
 * - any bytes give outcomes or a documented fault, never an exception;
 * - any cutting of the bytes gives the same outcomes, whether they are held or not;
 * - what the writer writes, a client reads; what a client writes masked, the reader reads back;
 * - messages come back through deflate with every combination of parameters;
 * - memory held is bounded by the limits, and never made for what is only announced;
 * - masking by words and by octets agree; the UTF-8 check and a fatal TextDecoder agree at every cut.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import fc from "fast-check";
import { WEBSOCKET_FAULTS } from "../../src/faults.ts";
import { ByteWriter } from "../../src/bytes/byte_writer.ts";
import {
  createDeflater,
  createInflater,
  createPlainInflater,
} from "../../src/runtime/deflate.ts";
import { readExtensions } from "../../src/websocket/extensions.ts";
import { FrameReader } from "../../src/websocket/frame_reader.ts";
import {
  writeClose,
  writeControl,
  writeFrameHeader,
} from "../../src/websocket/frame_writer.ts";
import type { WebSocketLimits } from "../../src/websocket/limits.ts";
import { applyMask } from "../../src/websocket/mask.ts";
import type { Inflate } from "../../src/websocket/message_assembler.ts";
import { negotiateDeflate } from "../../src/websocket/permessage_deflate.ts";
import { WebSocketProtocol } from "../../src/websocket/protocol.ts";
import { BOUNDARY, BROKEN, checkUtf8 } from "../../src/websocket/utf8.ts";
import { join } from "../_support/octets.ts";
import {
  BINARY,
  CLOSE,
  CONTINUATION,
  fragments,
  frame,
  PING,
  PONG,
  readFrames,
  TEXT,
} from "../_support/websocket_frames.ts";
import { readProtocol } from "../websocket/outcomes.ts";

const RUNS = 300;

const LIMITS: WebSocketLimits = {
  maxMessageBytes: 500,
  maxFragments: 8,
  maxInflateRatio: 20,
  inflateFloorBytes: 200,
};

function makeProtocol(): WebSocketProtocol {
  const inflater = createPlainInflater(15);
  const inflate: Inflate = (payload, maxBytes) =>
    inflater.inflate(payload, maxBytes);
  return new WebSocketProtocol(LIMITS, inflate);
}

/** Whatever, up to 300 octets, sometimes text. */
const payload = fc.oneof(
  fc.uint8Array({ maxLength: 20 }),
  fc.uint8Array({ maxLength: 300 }),
  fc.string({ unit: "grapheme", maxLength: 40 }).map((text) =>
    new Uint8Array(Buffer.from(text))
  ),
);

const key = fc.array(fc.nat(255), { minLength: 4, maxLength: 4 });

/** A frame that may be right, or wrong in one of the ways there are. */
const anyFrame = fc.record({
  opcode: fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(CONTINUATION, TEXT, BINARY) },
    { weight: 3, arbitrary: fc.constantFrom(PING, PONG) },
    { weight: 1, arbitrary: fc.constantFrom(CLOSE) },
    { weight: 1, arbitrary: fc.nat(15) },
  ),
  payload,
  fin: fc.boolean(),
  rsv: fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(0, 0, 4) },
    { weight: 1, arbitrary: fc.nat(7) },
  ),
  key: fc.oneof(
    { weight: 15, arbitrary: key },
    { weight: 1, arbitrary: fc.constant(undefined) },
  ),
  lengthOctets: fc.oneof(
    { weight: 15, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(2 as const, 8 as const) },
  ),
}).map(({ opcode, payload, fin, rsv, key, lengthOctets }) =>
  frame(opcode, payload, {
    fin,
    rsv,
    key,
    ...(lengthOctets === undefined ? {} : { lengthOctets }),
  })
);

const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.array(anyFrame, { maxLength: 12 }).map((frames) => join(...frames)),
  fc.tuple(fc.array(anyFrame, { maxLength: 6 }), fc.uint8Array()).map((
    [frames, rest],
  ) => join(...frames, rest)),
);

/** Bytes in pieces, some of them empty. */
function cut(bytes: Uint8Array, at: readonly number[]): Uint8Array[] {
  const cuts = at.map((share) => Math.floor(share * bytes.length / 1000));
  const ends = [...cuts.sort((a, b) => a - b), bytes.length];
  return ends.map((end, i) => bytes.subarray(i === 0 ? 0 : ends[i - 1], end));
}

const cuts = fc.array(fc.nat(1000), { maxLength: 20 });

/** Frames that are right, and what they come to. */
const rightMessages = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant("text" as const),
      text: fc.string({ unit: "grapheme", maxLength: 60 }),
      size: fc.integer({ min: 1, max: 40 }),
    }),
    fc.record({
      kind: fc.constant("binary" as const),
      bytes: fc.uint8Array({ maxLength: 200 }),
      size: fc.integer({ min: 30, max: 300 }),
    }),
    fc.record({
      kind: fc.constantFrom("ping" as const, "pong" as const),
      bytes: fc.uint8Array({ maxLength: 125 }),
    }),
  ),
  { maxLength: 10 },
);

test("any bytes give outcomes or a documented fault, however they are cut", () => {
  fc.assert(
    fc.property(anyBytes, cuts, (bytes, at) => {
      const whole = readProtocol(makeProtocol(), [bytes]);
      for (const line of whole) {
        const [, fault] = /^fault (.*)/.exec(line) ?? [];
        if (fault !== undefined) assert.ok(fault in WEBSOCKET_FAULTS, fault);
      }
      const ends = whole.findIndex((line) => /^(fault|close)/.test(line));
      assert.ok(ends < 0 || ends === whole.length - 1, "nothing after the end");
      assert.deepEqual(readProtocol(makeProtocol(), cut(bytes, at)), whole);
      const singles = Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
      assert.deepEqual(readProtocol(makeProtocol(), singles), whole);
    }),
    { numRuns: RUNS },
  );
});

test("outcomes taken one at a time, the rest held, are the same", () => {
  fc.assert(
    fc.property(anyBytes, cuts, (bytes, at) => {
      const whole = readProtocol(makeProtocol(), [bytes]);
      const protocol = makeProtocol();
      const seen: string[] = [];
      for (const piece of cut(bytes, at)) {
        const lent = Buffer.from(piece);
        protocol.push(lent);
        for (let outcome = protocol.next(); outcome !== "needMore";) {
          seen.push(outcome);
          protocol.hold();
          lent.fill(0x21);
          outcome = protocol.next();
        }
      }
      assert.deepEqual(
        seen,
        whole.map((line) =>
          line.split(" ")[0].replace(/text|binary/, "message")
        ),
      );
    }),
    { numRuns: RUNS },
  );
});

test("what a client writes in any fragments is read back", () => {
  fc.assert(
    fc.property(rightMessages, cuts, (messages, at) => {
      const frames: Uint8Array[] = [];
      const expected: string[] = [];
      for (const message of messages) {
        if (message.kind === "text") {
          const bytes = new Uint8Array(Buffer.from(message.text));
          const size = Math.max(message.size, Math.ceil(bytes.length / 8));
          frames.push(...fragments(TEXT, bytes, size));
          expected.push(`text ${message.text}`);
        } else if (message.kind === "binary") {
          frames.push(...fragments(BINARY, message.bytes, message.size));
          const digits = Buffer.from(message.bytes).toString("hex");
          expected.push(`binary ${digits}`);
        } else {
          const opcode = message.kind === "ping" ? PING : PONG;
          frames.push(frame(opcode, message.bytes));
          const digits = Buffer.from(message.bytes).toString("hex");
          expected.push(`${message.kind} ${digits}`);
        }
      }
      const pieces = cut(join(...frames), at);
      assert.deepEqual(readProtocol(makeProtocol(), pieces), expected);
    }),
    { numRuns: RUNS },
  );
});

test("what the writer writes, a client reads", () => {
  const size = fc.oneof(
    fc.nat(300),
    fc.constantFrom(125, 126, 65_535, 65_536, 70_000),
  );
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          opcode: fc.constantFrom(TEXT, BINARY),
          size,
          rsv1: fc.boolean(),
        }),
        { maxLength: 5 },
      ),
      fc.uint8Array({ maxLength: 125 }),
      fc.string({ unit: "binary", maxLength: 200 }),
      (messages, control, reason) => {
        const out = new ByteWriter(1);
        for (const { opcode, size, rsv1 } of messages) {
          writeFrameHeader(out, opcode, size, rsv1);
          out.writeBytes(new Uint8Array(size).fill(size));
        }
        writeControl(out, PING, control);
        writeClose(out, 1000, reason);
        const frames = readFrames(out.bytes.slice(0, out.length));
        assert.deepEqual(
          frames.slice(0, -2).map(({ opcode, payload, rsv1, fin }) => ({
            opcode,
            size: payload.length,
            rsv1,
            fin,
          })),
          messages.map((message) => ({ ...message, fin: true })),
        );
        const [ping, close] = frames.slice(-2);
        assert.deepEqual(ping.payload, control);
        const told = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
          .decode(close.payload.slice(2));
        assert.ok(reason.toWellFormed().startsWith(told));
        assert.ok(told === reason.toWellFormed() || close.payload.length > 121);
      },
    ),
    { numRuns: RUNS },
  );
});

test("messages come back through deflate, whatever was agreed on", () => {
  const message = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc.tuple(fc.uint8Array({ maxLength: 9 }), fc.nat(5_000)).map((
      [seed, size],
    ) => Uint8Array.from({ length: size }, (_, i) => seed[i % 9] ?? i)),
  );
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 6 }),
      fc.integer({ min: 9, max: 15 }),
      fc.integer({ min: 0, max: 6 }),
      fc.boolean(),
      fc.boolean(),
      (messages, bits, more, deflaterKeeps, inflaterKeeps) => {
        // Who forgets may be read by who keeps, not the other way round.
        const keeps = deflaterKeeps && inflaterKeeps;
        const deflater = createDeflater(bits, keeps);
        const inflater = createInflater(
          Math.min(bits + more, 15),
          inflaterKeeps,
        );
        const payloads = messages.map((bytes) =>
          new Uint8Array(deflater.deflate(bytes))
        );
        const back = payloads.map((bytes) => {
          const result = inflater.inflate(bytes, 10_000);
          return typeof result === "string" ? result : new Uint8Array(result);
        });
        assert.deepEqual(back, messages);
        deflater.close();
        inflater.close();
      },
    ),
    { numRuns: 100 },
  );
});

test("any payload inflates to no more than is allowed, or is refused", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 }),
      fc.nat(300),
      (payloads, maxBytes) => {
        const inflater = createInflater(15, true);
        for (const bytes of payloads) {
          const result = inflater.inflate(bytes, maxBytes);
          if (result === "bad" || result === "tooBig") break;
          assert.ok(result.length <= maxBytes);
        }
        inflater.close();
      },
    ),
    { numRuns: RUNS },
  );
});

test("what waits is no more than was pushed; nothing waits once it is dry or ended", () => {
  fc.assert(
    fc.property(anyBytes, cuts, (bytes, at) => {
      const reader = new FrameReader();
      let pushed = 0;
      for (const piece of cut(bytes, at)) {
        reader.push(piece.slice());
        pushed += piece.length;
        assert.ok(reader.unreadBytes <= pushed);
        let outcome = reader.next();
        while (outcome !== "needMore" && outcome !== "fault") {
          if (outcome === "payload") {
            assert.ok(reader.end - reader.start <= piece.length);
          }
          outcome = reader.next();
        }
        assert.equal(reader.unreadBytes, 0);
        if (outcome === "fault") return;
      }
    }),
    { numRuns: RUNS },
  );
});

test("messages never exceed the limits", () => {
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      const protocol = makeProtocol();
      protocol.push(bytes.slice());
      for (let outcome = protocol.next(); outcome !== "needMore";) {
        if (outcome === "message") {
          const size = protocol.binary?.length ??
            Buffer.byteLength(protocol.text!);
          assert.ok(size <= LIMITS.maxMessageBytes, `${size} bytes`);
        }
        if (outcome === "ping" || outcome === "pong") {
          assert.ok(protocol.payload.length <= 125);
        }
        outcome = protocol.next();
      }
    }),
    { numRuns: RUNS },
  );
});

test("masking by words and by octets agree at every alignment and phase", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 400 }),
      fc.integer(),
      fc.nat(3),
      fc.nat(9),
      fc.nat(9),
      (memory, key, phase, before, behind) => {
        const start = Math.min(before, memory.length);
        const end = Math.max(start, memory.length - behind);
        const fast = memory.slice();
        const isAscii = applyMask(fast, start, end, key, phase);
        const plain = memory.slice();
        for (let i = start; i < end; i++) {
          plain[i] ^= (key >>> (24 - 8 * ((phase + i - start) % 4))) & 0xff;
        }
        assert.deepEqual(fast, plain);
        const result = plain.subarray(start, end);
        assert.equal(isAscii, result.every((octet) => octet < 0x80));
      },
    ),
    { numRuns: RUNS },
  );
});

test("the UTF-8 check agrees with a fatal decoder at every cut", () => {
  const strict = new TextDecoder("utf-8", { fatal: true });
  const isText = (bytes: Uint8Array) => {
    try {
      strict.decode(bytes);
      return true;
    } catch {
      return false;
    }
  };
  const nearlyText = fc.tuple(
    fc.string({ unit: "binary", maxLength: 12 }),
    fc.array(fc.tuple(fc.nat(40), fc.nat(255)), { maxLength: 2 }),
  ).map(([text, changes]) => {
    const bytes = new Uint8Array(Buffer.from(text));
    for (const [at, octet] of changes) {
      if (at < bytes.length) bytes[at] = octet;
    }
    return bytes;
  });
  const lead = fc.tuple(
    fc.integer({ min: 0x7f, max: 0xff }),
    fc.uint8Array({ min: 0x70, maxLength: 4 }),
  )
    .map(([first, rest]) => Uint8Array.of(first, ...rest));
  fc.assert(
    fc.property(
      fc.oneof(fc.uint8Array({ maxLength: 16 }), nearlyText, lead),
      (bytes) => {
        for (let at = 0; at <= bytes.length; at++) {
          const state = checkUtf8(bytes, 0, at, BOUNDARY);
          assert.equal(state === BOUNDARY, isText(bytes.subarray(0, at)));
          const end = state === BROKEN
            ? BROKEN
            : checkUtf8(bytes, at, bytes.length, state);
          assert.equal(end === BOUNDARY, isText(bytes));
        }
      },
    ),
    { numRuns: 2 * RUNS },
  );
});

test("any extension list is read, or refused; what is agreed on was offered", () => {
  const word = fc.constantFrom(
    "permessage-deflate",
    "server_no_context_takeover",
    "client_no_context_takeover",
    "server_max_window_bits",
    "client_max_window_bits",
    "8",
    "9",
    "12",
    "15",
    "16",
    "=",
    ";",
    ",",
    '"',
    "\\",
    " ",
    "foo",
  );
  const list = fc.oneof(
    fc.array(word, { maxLength: 16 }).map((words) => words.join("")),
    fc.string({ unit: "binary-ascii", maxLength: 40 }),
  );
  fc.assert(
    fc.property(list, (text) => {
      const offers = readExtensions(text);
      if (offers === undefined) return;
      const agreement = negotiateDeflate(offers, {
        serverMaxWindowBits: 12,
        clientMaxWindowBits: 12,
        keepsContext: true,
      });
      if (agreement === undefined) return;
      assert.ok(offers.some(({ name }) => name === "permessage-deflate"));
      assert.ok(agreement.serverMaxWindowBits >= 9);
      assert.ok(agreement.serverMaxWindowBits <= 12);
      assert.ok(agreement.clientMaxWindowBits >= 8);
      // The answer is a list of the same grammar, of one extension (RFC 7692 §7.1).
      const answer = readExtensions(agreement.answer);
      assert.equal(answer?.length, 1);
      const names = answer[0].parameters.map(([name]) => name);
      assert.equal(new Set(names).size, names.length);
      if (names.includes("client_max_window_bits")) {
        assert.ok(text.includes("client_max_window_bits"));
      } else {
        assert.equal(agreement.clientMaxWindowBits, 15);
      }
    }),
    { numRuns: 2 * RUNS },
  );
});

/** A client's side of the framing, sharing no code with the server's: frames out masked, frames in. */
import assert from "node:assert/strict";

export const CONTINUATION = 0x0;
export const TEXT = 0x1;
export const BINARY = 0x2;
export const CLOSE = 0x8;
export const PING = 0x9;
export const PONG = 0xa;

/** What is unusual about a frame. */
export interface FrameOptions {
  /** Whether it ends its message; by default it does. */
  readonly fin?: boolean;
  /** The three reserved bits, 0 to 7; 4 says compressed. */
  readonly rsv?: number;
  /** The four key octets; `undefined` leaves the frame unmasked. */
  readonly key?: readonly number[] | undefined;
  /** Octets of the length's form: 0, 2 or 8; by default the shortest. */
  readonly lengthOctets?: 0 | 2 | 8;
  /** The length announced, if it is not the payload's. */
  readonly announced?: number;
}

const KEY = [0x37, 0xfa, 0x21, 0x3d];

/** Octets of `text` in UTF-8. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Octets written as hexadecimal digits, blanks anywhere between the octets. */
export function hex(digits: string): Uint8Array {
  const pairs = digits.replaceAll(/\s/g, "").match(/../g) ?? [];
  return Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16));
}

/** One after another. */
export function join(...pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(
    pieces.reduce((size, piece) => size + piece.length, 0),
  );
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** A client's frame (RFC 6455 §5.2). */
export function frame(
  opcode: number,
  payload: Uint8Array | string = "",
  options: FrameOptions = {},
): Uint8Array {
  const bytes = typeof payload === "string" ? utf8(payload) : payload;
  const length = options.announced ?? bytes.length;
  const lengthOctets = options.lengthOctets ??
    (length < 126 ? 0 : length < 65_536 ? 2 : 8);
  const key = "key" in options ? options.key : KEY;
  const head = [
    (options.fin === false ? 0 : 0x80) | (options.rsv ?? 0) << 4 | opcode,
  ];
  const maskBit = key === undefined ? 0 : 0x80;
  if (lengthOctets === 0) {
    head.push(maskBit | length);
  } else {
    head.push(maskBit | (lengthOctets === 2 ? 126 : 127));
    for (let i = lengthOctets - 1; i >= 0; i--) {
      head.push(Math.floor(length / 2 ** (8 * i)) % 256);
    }
  }
  if (key === undefined) return join(Uint8Array.from(head), bytes);
  const masked = bytes.slice();
  for (let i = 0; i < masked.length; i++) masked[i] ^= key[i % 4];
  return join(Uint8Array.from([...head, ...key]), masked);
}

/** A client's close frame. */
export function closeFrame(code?: number, reason = ""): Uint8Array {
  return frame(CLOSE, closePayload(code, reason));
}

/** What a close frame carries. */
export function closePayload(code?: number, reason = ""): Uint8Array {
  return code === undefined
    ? new Uint8Array(0)
    : join(Uint8Array.of(code >> 8, code & 0xff), utf8(reason));
}

/** A message in fragments of at most `size` bytes, all but the first as continuations. */
export function fragments(
  opcode: number,
  payload: Uint8Array,
  size: number,
  rsv = 0,
): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let at = 0; at === 0 || at < payload.length; at += size) {
    frames.push(
      frame(
        at === 0 ? opcode : CONTINUATION,
        payload.subarray(at, at + size),
        { fin: at + size >= payload.length, rsv: at === 0 ? rsv : 0 },
      ),
    );
  }
  return frames;
}

/** A frame of the server's. */
export interface ServerFrame {
  readonly opcode: number;
  readonly fin: boolean;
  readonly rsv: number;
  readonly payload: Uint8Array;
}

/** Reads a server's frames, to the last byte; asserts that they are framed as they must be. */
export function readFrames(bytes: Uint8Array): ServerFrame[] {
  const frames: ServerFrame[] = [];
  let at = 0;
  while (at < bytes.length) {
    const [first, second] = bytes.subarray(at, at + 2);
    assert.equal(second & 0x80, 0, "a server's frame is not masked");
    const form = second & 0x7f;
    const lengthOctets = form === 126 ? 2 : form === 127 ? 8 : 0;
    let length = lengthOctets === 0 ? form : 0;
    for (let i = 0; i < lengthOctets; i++) {
      length = length * 256 + bytes[at + 2 + i];
    }
    if (lengthOctets === 2) assert.ok(length > 125, "shortest form");
    if (lengthOctets === 8) assert.ok(length > 65_535, "shortest form");
    const start = at + 2 + lengthOctets;
    at = start + length;
    assert.ok(at <= bytes.length, "a frame is cut off");
    const opcode = first & 0x0f;
    if (opcode >= CLOSE) assert.ok(length <= 125 && (first & 0x80) !== 0);
    frames.push({
      opcode,
      fin: (first & 0x80) !== 0,
      rsv: (first >> 4) & 7,
      payload: bytes.slice(start, at),
    });
  }
  return frames;
}

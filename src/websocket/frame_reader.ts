/**
 * Bytes in, frames out (RFC 6455 §5.2): incremental, the payload as spans of the bytes received,
 * unmasked in place. Knows frames and nothing of messages.
 */
import type { WebSocketFaultCode } from "../faults.ts";
import { copyBytes } from "../bytes/keep_bytes.ts";
import { applyMask } from "./mask.ts";

/** What a frame carries (RFC 6455 §11.8). */
export const OPCODE = {
  CONTINUATION: 0x0,
  TEXT: 0x1,
  BINARY: 0x2,
  CLOSE: 0x8,
  PING: 0x9,
  PONG: 0xa,
} as const;

/** What {@linkcode FrameReader.next} found. */
export type FrameOutcome =
  /** No more to be had from the bytes pushed. */
  | "needMore"
  /** A header: `opcode`, `isFinal`, `rsv1` and `payloadLength` are set. */
  | "header"
  /** A piece of its payload: `bytes[start, end)`, lent until the next call. */
  | "payload"
  /** The frame is whole. */
  | "end"
  /** The peer broke the rule `fault`; nothing is read any more. */
  | "fault";

/** What comes next in the bytes. */
type Step = "header" | "payload" | "end" | "fault";

const NOTHING = new Uint8Array(0);
/** Longest header: two octets, eight of length, four of mask. */
const MAX_HEADER_BYTES = 14;

/** Reads the frames of one client. */
export class FrameReader {
  /** Of the last header. */
  opcode = 0;
  /** Whether the frame ends its message. */
  isFinal = false;
  /** The first reserved bit: the message is compressed (RFC 7692 §6). */
  rsv1 = false;
  /** Bytes of payload announced. */
  payloadLength = 0;
  /** Memory of the last payload piece. */
  bytes: Uint8Array = NOTHING;
  /** Where the piece begins. */
  start = 0;
  /** Where it ends. */
  end = 0;
  /** Whether every octet of it is below 0x80. */
  isAscii = true;
  /** What was wrong, after "fault". */
  fault: WebSocketFaultCode = "BAD_OPCODE";
  #step: Step = "header";
  #input: Uint8Array = NOTHING;
  #isLent = false;
  #at = 0;
  #left = 0;
  #phase = 0;
  #key = 0;
  /** The beginning of a header that was cut. */
  #carry: Uint8Array = NOTHING;
  #carried = 0;

  /** Whether the memory of that piece is used again: if it is to be kept, it must be copied. */
  get isLent(): boolean {
    return this.#isLent;
  }

  /** Whether the payload piece just returned was the frame's last. */
  get isAtFrameEnd(): boolean {
    return this.#left === 0;
  }

  /**
   * Hands over what arrived; it is unmasked in place.
   *
   * @param isLent Whether it is used again, once `next` says "needMore" or `hold` is called.
   */
  push(bytes: Uint8Array, isLent = true): void {
    const unread = this.unreadBytes;
    if (unread === 0) {
      this.#input = bytes;
      this.#isLent = isLent;
    } else {
      const joined = new Uint8Array(unread + bytes.length);
      joined.set(this.#input.subarray(this.#at));
      joined.set(bytes, unread);
      this.#input = joined;
      this.#isLent = false;
    }
    this.#at = 0;
  }

  /** Bytes pushed and not read. */
  get unreadBytes(): number {
    return this.#input.length - this.#at;
  }

  /** Copies what is unread, so that the lent bytes may go; once, however often it is called. */
  hold(): void {
    if (!this.#isLent) return;
    this.#input = copyBytes(this.#input, this.#at, this.#input.length);
    this.#at = 0;
    this.#isLent = false;
  }

  /** Lets go of all bytes: nothing of what was pushed is read any more. */
  clear(): void {
    this.#input = this.bytes = NOTHING;
    this.#at = 0;
    this.#isLent = false;
  }

  /** Reads on. */
  next(): FrameOutcome {
    switch (this.#step) {
      case "header":
        return this.#carried > 0 ? this.#finishHeader() : this.#readHeader();
      case "payload":
        return this.#readPayload();
      case "end":
        this.#step = "header";
        return "end";
      case "fault":
        return "fault";
    }
  }

  #readHeader(): FrameOutcome {
    const size = this.#parseHeader(this.#input, this.#at, this.#input.length);
    if (size > 0) {
      this.#at += size;
      return "header";
    }
    if (size < 0) return "fault";
    const rest = this.#input.length - this.#at;
    if (rest > 0) {
      if (this.#carry === NOTHING) {
        this.#carry = new Uint8Array(MAX_HEADER_BYTES);
      }
      this.#carry.set(this.#input.subarray(this.#at));
      this.#carried = rest;
    }
    this.clear();
    return "needMore";
  }

  #finishHeader(): FrameOutcome {
    while (this.#at < this.#input.length) {
      this.#carry[this.#carried++] = this.#input[this.#at++];
      const size = this.#parseHeader(this.#carry, 0, this.#carried);
      if (size === 0) continue;
      this.#carried = 0;
      return size > 0 ? "header" : "fault";
    }
    this.clear();
    return "needMore";
  }

  /** @returns Bytes of the header; 0 if it is not whole; -1 after a fault. */
  #parseHeader(bytes: Uint8Array, at: number, end: number): number {
    if (end - at < 1) return 0;
    const first = bytes[at];
    const opcode = first & 0x0f;
    // Checked before the rest has arrived: a fault is told as early as it can be seen.
    if ((first & 0x30) !== 0) return this.#fail("RESERVED_BITS");
    if (
      opcode > OPCODE.PONG || (opcode > OPCODE.BINARY && opcode < OPCODE.CLOSE)
    ) {
      return this.#fail("BAD_OPCODE");
    }
    const isControl = opcode >= OPCODE.CLOSE;
    if (isControl && (first & 0x80) === 0) {
      return this.#fail("FRAGMENTED_CONTROL");
    }
    if (isControl && (first & 0x40) !== 0) return this.#fail("RESERVED_BITS");
    if (end - at < 2) return 0;
    const second = bytes[at + 1];
    if ((second & 0x80) === 0) return this.#fail("UNMASKED_FRAME");
    let length = second & 0x7f;
    if (isControl && length > 125) return this.#fail("LONG_CONTROL");
    let size = 2;
    if (length === 126) {
      if (end - at < 4) return 0;
      length = bytes[at + 2] << 8 | bytes[at + 3];
      if (length < 126) return this.#fail("BAD_LENGTH");
      size = 4;
    } else if (length === 127) {
      if (end - at < 10) return 0;
      length = 0;
      for (let i = 2; i < 10; i++) length = length * 256 + bytes[at + i];
      // The first bit is always 0 (RFC 6455 §5.2); past 2^53 no limit of ours would let it through.
      if (bytes[at + 2] > 0x7f || length < 65_536) {
        return this.#fail("BAD_LENGTH");
      }
      size = 10;
    }
    if (end - at < size + 4) return 0;
    const key = at + size;
    this.#key = bytes[key] << 24 | bytes[key + 1] << 16 | bytes[key + 2] << 8 |
      bytes[key + 3];
    this.opcode = opcode;
    this.isFinal = (first & 0x80) !== 0;
    this.rsv1 = (first & 0x40) !== 0;
    this.payloadLength = length;
    this.#left = length;
    this.#phase = 0;
    this.#step = length === 0 ? "end" : "payload";
    return size + 4;
  }

  #readPayload(): FrameOutcome {
    const size = Math.min(this.#left, this.#input.length - this.#at);
    if (size === 0) {
      this.clear();
      return "needMore";
    }
    this.bytes = this.#input;
    this.start = this.#at;
    this.end = this.#at += size;
    this.isAscii = applyMask(
      this.#input,
      this.start,
      this.end,
      this.#key,
      this.#phase,
    );
    this.#phase = (this.#phase + size) & 3;
    this.#left -= size;
    if (this.#left === 0) this.#step = "end";
    return "payload";
  }

  #fail(fault: WebSocketFaultCode): -1 {
    this.fault = fault;
    this.#step = "fault";
    this.clear();
    return -1;
  }
}

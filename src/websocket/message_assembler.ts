/** Fragments into messages (RFC 6455 §5.4): text checked as it arrives, sizes bounded. */
import type { WebSocketFaultCode } from "../faults.ts";
import { copyBytes, keepBytes } from "../bytes/keep_bytes.ts";
import { latin1 } from "../bytes/latin1.ts";
import { OPCODE } from "./frame_reader.ts";
import type { WebSocketLimits } from "./limits.ts";
import { BOUNDARY, BROKEN, checkUtf8, type Utf8State } from "./utf8.ts";

/** What inflating a message came to. */
export type InflateResult = Uint8Array | "tooBig" | "bad";

/**
 * Inflates the payload of one compressed message, tail already left away (RFC 7692 §7.2.2).
 *
 * @param maxBytes Most that may come out.
 * @returns Memory that is lent until the next call.
 */
export type Inflate = (payload: Uint8Array, maxBytes: number) => InflateResult;

const NOTHING = new Uint8Array(0);
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder("utf-8", { ignoreBOM: true });

/** A piece of a frame's payload, unmasked: `bytes[start, end)`. */
export interface PayloadPiece {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** Whether the frame is whole with it. */
  readonly isAtFrameEnd: boolean;
  /** Whether every octet of it is below 0x80. */
  readonly isAscii: boolean;
  /** Whether its memory is used again. */
  readonly isLent: boolean;
}

/** Puts one client's messages together, one after another. */
export class MessageAssembler {
  /** The text of the message that ended last; `undefined` if it was binary. */
  text: string | undefined;
  /** Its octets, the receiver's own; `undefined` if it was text. */
  binary: Uint8Array | undefined;
  readonly #limits: WebSocketLimits;
  readonly #inflate: Inflate | undefined;
  #opcode = 0;
  #isCompressed = false;
  #isOpen = false;
  #isLastFrame = false;
  #fragments = 0;
  /** Bytes announced so far, before inflating. */
  #announced = 0;
  /** Bytes kept: `[0, #size)`. */
  #kept: Uint8Array = NOTHING;
  #size = 0;
  #utf8: Utf8State = BOUNDARY;
  /** Whether all that is kept is ASCII. */
  #isAscii = true;

  /** @param inflate What inflates a message; `undefined` where compression was not agreed on. */
  constructor(limits: WebSocketLimits, inflate: Inflate | undefined) {
    this.#limits = limits;
    this.#inflate = inflate;
  }

  /**
   * A data frame begins. Its announced length is judged here, before any of it has arrived.
   */
  beginFrame(
    opcode: number,
    isFinal: boolean,
    rsv1: boolean,
    length: number,
  ): WebSocketFaultCode | undefined {
    if (opcode === OPCODE.CONTINUATION) {
      if (!this.#isOpen) return "ORPHAN_CONTINUATION";
      if (rsv1) return "RESERVED_BITS"; // RFC 7692 §6.1: only the first frame says so
    } else {
      if (this.#isOpen) return "INTERRUPTED_MESSAGE";
      if (rsv1 && this.#inflate === undefined) return "RESERVED_BITS";
      this.#isOpen = true;
      this.#opcode = opcode;
      this.#isCompressed = rsv1;
      this.#fragments = 0;
      this.#announced = 0;
      this.#size = 0;
      this.#utf8 = BOUNDARY;
      this.#isAscii = true;
    }
    this.#isLastFrame = isFinal;
    this.#announced += length;
    if (this.#announced > this.#limits.maxMessageBytes) {
      return "MESSAGE_TOO_BIG";
    }
    if (++this.#fragments > this.#limits.maxFragments) {
      return "TOO_MANY_FRAGMENTS";
    }
    return undefined;
  }

  /** Takes a piece of the frame's payload. */
  add(piece: PayloadPiece): WebSocketFaultCode | undefined {
    if (!this.#isOpen) return undefined;
    const { bytes, start, end, isAscii, isLent } = piece;
    const isWhole = piece.isAtFrameEnd && this.#isLastFrame &&
      this.#size === 0;
    const isText = this.#opcode === OPCODE.TEXT && !this.#isCompressed;
    if (isWhole) { // nearly every message: one frame, in one read
      if (isText && isAscii) {
        this.#finish(latin1(bytes, start, end), undefined);
        return undefined;
      }
      if (isText) return this.#decode(bytes.subarray(start, end));
      if (this.#isCompressed) {
        return this.#takeCompressed(bytes.subarray(start, end));
      }
      this.#finish(undefined, keepBytes(bytes, start, end, isLent));
      return undefined;
    }
    if (isText && !(isAscii && this.#utf8 === BOUNDARY)) {
      this.#isAscii = false;
      this.#utf8 = checkUtf8(bytes, start, end, this.#utf8);
      if (this.#utf8 === BROKEN) return "INVALID_TEXT";
    }
    this.#keep(bytes, start, end);
    return undefined;
  }

  /**
   * The frame is whole.
   *
   * @returns Whether the message is too (then `text` or `binary` is set), or what is wrong.
   */
  endFrame(): boolean | WebSocketFaultCode {
    if (!this.#isLastFrame) return false;
    if (!this.#isOpen) return true; // taken whole by `add`
    const kept = this.#kept;
    const isFull = kept.length === this.#size;
    const payload = isFull ? kept : kept.subarray(0, this.#size);
    if (this.#isCompressed) return this.#takeCompressed(payload) ?? true;
    if (this.#opcode === OPCODE.TEXT) {
      if (this.#utf8 !== BOUNDARY) return "INVALID_TEXT"; // ends inside a character
      const text = this.#isAscii
        ? latin1(payload, 0, payload.length)
        : lenient.decode(payload);
      this.#finish(text, undefined);
    } else {
      this.#finish(undefined, isFull ? payload : payload.slice());
    }
    return true;
  }

  /** Forgets the message that has begun, and the one that ended: nobody wants them any more. */
  clear(): void {
    this.#finish(undefined, undefined);
  }

  #takeCompressed(payload: Uint8Array): WebSocketFaultCode | undefined {
    const { maxMessageBytes, maxInflateRatio, inflateFloorBytes } =
      this.#limits;
    const byRatio = Math.max(
      inflateFloorBytes,
      payload.length * maxInflateRatio,
    );
    const inflated = this.#inflate!(
      payload,
      Math.min(maxMessageBytes, byRatio),
    );
    if (inflated === "bad") return "BAD_COMPRESSION";
    if (inflated === "tooBig") {
      return byRatio < maxMessageBytes ? "INFLATE_BOMB" : "MESSAGE_TOO_BIG";
    }
    if (this.#opcode === OPCODE.TEXT) return this.#decode(inflated);
    this.#finish(undefined, copyBytes(inflated, 0, inflated.length));
    return undefined;
  }

  #decode(bytes: Uint8Array): WebSocketFaultCode | undefined {
    try {
      this.#finish(strict.decode(bytes), undefined);
      return undefined;
    } catch {
      return "INVALID_TEXT";
    }
  }

  #finish(text: string | undefined, binary: Uint8Array | undefined): void {
    this.text = text;
    this.binary = binary;
    this.#isOpen = false;
    this.#kept = NOTHING;
    this.#size = 0;
  }

  /**
   * Doubles the memory when it is full: linear however small the pieces. Never allocates for what was
   * only announced, and no more than that once it is final.
   */
  #keep(bytes: Uint8Array, start: number, end: number): void {
    const needed = this.#size + end - start;
    if (needed > this.#kept.length) {
      const room = Math.max(needed * 2, 256);
      const grown = new Uint8Array(
        this.#isLastFrame ? Math.min(room, this.#announced) : room,
      );
      grown.set(this.#kept.subarray(0, this.#size));
      this.#kept = grown;
    }
    this.#kept.set(bytes.subarray(start, end), this.#size);
    this.#size = needed;
  }
}

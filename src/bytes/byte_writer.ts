/** A growing run of bytes that response heads and bodies are written into. */

const encoder = new TextEncoder();

const NOTHING = new Uint8Array(0);

/** Above this, an integer is not one to `|`. */
const MAX_INT32 = 0x7fff_ffff;

/** Strings up to this length are written unit by unit; longer ones are worth a call into the engine. */
const SHORT_TEXT = 96;

/** Copies up to this size are done byte by byte, for the same reason. */
const SHORT_BYTES = 16;

/**
 * Bytes being put together: `bytes[0, length)`. Reused from response to response, so
 * nobody may keep `bytes` across a call that writes.
 */
export class ByteWriter {
  /** The memory; only `[0, length)` means anything. Replaced when it grows. */
  bytes: Uint8Array;
  /** Bytes written so far. May be set back to undo what was written since. */
  length = 0;
  readonly #allocate: (size: number) => Uint8Array;
  #view: Uint8Array = NOTHING;
  /** What was behind `#roomAt`, where a text was encoded last. */
  #room: Uint8Array = NOTHING;
  #roomAt = -1;

  /** @param capacity Bytes to begin with, at least 1. */
  constructor(
    capacity: number,
    allocate: (size: number) => Uint8Array = allocatePlain,
  ) {
    this.bytes = allocate(capacity);
    this.#allocate = allocate;
  }

  /**
   * What was written. Answers tend to be as long as the one before, so the view is kept: making
   * one costs a tenth of a microsecond.
   */
  get written(): Uint8Array {
    const view = this.#view;
    if (view.length === this.length) return view;
    return this.#view = this.bytes.subarray(0, this.length);
  }

  /** Makes room for `extra` more bytes. Growth doubles, so that many small writes stay linear. */
  reserve(extra: number): void {
    const needed = this.length + extra;
    if (needed <= this.bytes.length) return;
    const grown = this.#allocate(Math.max(needed, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
    this.#view = NOTHING;
    this.#roomAt = -1;
  }

  /** Appends a copy of `source`. */
  writeBytes(source: Uint8Array): void {
    const size = source.length;
    this.reserve(size);
    const { bytes, length } = this;
    if (size > SHORT_BYTES) bytes.set(source, length);
    else for (let i = 0; i < size; i++) bytes[length + i] = source[i];
    this.length = length + size;
  }

  /** Appends `text`, whose units are all below 0x80: the caller knows. */
  writeAscii(text: string): void {
    const size = text.length;
    this.reserve(size);
    if (size > SHORT_TEXT) {
      encoder.encodeInto(text, this.bytes.subarray(this.length));
      this.length += size;
      return;
    }
    const { bytes } = this;
    let at = this.length;
    for (let i = 0; i < size; i++) bytes[at++] = text.charCodeAt(i);
    this.length = at;
  }

  /** Appends the UTF-8 encoding of `text`; a lone surrogate becomes U+FFFD. */
  writeUtf8(text: string): void {
    // Three bytes a unit is the most there can be: a pair of units takes four.
    this.reserve(text.length * 3);
    // Texts tend to begin where the last one did: behind a frame's header, or a head.
    if (this.#roomAt !== this.length) {
      this.#room = this.bytes.subarray(this.length);
      this.#roomAt = this.length;
    }
    this.length += encoder.encodeInto(text, this.#room).written;
  }

  /** Appends `value` in decimal. @param value An integer from 0 to 2^53 - 1. */
  writeDecimal(value: number): void {
    if (value > MAX_INT32) return this.writeAscii(String(value));
    let digits = 1;
    for (let rest = value; rest >= 10; rest = (rest / 10) | 0) digits++;
    this.reserve(digits);
    const { bytes } = this;
    let at = this.length += digits;
    for (let rest = value; digits > 0; digits--, rest = (rest / 10) | 0) {
      bytes[--at] = 0x30 + rest % 10;
    }
  }

  /** Moves `bytes[from, length)` up by `source.length` and puts `source` in front of it. */
  insert(from: number, source: Uint8Array): void {
    this.reserve(source.length);
    this.bytes.copyWithin(from + source.length, from, this.length);
    this.bytes.set(source, from);
    this.length += source.length;
  }
}

function allocatePlain(size: number): Uint8Array {
  return new Uint8Array(size);
}

/** Whether every unit of `text` is below 0x80, so that its length is its size in UTF-8. */
export function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0x7f) return false;
  }
  return true;
}

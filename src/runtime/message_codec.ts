/**
 * Raw deflate for WebSocket messages, synchronous and with its window kept from one to the next.
 *
 * The public streams of `node:zlib` keep a window but answer through the event loop, 35 to 230 µs
 * later for 4 kB where the work takes 10; the public synchronous functions forget their window.
 * What the streams call for a synchronous chunk, `_processChunk`, does both if its stream is kept
 * from closing behind it. The name is private, so it is tried once, when the first WebSocket wants
 * it: where it does not work, the synchronous functions serve, and no window is kept (a peer is
 * then told so).
 */
import { Buffer } from "node:buffer";
import type { ZlibOptions } from "node:zlib";
import { builtins } from "./builtins.ts";
import type { MessageDeflater, MessageInflater } from "./types.ts";

/** What the streams of `node:zlib` are to us. */
interface SyncStream {
  _handle: { close?: unknown };
  _maxOutputLength: number;
  _processChunk(chunk: Uint8Array, flush: number): Uint8Array | undefined;
  readonly bytesWritten: number;
  reset(): void;
  on(event: "error", listener: () => void): unknown;
  close(): void;
}

/** Of zlib itself, the same everywhere. */
const Z_SYNC_FLUSH = 2;
const Z_DEFAULT_COMPRESSION = -1;
const TAIL = Uint8Array.of(0, 0, 0xff, 0xff);
const NOTHING = new Uint8Array(0);
/**
 * Streams that one message may be made of (RFC 7692 §7.2.3.4). A new one costs a hundred times
 * what its two bytes cost the peer; a peer that ends a stream at all ends one for each message.
 */
const MAX_STREAMS = 64;
const noop = (): void => {};

/**
 * A stream that stays open behind a synchronous chunk. What such a chunk does to it beyond its
 * work is switched off as long as it lives: closing it, and listening to it once more each time.
 */
class KeptStream {
  readonly #stream: SyncStream;
  readonly #handle: SyncStream["_handle"];

  constructor(stream: unknown) {
    this.#stream = stream as SyncStream;
    this.#handle = this.#stream._handle;
    // A chunk that failed is thrown, and reported once more, later, to whoever listens.
    this.#stream.on("error", noop);
    this.#stream.on = this.#stream.close = this.#handle.close = noop;
  }

  /** Bytes of the last chunk that were read. */
  get bytesRead(): number {
    return this.#stream.bytesWritten;
  }

  /**
   * @returns What came out, lent until the next call.
   * @throws Where the chunk is bad, or yields more than `maxBytes`.
   */
  process(chunk: Uint8Array, maxBytes: number): Uint8Array {
    const stream = this.#stream;
    stream._maxOutputLength = maxBytes;
    try {
      return stream._processChunk(chunk, Z_SYNC_FLUSH) ?? NOTHING;
    } finally {
      stream._handle = this.#handle;
    }
  }

  reset(): void {
    this.#stream.reset();
  }

  close(): void {
    const stream = this.#stream as { on?: unknown; close?: () => void };
    // Back to the prototype's.
    delete stream.on;
    delete stream.close;
    delete this.#handle.close;
    stream.close!();
  }
}

let triedContext: boolean | undefined;

/** Whether windows can be kept from one message to the next. Tried when it is first asked. */
export function keepsContext(): boolean {
  return triedContext ??= tryContext();
}

function tryContext(): boolean {
  try {
    const { zlib } = builtins;
    const deflate = new KeptStream(zlib.createDeflateRaw());
    const inflate = new KeptStream(zlib.createInflateRaw());
    const text = Buffer.from("a window that is kept, a window that is kept");
    const first = new Uint8Array(deflate.process(text, 1024));
    const second = deflate.process(text, 1024);
    const isBack = [first, second].every((bytes) =>
      text.equals(inflate.process(bytes, 1024)) &&
      inflate.bytesRead === bytes.length
    );
    deflate.close();
    inflate.close();
    return isBack && second.length < first.length;
  } catch {
    return false;
  }
}

/**
 * @param windowBits Size of the window, as a power of two: 9 to 15.
 * @param keeps Whether the window is kept from one message to the next.
 */
export function createDeflater(
  windowBits: number,
  keeps: boolean,
): MessageDeflater {
  return keepsContext()
    ? createStreamDeflater(windowBits, keeps)
    : createPlainDeflater(windowBits);
}

/** See {@linkcode createDeflater}. @param windowBits 8 to 15. */
export function createInflater(
  windowBits: number,
  keeps: boolean,
): MessageInflater {
  return keepsContext()
    ? createStreamInflater(windowBits, keeps)
    : createPlainInflater(windowBits);
}

function deflateOptions(windowBits: number): ZlibOptions {
  // Memory level 5 with 12 bits takes half of what the defaults take on Node, and a quarter less on
  // Bun and Deno; it packs messages of a few kilobytes within some percent as well.
  return { windowBits, memLevel: 5, level: Z_DEFAULT_COMPRESSION };
}

function inflateOptions(windowBits: number): ZlibOptions {
  // zlib deflates with a window of 9 bits where 8 are asked for; a peer that uses it agrees to 8.
  return { windowBits: Math.max(windowBits, 9) };
}

function createStreamDeflater(
  windowBits: number,
  keeps: boolean,
): MessageDeflater {
  const stream = new KeptStream(
    builtins.zlib.createDeflateRaw(deflateOptions(windowBits)),
  );
  return {
    deflate(message) {
      const bytes = stream.process(message, Number.MAX_SAFE_INTEGER);
      if (!keeps) stream.reset();
      return withoutTail(bytes);
    },
    close: () => stream.close(),
  };
}

/** Deflates without the streams: each message by itself. Exported for its test. */
export function createPlainDeflater(windowBits: number): MessageDeflater {
  const options = {
    ...deflateOptions(windowBits),
    finishFlush: Z_SYNC_FLUSH,
  };
  const { zlib } = builtins;
  return {
    deflate: (message) => withoutTail(zlib.deflateRawSync(message, options)),
    close: noop,
  };
}

function withoutTail(bytes: Uint8Array): Uint8Array {
  // An empty message flushes to nothing once the last one has ended at a byte: RFC 7692 §7.2.3.6
  // has it sent as one empty block.
  return bytes.length < 5
    ? Uint8Array.of(0)
    : bytes.subarray(0, bytes.length - TAIL.length);
}

function createStreamInflater(
  windowBits: number,
  keeps: boolean,
): MessageInflater {
  const stream = new KeptStream(
    builtins.zlib.createInflateRaw(inflateOptions(windowBits)),
  );
  return {
    inflate: (payload, maxBytes) =>
      guarded(payload, (input) => {
        let left = maxBytes;
        let at = 0;
        const pieces: Uint8Array[] = [];
        for (let streams = 0; streams < MAX_STREAMS; streams++) {
          const piece = stream.process(input.subarray(at), left);
          left -= piece.length;
          at += stream.bytesRead;
          if (at === input.length) {
            if (!keeps) stream.reset();
            return joined(piece, pieces);
          }
          // The peer ended its stream: what follows, if only the tail, begins a new one.
          stream.reset();
          if (isTail(input, at)) return joined(piece, pieces);
          pieces.push(new Uint8Array(piece));
        }
        return "bad";
      }),
    close: () => stream.close(),
  };
}

/** Inflates without the streams: each message by itself, as one stream. Exported for its test. */
export function createPlainInflater(windowBits: number): MessageInflater {
  const options = {
    ...inflateOptions(windowBits),
    finishFlush: Z_SYNC_FLUSH,
  };
  const { zlib } = builtins;
  return {
    inflate: (payload, maxBytes) =>
      guarded(payload, (input) => {
        const maxOutputLength = Math.max(maxBytes, 1); // zero is out of its range
        const bytes = zlib.inflateRawSync(input, {
          ...options,
          maxOutputLength,
        });
        return bytes.length > maxBytes ? "tooBig" : bytes;
      }),
    close: noop,
  };
}

/** Whether nothing but the tail is left, with or without the octet that a sender puts before it. */
function isTail(input: Uint8Array, at: number): boolean {
  const rest = input.length - at;
  return rest <= TAIL.length || (rest === TAIL.length + 1 && input[at] === 0);
}

function joined(last: Uint8Array, before: readonly Uint8Array[]): Uint8Array {
  if (before.length === 0) return last;
  const pieces = [...before, last];
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

/** Where payloads up to this size get their tail. */
const scratch = new Uint8Array(16 * 1024);

/** The payload with its tail behind it (RFC 7692 §7.2.2), until the next call. */
function withTail(payload: Uint8Array): Uint8Array {
  const size = payload.length + TAIL.length;
  const room = size <= scratch.length ? scratch : new Uint8Array(size);
  room.set(payload);
  room.set(TAIL, payload.length);
  return room.subarray(0, size);
}

/** Gives `inflate` the payload with its tail, and turns what is thrown into a result. */
function guarded(
  payload: Uint8Array,
  inflate: (input: Uint8Array) => Uint8Array | "tooBig" | "bad",
): Uint8Array | "tooBig" | "bad" {
  // A sender whose deflate had nothing to flush: the tail alone is no block, and would leave the
  // window in the middle of one.
  if (payload.length === 0) return NOTHING;
  try {
    return inflate(withTail(payload));
  } catch (error) {
    return (error as { code?: string }).code === "ERR_BUFFER_TOO_LARGE"
      ? "tooBig"
      : "bad";
  }
}

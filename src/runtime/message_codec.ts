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
  close: unknown;
  reset(): void;
  on(event: "error", listener: () => void): unknown;
  removeAllListeners(event: "error"): unknown;
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

/** What the streams write into, by default. */
const CHUNK_BYTES = 16 * 1024;

/**
 * Memory that belongs to nobody else. What fits one chunk lies in the stream's, which the next
 * call on Node and Deno writes over; what is longer was put together for us.
 */
function own(bytes: Uint8Array): Uint8Array {
  return bytes.length <= CHUNK_BYTES
    ? new Uint8Array(bytes)
    : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** One call that keeps its stream alive. */
function step(
  stream: SyncStream,
  chunk: Uint8Array,
  maxBytes: number,
): Uint8Array {
  const handle = stream._handle;
  stream._maxOutputLength = maxBytes;
  stream.close = noop;
  handle.close = noop;
  try {
    return own(stream._processChunk(chunk, Z_SYNC_FLUSH) ?? NOTHING);
  } finally {
    // Back to the prototype's: the last one must really close.
    delete (stream as { close?: unknown }).close;
    delete handle.close;
    stream._handle = handle;
    // Each call adds a listener; and a failed one reports once more, later, to whoever listens.
    stream.removeAllListeners("error");
    stream.on("error", noop);
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
    const deflate = zlib.createDeflateRaw() as unknown as SyncStream;
    const inflate = zlib.createInflateRaw() as unknown as SyncStream;
    const text = Buffer.from("a window that is kept, a window that is kept");
    const first = step(deflate, text, 1024);
    const second = step(deflate, text, 1024);
    const isBack = [first, second].every((bytes) =>
      text.equals(step(inflate, bytes, 1024)) &&
      inflate.bytesWritten === bytes.length
    );
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
  // Memory level 5 with 12 bits takes 32 KiB where the defaults take 256; it packs messages of a
  // few kilobytes within some percent as well.
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
  const raw = builtins.zlib.createDeflateRaw(deflateOptions(windowBits));
  const stream = raw as unknown as SyncStream;
  return {
    deflate(message) {
      const bytes = step(stream, message, Number.MAX_SAFE_INTEGER);
      if (!keeps) stream.reset();
      return withoutTail(bytes);
    },
    close: () => raw.close(),
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
    deflate: (message) =>
      withoutTail(own(zlib.deflateRawSync(message, options))),
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
  const raw = builtins.zlib.createInflateRaw(inflateOptions(windowBits));
  const stream = raw as unknown as SyncStream;
  return {
    inflate: (payload, maxBytes) =>
      guarded(payload, (input) => {
        let left = maxBytes;
        let at = 0;
        const pieces: Uint8Array[] = [];
        for (let streams = 0; streams < MAX_STREAMS; streams++) {
          const piece = step(stream, input.subarray(at), left);
          left -= piece.length;
          at += stream.bytesWritten;
          if (at === input.length) {
            if (!keeps) stream.reset();
            return joined(piece, pieces);
          }
          // The peer ended its stream: what follows, if only the tail, begins a new one.
          stream.reset();
          if (isTail(input, at)) return joined(piece, pieces);
          pieces.push(piece);
        }
        return "bad";
      }),
    close: () => raw.close(),
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
        return bytes.length > maxBytes ? "tooBig" : own(bytes);
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

/** Puts the tail behind the payload (RFC 7692 §7.2.2), and turns what is thrown into a result. */
function guarded(
  payload: Uint8Array,
  inflate: (input: Uint8Array) => Uint8Array | "tooBig" | "bad",
): Uint8Array | "tooBig" | "bad" {
  // A sender whose deflate had nothing to flush: the tail alone is no block, and would leave the
  // window in the middle of one.
  if (payload.length === 0) return NOTHING;
  const input = new Uint8Array(payload.length + TAIL.length);
  input.set(payload);
  input.set(TAIL, payload.length);
  try {
    return inflate(input);
  } catch (error) {
    return (error as { code?: string }).code === "ERR_BUFFER_TOO_LARGE"
      ? "tooBig"
      : "bad";
  }
}

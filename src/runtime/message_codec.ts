/**
 * Raw deflate for WebSocket messages, synchronous and with its window kept from one to the next.
 *
 * The public streams of `node:zlib` keep a window but answer through the event loop, 35 to 230 µs
 * later for 4 kB where the work takes 10; the public synchronous functions forget their window.
 * What the streams call for a synchronous chunk, `_processChunk`, does both if its stream is kept
 * from closing behind it. The name is private, so it is tried once at load: where it does not
 * work, the synchronous functions serve, and no window is kept (a peer is then told so).
 */
import { Buffer } from "node:buffer";
import zlib from "node:zlib";
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

const { Z_SYNC_FLUSH, Z_DEFAULT_COMPRESSION } = zlib.constants;
const TAIL = Uint8Array.of(0, 0, 0xff, 0xff);
const NOTHING = new Uint8Array(0);
const noop = (): void => {};

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
    return stream._processChunk(chunk, Z_SYNC_FLUSH) ?? NOTHING;
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

/** Whether windows can be kept from one message to the next. */
export const keepsContext: boolean = tryContext();

function tryContext(): boolean {
  try {
    const deflate = zlib.createDeflateRaw() as unknown as SyncStream;
    const inflate = zlib.createInflateRaw() as unknown as SyncStream;
    const text = Buffer.from("a window that is kept, a window that is kept");
    const first = step(deflate, text, 1024).slice();
    const second = step(deflate, text, 1024).slice();
    const isBack = [first, second].every((bytes) =>
      text.equals(step(inflate, bytes, 1024))
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
  // Memory level 5 with 12 bits takes 32 KiB where the defaults take 256; it packs messages of a
  // few kilobytes within some percent as well.
  const options = { windowBits, memLevel: 5, level: Z_DEFAULT_COMPRESSION };
  if (!keepsContext) {
    const sync = { ...options, finishFlush: Z_SYNC_FLUSH };
    return {
      deflate: (message) => withoutTail(zlib.deflateRawSync(message, sync)),
      close: noop,
    };
  }
  const raw = zlib.createDeflateRaw(options);
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

function withoutTail(bytes: Uint8Array): Uint8Array {
  // An empty message flushes to nothing once the last one has ended at a byte: RFC 7692 §7.2.3.6
  // has it sent as one empty block.
  return bytes.length < 5
    ? Uint8Array.of(0)
    : bytes.subarray(0, bytes.length - 4);
}

/** See {@linkcode createDeflater}. @param windowBits 8 to 15. */
export function createInflater(
  windowBits: number,
  keeps: boolean,
): MessageInflater {
  const options = { windowBits };
  if (!keepsContext) {
    return {
      inflate(payload, maxBytes) {
        const sync = {
          ...options,
          finishFlush: Z_SYNC_FLUSH,
          maxOutputLength: maxBytes,
        };
        return guarded(() => zlib.inflateRawSync(withTail(payload), sync));
      },
      close: noop,
    };
  }
  const raw = zlib.createInflateRaw(options);
  const stream = raw as unknown as SyncStream;
  return {
    inflate(payload, maxBytes) {
      const input = withTail(payload);
      const result = guarded(() => step(stream, input, maxBytes));
      // A peer may end its stream (RFC 7692 §7.2.3.4): what follows begins a new one.
      if (!keeps || stream.bytesWritten < input.length) stream.reset();
      return result;
    },
    close: () => raw.close(),
  };
}

function withTail(payload: Uint8Array): Uint8Array {
  const input = new Uint8Array(payload.length + TAIL.length);
  input.set(payload);
  input.set(TAIL, payload.length);
  return input;
}

function guarded(inflate: () => Uint8Array): Uint8Array | "tooBig" | "bad" {
  try {
    const bytes = inflate();
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  } catch (error) {
    return (error as { code?: string }).code === "ERR_BUFFER_TOO_LARGE"
      ? "tooBig"
      : "bad";
  }
}

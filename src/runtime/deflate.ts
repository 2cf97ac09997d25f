/**
 * Raw deflate for WebSocket messages, synchronous and, where the runtime lets us, with its window
 * kept from one to the next.
 *
 * The public streams of `node:zlib` keep a window but answer through the event loop, 35 to 230 µs
 * later for 4 kB where the work takes 10; the public synchronous functions forget their window.
 * What does both is undocumented (`node/internals/kept_zlib.ts`). Where it does not work, the
 * synchronous functions serve, and no window is kept (a peer is then told so).
 */
import { Buffer } from "node:buffer";
import type { ZlibOptions } from "node:zlib";
import { builtins } from "./process/builtins.ts";
import {
  isZlibError,
  keepsContext,
  KeptStream,
} from "./node/internals/kept_zlib.ts";
import type { MessageDeflater, MessageInflater } from "./types.ts";

export { keepsContext };

/** Of zlib itself, the same everywhere. */
const Z_SYNC_FLUSH = 2;
const Z_DEFAULT_COMPRESSION = -1;
const TAIL = Uint8Array.of(0, 0, 0xff, 0xff);
/** A block of no bytes. */
const EMPTY_BLOCK: readonly number[] = [0, 0, 0, 0xff, 0xff];
/**
 * The tail and more empty blocks. Behind a whole message they inflate to nothing. In the middle of
 * a block they are data, or soon no code: the tables that may precede a block are no longer.
 */
const TAIL_AND_MORE = Uint8Array.from([
  ...TAIL,
  ...Array(32).fill(EMPTY_BLOCK).flat(),
]);
/** Room for what they inflate to in the middle of a block. */
const MORE_BYTES = 1 << 20;
/** The tail and a last, empty block: a message that is whole ends with the last octet of it. */
const END = Uint8Array.from([...TAIL, 1, ...EMPTY_BLOCK.slice(1)]);
const NOTHING = new Uint8Array(0);
/**
 * Streams that one message may be made of (RFC 7692 §7.2.3.4). A new one costs a hundred times
 * what its two bytes cost the peer; a peer that ends a stream at all ends one for each message.
 */
const MAX_STREAMS = 64;
const noop = (): void => {};

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
  let plain: MessageDeflater | undefined;
  return {
    deflate(message) {
      if (plain !== undefined) return plain.deflate(message);
      try {
        const bytes = stream.process(message, Number.MAX_SAFE_INTEGER);
        if (!keeps) stream.reset();
        return withoutTail(bytes);
      } catch {
        // A sender may forget its window whenever it likes (RFC 7692 §7.2.3.2).
        plain = createPlainDeflater(windowBits);
        return plain.deflate(message);
      }
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
  let plain: MessageInflater | undefined;
  const inflate = (payload: Uint8Array, maxBytes: number) =>
    inflateStreams(payload, maxBytes, (input, left) => {
      const bytes = stream.process(input, left);
      const read = stream.bytesRead;
      if (read < input.length) {
        stream.reset();
        return { bytes, read };
      }
      const more = stream.process(TAIL_AND_MORE, MORE_BYTES);
      if (more.length > 0) return undefined;
      const hasEnded = stream.bytesRead < TAIL_AND_MORE.length;
      if (hasEnded || !keeps) stream.reset();
      return { bytes, read };
    });
  return {
    inflate(payload, maxBytes) {
      if (plain !== undefined) return plain.inflate(payload, maxBytes);
      try {
        return guarded(() => inflate(payload, maxBytes));
      } catch (cause) {
        plain = createPlainInflater(windowBits);
        if (!keeps) return plain.inflate(payload, maxBytes);
        const message = "Cannot inflate message: the window is lost";
        throw new Error(message, { cause });
      }
    },
    close: () => stream.close(),
  };
}

/** Inflates without the streams: each message by itself. Exported for its test. */
export function createPlainInflater(windowBits: number): MessageInflater {
  const options = { ...inflateOptions(windowBits), info: true };
  return {
    inflate: (payload, maxBytes) =>
      guarded(() =>
        inflateStreams(payload, maxBytes, (input, left) => {
          const { buffer: bytes, engine } = builtins.zlib.inflateRawSync(
            Buffer.concat([input, END]),
            { ...options, maxOutputLength: Math.max(left, 1) }, // zero is out of its range
          ) as unknown as Informed;
          if (bytes.length > left) return "tooBig";
          const read = engine.bytesWritten;
          if (read <= input.length) return { bytes, read };
          const isWhole = read === input.length + END.length &&
            !(endsWithTail(bytes) && isLonger(bytes, input, windowBits));
          return isWhole ? { bytes, read: input.length } : undefined;
        })
      ),
    close: noop,
  };
}

function endsWithTail(bytes: Uint8Array): boolean {
  const at = bytes.length - TAIL.length;
  return at >= 0 && TAIL.every((octet, i) => bytes[at + i] === octet);
}

/** Whether `input` by itself inflates to less than `bytes`: its last block took the tail for data. */
function isLonger(
  bytes: Uint8Array,
  input: Uint8Array,
  windowBits: number,
): boolean {
  const options = { ...inflateOptions(windowBits), finishFlush: Z_SYNC_FLUSH };
  const { length } = builtins.zlib.inflateRawSync(input, options);
  return bytes.length > length;
}

/** What the synchronous functions return with the option `info`. */
interface Informed {
  readonly buffer: Uint8Array;
  readonly engine: { readonly bytesWritten: number };
}

/** One stream of a message: what came out, and how many bytes it was made of. */
interface Piece {
  readonly bytes: Uint8Array;
  readonly read: number;
}

/**
 * Inflates the streams that a message is made of: one, or more if the peer ends them
 * (RFC 7692 §7.2.3.4).
 *
 * @param next Inflates one stream from the start of `input`, at most `left` bytes; `undefined` if
 * the input stops in the middle of a block.
 */
function inflateStreams(
  payload: Uint8Array,
  maxBytes: number,
  next: (input: Uint8Array, left: number) => Piece | "tooBig" | undefined,
): Uint8Array | "tooBig" | "bad" {
  // A sender whose deflate had nothing to flush.
  if (payload.length === 0) return NOTHING;
  const pieces: Uint8Array[] = [];
  let left = maxBytes;
  let at = 0;
  for (let streams = 0; streams < MAX_STREAMS; streams++) {
    const piece = next(at === 0 ? payload : payload.subarray(at), left);
    if (piece === "tooBig") return piece;
    if (piece === undefined) return "bad";
    left -= piece.bytes.length;
    at += piece.read;
    const rest = payload.length - at;
    // The octet that a sender puts behind an ended stream begins the block that the tail completes.
    if (rest === 0 || (rest === 1 && payload[at] === 0)) {
      return joined(piece.bytes, pieces);
    }
    pieces.push(new Uint8Array(piece.bytes));
  }
  return "tooBig";
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

/** Turns what zlib throws into a result; anything else goes on. */
function guarded(
  inflate: () => Uint8Array | "tooBig" | "bad",
): Uint8Array | "tooBig" | "bad" {
  try {
    return inflate();
  } catch (error) {
    if (!isZlibError(error)) throw error;
    return (error as { code?: string }).code === "ERR_BUFFER_TOO_LARGE"
      ? "tooBig"
      : "bad";
  }
}

/**
 * Synchronous zlib with its window kept from one chunk to the next: what the streams of `node:zlib`
 * call for a synchronous chunk, `_processChunk`, if its stream is kept from closing behind it.
 */
import { Buffer } from "node:buffer";
import { builtins } from "../../process/builtins.ts";
import { Fence } from "./fence.ts";

/** The members of the streams of `node:zlib` that are used here. */
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
const NOTHING = new Uint8Array(0);
const noop = (): void => {};

const fence = new Fence("synchronous compression that keeps its window");

/** Whether windows can be kept from one message to the next. Probed on the first call. */
export function keepsContext(): boolean {
  return fence.tryNow(tryContext);
}

/** Whether zlib reports invalid data by `error`, and not a wrong call. */
export function isZlibError(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === "string" &&
    (code.startsWith("Z_") || code === "ERR_BUFFER_TOO_LARGE");
}

/**
 * A stream that stays open after a synchronous chunk. `_processChunk` closes the stream and adds an
 * error listener on each call; both are stubbed out until `close()`.
 */
export class KeptStream {
  readonly #stream: SyncStream;
  readonly #handle: SyncStream["_handle"];

  constructor(stream: unknown) {
    this.#stream = stream as SyncStream;
    this.#handle = this.#stream._handle;
    // A failed chunk throws, and is later reported as an error event as well.
    this.#stream.on("error", noop);
    this.#stream.on = this.#stream.close = this.#handle.close = noop;
  }

  /** Bytes of the last chunk that were read. */
  get bytesRead(): number {
    return this.#stream.bytesWritten;
  }

  /**
   * @returns The output, lent until the next call.
   * @throws If the chunk is invalid, or yields more than `maxBytes`: see {@linkcode isZlibError}.
   * After any other error the stream is unusable.
   */
  process(chunk: Uint8Array, maxBytes: number): Uint8Array {
    const stream = this.#stream;
    stream._maxOutputLength = maxBytes;
    try {
      return stream._processChunk(chunk, Z_SYNC_FLUSH) ?? NOTHING;
    } catch (error) {
      if (!isZlibError(error)) fence.disable(error);
      throw error;
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

/** A round trip through windows that are kept. */
function tryContext(): boolean {
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
}

/** A file without a disk: the body of a pathsend. */
import type { OpenFile } from "../../src/runtime/types.ts";

export interface FakeFileOptions {
  /** Bytes it says it has; default: what it really has. */
  readonly size?: number;
  /** Called before each read: may throw, wait, or change the world. */
  readonly onRead?: (position: number) => unknown;
  /** Bytes one read yields at most; default: all that was asked for. */
  readonly readLimit?: number;
}

export class FakeFile implements OpenFile {
  readonly size: number;
  /** Where reads began and how many bytes they asked for. */
  readonly reads: (readonly [position: number, size: number])[] = [];
  /** The memory that each read was given. */
  readonly memory: ArrayBufferLike[] = [];
  closes = 0;
  readonly #bytes: Uint8Array;
  readonly #options: FakeFileOptions;

  constructor(content: string | Uint8Array, options: FakeFileOptions = {}) {
    this.#bytes = typeof content === "string"
      ? new TextEncoder().encode(content)
      : content;
    this.#options = options;
    this.size = options.size ?? this.#bytes.length;
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    this.reads.push([position, into.length]);
    this.memory.push(into.buffer);
    await this.#options.onRead?.(position);
    const end = Math.min(
      position + into.length,
      position + (this.#options.readLimit ?? Infinity),
    );
    const piece = this.#bytes.subarray(position, end);
    into.set(piece);
    return piece.length;
  }

  close(): void {
    this.closes++;
  }
}

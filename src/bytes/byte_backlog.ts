/** Bytes that arrived and that nobody can take yet. */

const NOTHING = new Uint8Array(0);
/** Smallest memory taken, in bytes. */
const MIN_BYTES = 1024;

/** Bytes in the order they came, in memory of their own that doubles as it fills. */
export class ByteBacklog {
  /** `[0, #length)` are held. */
  #bytes: Uint8Array = NOTHING;
  #length = 0;

  /** @param bytes What is held from the beginning; given away. */
  constructor(bytes: Uint8Array = NOTHING) {
    this.#bytes = bytes;
    this.#length = bytes.length;
  }

  /** Bytes held. */
  get length(): number {
    return this.#length;
  }

  /** All that is held. Valid until something is added or taken. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Holds a copy of `bytes` behind the others. Linear in total, however small the pieces. */
  append(bytes: Uint8Array): void {
    const size = this.#length + bytes.length;
    if (size > this.#bytes.length) {
      const grown = new Uint8Array(
        Math.max(size, this.#bytes.length * 2, MIN_BYTES),
      );
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = size;
  }

  /** Gives away all that is held. */
  take(): Uint8Array {
    const taken = this.bytes;
    this.clear();
    return taken;
  }

  /** Drops all that is held. */
  clear(): void {
    this.#bytes = NOTHING;
    this.#length = 0;
  }
}

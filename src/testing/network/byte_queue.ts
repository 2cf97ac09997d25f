/** Bytes on their way: what has been written on one side and not taken on the other. */
export class ByteQueue {
  readonly #pieces: Uint8Array[] = [];
  #length = 0;

  /** Bytes in it. */
  get length(): number {
    return this.#length;
  }

  /** Appends `bytes`, which are its own from now on. */
  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#pieces.push(bytes);
    this.#length += bytes.length;
  }

  /** Takes the first of what is in it: a piece as it came, cut to `max` bytes; empty if there is none. */
  take(max: number): Uint8Array {
    const first = this.#pieces[0];
    if (first === undefined || max <= 0) return new Uint8Array(0);
    if (first.length <= max) this.#pieces.shift();
    else this.#pieces[0] = first.subarray(max);
    const taken = first.length <= max ? first : first.subarray(0, max);
    this.#length -= taken.length;
    return taken;
  }

  /** Drops everything. */
  clear(): void {
    this.#pieces.length = 0;
    this.#length = 0;
  }
}

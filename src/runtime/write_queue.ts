/** Bytes that the kernel has not taken, for the two native transports, which do not queue. */

/** Most bytes to join for one write: beyond it, copying costs more than the system call it saves. */
const JOIN_LIMIT = 65_536;

/** Buffers in the order they were written. Holds references; joins by copying when it hands out. */
export class WriteQueue {
  /** Number of bytes in the queue. */
  bytes = 0;
  #buffers: Uint8Array[] = [];
  #first = 0;

  get isEmpty(): boolean {
    return this.#first === this.#buffers.length;
  }

  push(bytes: Uint8Array): void {
    this.bytes += bytes.length;
    this.#buffers.push(bytes);
  }

  /** Puts back, in front, what was taken and not sent. */
  putBack(bytes: Uint8Array): void {
    this.bytes += bytes.length;
    if (this.#first > 0) this.#buffers[--this.#first] = bytes;
    else this.#buffers.unshift(bytes);
  }

  /** Takes what should leave in the next write: a large buffer, or several small ones joined. */
  take(): Uint8Array | undefined {
    const buffers = this.#buffers;
    const start = this.#first;
    if (start === buffers.length) return undefined;
    let end = start + 1;
    let size = buffers[start].length;
    while (end < buffers.length && size + buffers[end].length <= JOIN_LIMIT) {
      size += buffers[end++].length;
    }
    const taken = end === start + 1
      ? buffers[start]
      : join(buffers, start, end, size);
    if (end === buffers.length) this.clear();
    else {
      this.bytes -= size;
      this.#advance(end);
    }
    return taken;
  }

  clear(): void {
    this.bytes = 0;
    this.#buffers = [];
    this.#first = 0;
  }

  /** Moves the head on, and compacts the array once half is free: taking is linear in total. */
  #advance(first: number): void {
    this.#first = first;
    if (first * 2 < this.#buffers.length) return;
    this.#buffers = this.#buffers.slice(first);
    this.#first = 0;
  }
}

function join(
  buffers: Uint8Array[],
  start: number,
  end: number,
  size: number,
): Uint8Array {
  const joined = new Uint8Array(size);
  let at = 0;
  for (let i = start; i < end; i++) {
    joined.set(buffers[i], at);
    at += buffers[i].length;
  }
  return joined;
}

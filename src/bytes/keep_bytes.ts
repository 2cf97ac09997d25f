/** Bytes that outlive the read they came with. */

/**
 * A copy of `bytes[start, end)` in memory of its own. Not by `slice`: that of a
 * `Buffer`, which `node:net` hands out, is a view of the same memory.
 */
export function copyBytes(
  bytes: Uint8Array,
  start: number,
  end: number,
): Uint8Array {
  const copy = new Uint8Array(end - start);
  copy.set(bytes.subarray(start, end));
  return copy;
}

/**
 * `bytes[start, end)` to keep. Where they are not lent that takes no copy, unless it kept more
 * memory alive than it saved.
 */
export function keepBytes(
  bytes: Uint8Array,
  start: number,
  end: number,
  isLent: boolean,
): Uint8Array {
  const { buffer, byteOffset } = bytes;
  const size = end - start;
  if (isLent || size * 2 < buffer.byteLength) {
    return copyBytes(bytes, start, end);
  }
  // Not by `subarray`: that of a `Buffer` is another `Buffer`.
  return new Uint8Array(buffer, byteOffset + start, size);
}

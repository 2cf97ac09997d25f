/** Copies of bytes that were only lent. */

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

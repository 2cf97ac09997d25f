/** Ranges of bytes in a request (RFC 9110 §14). */

/** A part of a file. */
export interface ByteRange {
  /** First byte. */
  readonly offset: number;
  /** Bytes. */
  readonly count: number;
}

/**
 * Reads the field `range` for a file of `size` bytes (RFC 9110 §14.1.2).
 *
 * @returns `"beyond"` if no byte of it exists (416); `undefined` for several ranges, another unit or
 * nonsense, where the whole file is a right answer.
 */
export function readByteRange(
  value: string,
  size: number,
): ByteRange | "beyond" | undefined {
  const [, first = "", last = ""] = /^bytes=\s*(\d*)-(\d*)\s*$/.exec(value) ??
    [];
  if (first === "" && last === "") return undefined;
  if (first === "") {
    const count = Math.min(Number(last), size);
    return count === 0 ? "beyond" : { offset: size - count, count };
  }
  const offset = Number(first);
  if (last !== "" && Number(last) < offset) return undefined;
  if (offset >= size) return "beyond";
  const end = last === "" ? size : Math.min(Number(last) + 1, size);
  return { offset, count: end - offset };
}

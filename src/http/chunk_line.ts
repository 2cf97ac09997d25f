/** The line that opens a chunk. */
import { CR, HEX_VALUE, LF, SEMICOLON, SPACE, TAB, VALUE } from "./chars.ts";

/** Not a whole line yet: call again from the same `start` with more bytes. */
export const NEED_MORE = 0;
/** Not a chunk line. */
export const MALFORMED = -1;
/** No end of line within the limit. */
export const TOO_LONG = -2;

/**
 * Reads the line that opens a chunk, `chunk-size [ chunk-ext ] CRLF` (RFC 9112 §7.1), from
 * `bytes[start, end)`.
 *
 * Consumes nothing until the line is whole, so there is no state to carry between calls. Allocates
 * nothing and keeps no reference to `bytes`.
 *
 * @param maxBytes Longest line accepted, CRLF included.
 * @param chunk Receives `size`, the chunk's length in bytes.
 * @returns Bytes consumed, CRLF included; or one of the three above, which leave `chunk` untouched.
 */
export function readChunkLine(
  bytes: Uint8Array,
  start: number,
  end: number,
  maxBytes: number,
  chunk: { size: number },
): number {
  const limit = Math.min(end, start + maxBytes);
  let at = start;
  let size = 0;
  // 1*HEXDIG and nothing else. Library parsers also take "+10" and "0x10", and two parsers that
  // disagree about a length are a smuggling hole.
  for (; at < limit && HEX_VALUE[bytes[at]] >= 0; at++) {
    size = size * 16 + HEX_VALUE[bytes[at]];
    if (size > Number.MAX_SAFE_INTEGER) return MALFORMED;
  }
  if (at < limit && at === start) return MALFORMED;
  // Blanks are bad but legal where an extension follows (§7.1.1), and nowhere else: "5 0" is 5 to
  // those who skip what they do not know, and 0x50 to those who skip blanks.
  const digitsEnd = at;
  while (at < limit && (bytes[at] === SPACE || bytes[at] === TAB)) at++;
  if (
    at < limit && bytes[at] !== SEMICOLON &&
    (bytes[at] !== CR || at > digitsEnd)
  ) return MALFORMED;
  for (; at < limit; at++) { // chunk-ext: skipped unread, its inner form cannot move its end
    const byte = bytes[at];
    if (byte === CR) {
      if (at + 1 === limit) break;
      if (bytes[at + 1] !== LF) return MALFORMED;
      chunk.size = size;
      return at + 2 - start;
    }
    // A bare LF is a line end to some: what follows it would be data to them.
    if (VALUE[byte] === 0) return MALFORMED;
  }
  return end - start < maxBytes ? NEED_MORE : TOO_LONG;
}

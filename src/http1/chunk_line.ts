/** The line that opens a chunk. */
import {
  BACKSLASH,
  CR,
  EQUALS,
  HEX_VALUE,
  LF,
  QUOTE,
  QUOTED,
  SEMICOLON,
  SPACE,
  TAB,
  TOKEN,
  VALUE,
} from "../http/chars.ts";

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
  while (at < limit && bytes[at] !== CR) {
    at = readExtension(bytes, at, limit);
    if (at < 0) return MALFORMED;
  }
  if (at + 1 < limit) {
    if (bytes[at + 1] !== LF) return MALFORMED;
    chunk.size = size;
    return at + 2 - start;
  }
  return end - start < maxBytes ? NEED_MORE : TOO_LONG;
}

/**
 * Reads `BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ]` (RFC 9112 §7.1.1). What an
 * extension says is of no use here, its form is: a quote that one parser closes and another does
 * not moves the end of the line.
 *
 * @returns Where it ends, or `limit` if it goes on there; -1 if it is none.
 */
function readExtension(
  bytes: Uint8Array,
  start: number,
  limit: number,
): number {
  let at = skipBlanks(bytes, start, limit);
  if (at === limit) return limit;
  if (bytes[at] !== SEMICOLON) return -1;
  const name = skipBlanks(bytes, at + 1, limit);
  at = skipToken(bytes, name, limit);
  if (at === limit) return limit;
  if (at === name) return -1;
  const equals = skipBlanks(bytes, at, limit);
  if (equals === limit) return limit;
  if (bytes[equals] !== EQUALS) return at;
  const value = skipBlanks(bytes, equals + 1, limit);
  if (value === limit) return limit;
  if (bytes[value] === QUOTE) return skipQuoted(bytes, value + 1, limit);
  at = skipToken(bytes, value, limit);
  return at === value ? -1 : at;
}

function skipBlanks(bytes: Uint8Array, at: number, limit: number): number {
  while (at < limit && (bytes[at] === SPACE || bytes[at] === TAB)) at++;
  return at;
}

function skipToken(bytes: Uint8Array, at: number, limit: number): number {
  while (at < limit && TOKEN[bytes[at]] === 1) at++;
  return at;
}

/** @returns Behind the closing quote, or `limit` if there is none; -1 if a byte may not stand there. */
function skipQuoted(bytes: Uint8Array, at: number, limit: number): number {
  while (at < limit) {
    const byte = bytes[at++];
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH) {
      // RFC 9110 §5.6.4: an escaped byte is one that a field value may hold.
      if (at < limit && VALUE[bytes[at++]] === 0) return -1;
    } else if (QUOTED[byte] === 0) {
      return -1;
    }
  }
  return limit;
}

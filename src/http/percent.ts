/** Percent-encoding of paths (RFC 3986 §2.1). */
import { HEX_VALUE } from "./chars.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

/** Whether a path is its own decoding: ASCII without a percent sign. */
const PLAIN = /^[\x00-\x24\x26-\x7f]*$/;

/**
 * Decodes the octets of a path: percent escapes, then UTF-8 (asgi:A-049).
 *
 * `%zz` stays as text; octets that are not UTF-8 become U+FFFD (asgi:A-237).
 *
 * @param rawPath A ByteString.
 */
export function decodePath(rawPath: string): string {
  if (PLAIN.test(rawPath)) return rawPath;
  const octets = new Uint8Array(rawPath.length);
  let size = 0;
  for (let at = 0; at < rawPath.length; at++) {
    const unit = rawPath.charCodeAt(at);
    if (unit === 0x25 && at + 2 < rawPath.length) {
      const high = HEX_VALUE[rawPath.charCodeAt(at + 1) & 0xff];
      const low = HEX_VALUE[rawPath.charCodeAt(at + 2) & 0xff];
      if (high >= 0 && low >= 0) {
        octets[size++] = high * 16 + low;
        at += 2;
        continue;
      }
    }
    octets[size++] = unit;
  }
  return decoder.decode(octets.subarray(0, size));
}

/** What a quoted path leaves as it is (http:H-152): RFC 3986 unreserved characters and the slash. */
const UNQUOTED = /^[A-Za-z0-9\-._~/]*$/;

/**
 * Percent-encodes a decoded path for a log line: no control character, blank or non-ASCII
 * character of a peer is left in it.
 */
export function quotePath(path: string): string {
  if (UNQUOTED.test(path)) return path;
  let quoted = "";
  for (const octet of encoder.encode(path)) {
    const char = String.fromCharCode(octet);
    quoted += UNQUOTED.test(char)
      ? char
      : `%${octet.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return quoted;
}

/** Percent-encoding of paths (RFC 3986 §2.1). */
import { HEX_VALUE } from "./chars.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Whether a path is its own decoding: ASCII without a percent sign. */
function isPlain(path: string): boolean {
  // A regular expression would cost several times as much for what paths mostly are: short.
  for (let at = 0; at < path.length; at++) {
    const unit = path.charCodeAt(at);
    if (unit === 0x25 || unit > 0x7f) return false;
  }
  return true;
}

/**
 * Decodes the octets of a path: percent escapes, then UTF-8.
 *
 * `%zz` stays as text; octets that are not UTF-8 become U+FFFD.
 *
 * @param rawPath A ByteString.
 */
export function decodePath(rawPath: string): string {
  return isPlain(rawPath) ? rawPath : decode(rawPath);
}

/** Apart, so that engines make the rest part of its callers. */
function decode(rawPath: string): string {
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

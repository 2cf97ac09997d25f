/** The masking loop, alone so that it can be tuned alone (RFC 6455 §5.3). */

/**
 * Below this size setting up a word view costs more than it saves: Deno and Node are even at 80
 * octets, Bun at about 190 (bench/websocket, "unmask").
 */
const WORD_LIMIT = 128;

/** The bit of an octet that ASCII leaves free, four times. */
const HIGH_BITS = 0x8080_8080 | 0;

/**
 * Applies a mask to `bytes[start, end)`, in place. Its own inverse.
 *
 * @param key The four key octets as one big-endian 32-bit integer.
 * @param phase Octets of the payload that came before `start`, modulo 4.
 * @returns Whether all of the result is ASCII. Each octet passes through here anyway, and text
 * that is known to be ASCII needs no check and no decoder: bench/websocket, "read text", 1000 B
 * took two to four times as long without it.
 */
export function applyMask(
  bytes: Uint8Array,
  start: number,
  end: number,
  key: number,
  phase: number,
): boolean {
  // The key octet for payload offset i is octet (i mod 4), most significant first.
  const turned = phase === 0
    ? key
    : (key << (8 * phase)) | (key >>> (32 - 8 * phase));
  const k0 = turned >>> 24;
  const k1 = (turned >>> 16) & 0xff;
  const k2 = (turned >>> 8) & 0xff;
  const k3 = turned & 0xff;
  let at = start;
  let seen = 0;
  if (end - start >= WORD_LIMIT) {
    // To a word boundary of the memory below; then the key is turned by as much.
    while (((bytes.byteOffset + at) & 3) !== 0) {
      seen |= bytes[at] ^= octet(turned, at - start);
      at++;
    }
    const words = (end - at) >> 2;
    const view = new Int32Array(bytes.buffer, bytes.byteOffset + at, words);
    const aligned = littleEndian(turned, at - start);
    for (let i = 0; i < words; i++) seen |= view[i] ^= aligned;
    at += words * 4;
    for (; at < end; at++) seen |= bytes[at] ^= octet(turned, at - start);
    return (seen & HIGH_BITS) === 0;
  }
  for (const whole = end - 3; at < whole; at += 4) {
    seen |= bytes[at] ^= k0;
    seen |= bytes[at + 1] ^= k1;
    seen |= bytes[at + 2] ^= k2;
    seen |= bytes[at + 3] ^= k3;
  }
  if (at < end) seen |= bytes[at] ^= k0;
  if (at + 1 < end) seen |= bytes[at + 1] ^= k1;
  if (at + 2 < end) seen |= bytes[at + 2] ^= k2;
  return (seen & HIGH_BITS) === 0;
}

function octet(key: number, offset: number): number {
  return (key >>> (24 - 8 * (offset & 3))) & 0xff;
}

const IS_LITTLE_ENDIAN = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/** The key as a word of this machine's memory whose first octet is key octet `offset mod 4`. */
function littleEndian(key: number, offset: number): number {
  const a = octet(key, offset);
  const b = octet(key, offset + 1);
  const c = octet(key, offset + 2);
  const d = octet(key, offset + 3);
  return IS_LITTLE_ENDIAN
    ? a | (b << 8) | (c << 16) | (d << 24)
    : (a << 24) | (b << 16) | (c << 8) | d;
}

/** UTF-8 checked as it arrives (RFC 3629, RFC 6455 §8.1). */

/** Where a check stands between two pieces of a text; 0 at a character boundary. */
export type Utf8State = number;

/** At a character boundary: where a text begins and must end. */
export const BOUNDARY: Utf8State = 0;
/** No text that begins like this is UTF-8. */
export const BROKEN: Utf8State = -1;

// A state holds how many continuation octets are missing and what the next one may be, as
// missing << 16 | lowest << 8 | highest. Only the octet after the first is ever narrower than
// 80 to BF: that is where overlong forms, surrogates and values past U+10FFFF are told apart.
const ANY = 0x80 << 8 | 0xbf;
const ONE = 1 << 16 | ANY;

function afterFirst(first: number): Utf8State {
  if (first >= 0xc2 && first <= 0xdf) return ONE;
  if (first === 0xe0) return 2 << 16 | 0xa0 << 8 | 0xbf; // not overlong
  if (first === 0xed) return 2 << 16 | 0x80 << 8 | 0x9f; // no surrogate
  if (first >= 0xe1 && first <= 0xef) return 2 << 16 | ANY;
  if (first === 0xf0) return 3 << 16 | 0x90 << 8 | 0xbf; // not overlong
  if (first >= 0xf1 && first <= 0xf3) return 3 << 16 | ANY;
  if (first === 0xf4) return 3 << 16 | 0x80 << 8 | 0x8f; // up to U+10FFFF
  return BROKEN;
}

/**
 * Checks `bytes[start, end)` as the continuation of a text.
 *
 * @param state What the last call returned, or {@linkcode BOUNDARY} at the beginning.
 * @returns The state after `end`; {@linkcode BROKEN} at the first octet that cannot be.
 */
export function checkUtf8(
  bytes: Uint8Array,
  start: number,
  end: number,
  state: Utf8State,
): Utf8State {
  let at = start;
  for (;;) {
    if (state === BOUNDARY) {
      while (at < end && bytes[at] < 0x80) at++;
      if (at === end) return BOUNDARY;
      state = afterFirst(bytes[at++]);
      if (state === BROKEN) return BROKEN;
    }
    if (at === end) return state;
    const octet = bytes[at++];
    if (octet < ((state >> 8) & 0xff) || octet > (state & 0xff)) return BROKEN;
    const missing = (state >> 16) - 1;
    state = missing === 0 ? BOUNDARY : missing << 16 | ANY;
  }
}

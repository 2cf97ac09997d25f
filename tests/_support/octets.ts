/** Octets as tests write them down. */

const encoder = new TextEncoder();

/** Octets of `text` in UTF-8. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Octets written as hexadecimal digits, blanks anywhere between the octets. */
export function hex(digits: string): Uint8Array {
  const pairs = digits.replaceAll(/\s/g, "").match(/../g) ?? [];
  return Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16));
}

/** One after another. */
export function join(...pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(
    pieces.reduce((size, piece) => size + piece.length, 0),
  );
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

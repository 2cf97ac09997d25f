/** Decimal digits as a number. */

/**
 * Reads 1*DIGIT up to 2^53 - 1; -1 for anything else. `Number` would also accept "0x10", "1e3", "+3"
 * and "".
 */
export function decimal(text: string): number {
  if (text.length === 0) return -1;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
    if (value > Number.MAX_SAFE_INTEGER) return -1;
  }
  return value;
}

/** Space and tab, the only white space that header fields have (RFC 9110 §5.6.3). */

/** Whether `unit`, a byte or a code unit, is a space or a tab. */
export function isBlank(unit: number): boolean {
  return unit === 0x20 || unit === 0x09;
}

/**
 * Removes space and tab from both ends. `String.prototype.trim` would also remove 0xA0 and line
 * breaks: "\xA05" became a length of five here and stayed invalid for a proxy. Not a regular
 * expression either: one that looks for blanks before the end is quadratic in the blanks it finds.
 */
export function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

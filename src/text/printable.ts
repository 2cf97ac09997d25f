/** Escapes control characters, so that text of others cannot control a terminal or forge a line. */

/**
 * C0 and C1 control characters, DEL, line separators, and marks that change text direction. For
 * `replace` only: with the flag `g`, `test` would keep a position.
 */
export const CONTROLS: RegExp =
  /[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** The same without tab and line feed. */
const CONTROLS_IN_LINES =
  /[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Escapes all control characters as `\n` or `\x1b`: the result is one line. */
export function printable(text: string): string {
  return text.replace(CONTROLS, escaped);
}

/** Escapes control characters except tab and line feed: lines stay lines. */
export function printableLines(text: string): string {
  return text.replace(CONTROLS_IN_LINES, escaped);
}

function escaped(char: string): string {
  if (char === "\n") return "\\n";
  if (char === "\r") return "\\r";
  if (char === "\t") return "\\t";
  return escapedUnit(char);
}

/** A code unit as `\x1b` or `\u2028`. */
export function escapedUnit(char: string): string {
  const code = char.charCodeAt(0);
  return code <= 0xff
    ? `\\x${code.toString(16).padStart(2, "0")}`
    : `\\u${code.toString(16).padStart(4, "0")}`;
}

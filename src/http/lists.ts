/** Comma-separated lists in field values (RFC 9110 §5.6.1). */
import { SPACE, TAB } from "./chars.ts";

/**
 * Cuts space and tab off both ends (RFC 9110 §5.6.3). `String.prototype.trim` would also take
 * 0xA0, so that "\xA05" became a length of five for us and stayed nonsense for a proxy.
 */
function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

function isBlank(unit: number): boolean {
  return unit === SPACE || unit === TAB;
}

/**
 * The items of `list` in lower case, empty ones included: whether those are harmless is for the
 * caller to say. Commas in quoted strings separate too, which no field read here allows.
 */
export function listItems(list: string): string[] {
  const lower = list.toLowerCase();
  return lower.includes(",")
    ? lower.split(",").map(trimBlanks)
    : [trimBlanks(lower)];
}

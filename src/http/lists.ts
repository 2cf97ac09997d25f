/** Comma-separated lists in field values (RFC 9110 §5.6.1). */
import { trimBlanks } from "../text/blanks.ts";

/**
 * The items of `list` without the blanks around them, empty ones included: whether those are
 * harmless is for the caller to say. Commas in quoted strings separate too: no field that is read
 * with this allows quoted strings.
 */
export function splitList(list: string): string[] {
  return list.includes(",")
    ? list.split(",").map(trimBlanks)
    : [trimBlanks(list)];
}

/** {@linkcode splitList} in lower case. */
export function listItems(list: string): string[] {
  return splitList(list.toLowerCase());
}

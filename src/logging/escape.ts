/** Escapes text of peers and applications for access lines: percent-encoded, quoted, or as JSON. */
import { escapedUnit } from "../text/printable.ts";
import { isToken } from "../text/token.ts";

/** Unreserved characters (RFC 3986 §2.3) and the slash: not encoded in a path. */
const PLAIN_PATH = /^[\w.~/-]*$/;
/** Printable ASCII except the characters that would end or escape the quoted request line. */
const PLAIN_TEXT = /^[\x21\x23-\x5b\x5d-\x7e]*$/;

/** Percent-encodes a decoded path again: `/a b` becomes `/a%20b`. */
export function quotePath(path: string): string {
  if (PLAIN_PATH.test(path)) return path;
  return encodeURIComponent(path.toWellFormed())
    .replaceAll("%2F", "/")
    .replace(/[!'()*]/g, percent);
}

/** Percent-encodes everything in a query except printable ASCII; quotes and backslashes too. */
export function quoteQuery(query: string): string {
  return PLAIN_TEXT.test(query)
    ? query
    : query.replace(/[^\x21\x23-\x5b\x5d-\x7e]/g, percent);
}

/** Encodes a method as `quoteQuery` does. */
export function quoteMethod(method: string): string {
  return isToken(method) ? method : quoteQuery(method);
}

/** Printable ASCII except the characters that would end or escape a quoted text. */
const PLAIN_QUOTED = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** Writes everything but printable ASCII as `\xNN` or `\uNNNN`, quotes and backslashes too. */
export function quoteText(text: string): string {
  return PLAIN_QUOTED.test(text)
    ? text
    : text.replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, escapedUnit);
}

/** A JSON string in ASCII: terminals show it as it is. */
export function jsonString(text: string): string {
  return PLAIN_QUOTED.test(text)
    ? `"${text}"`
    : JSON.stringify(text).replace(/[^\x20-\x7e]/g, jsonEscape);
}

/** A UTF-16 unit as `\u001b`. */
export function jsonEscape(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Percent-encodes one UTF-16 unit: as an octet if it is one, else as UTF-8. */
function percent(char: string): string {
  const code = char.charCodeAt(0);
  if (code > 0xff) return encodeURIComponent(char.toWellFormed());
  return `%${code.toString(16).toUpperCase().padStart(2, "0")}`;
}

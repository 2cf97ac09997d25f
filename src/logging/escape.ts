/** Escapes text of peers and applications, so that it cannot control a terminal or forge a line. */

/** Unreserved characters (RFC 3986 §2.3) and the slash: not encoded in a path. */
const PLAIN_PATH = /^[\w.~/-]*$/;
/** A token (RFC 9110 §5.6.2), such as a method. */
const PLAIN_METHOD = /^[\w!#$%&'*+.^`|~-]*$/;
/** Printable ASCII except the characters that would end or escape the quoted request line. */
const PLAIN_TEXT = /^[\x21\x23-\x5b\x5d-\x7e]*$/;

/**
 * Control characters except tab and line feed, line separators, and marks that change text
 * direction.
 */
// deno-lint-ignore no-control-regex
const CONTROLS =
  /[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

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
  return PLAIN_METHOD.test(method) ? method : quoteQuery(method);
}

/** Writes control characters as `\xNN`; keeps line ends. */
export function printable(text: string): string {
  return text.replace(CONTROLS, (char) => {
    const code = char.charCodeAt(0);
    if (code === 0x0d) return "\\r";
    return code <= 0xff
      ? `\\x${code.toString(16).padStart(2, "0")}`
      : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

/** Percent-encodes one UTF-16 unit: as an octet if it is one, else as UTF-8. */
function percent(char: string): string {
  const code = char.charCodeAt(0);
  if (code > 0xff) return encodeURIComponent(char.toWellFormed());
  return `%${code.toString(16).toUpperCase().padStart(2, "0")}`;
}

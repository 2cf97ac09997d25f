/** Makes foreign text fit for a terminal (wishes:R-014). */

/** Unreserved characters and the slash: what stands in a quoted path as it is (http:H-152). */
const PLAIN_PATH = /^[\w.~/-]*$/;
/** A token (RFC 9110 §5.6.2), what a method is made of. */
const PLAIN_METHOD = /^[\w!#$%&'*+.^`|~-]*$/;
/** Printable ASCII without what would end or escape the quoted request line. */
const PLAIN_TEXT = /^[\x21\x23-\x5b\x5d-\x7e]*$/;

/** Characters a terminal may act on, but for tab and line feed; and marks that turn text around. */
// deno-lint-ignore no-control-regex
const CONTROLS =
  /[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** A decoded path, percent-encoded again: `/a b` becomes `/a%20b` (http:H-152). */
export function quotePath(path: string): string {
  if (PLAIN_PATH.test(path)) return path;
  return encodeURIComponent(path.toWellFormed())
    .replaceAll("%2F", "/")
    .replace(/[!'()*]/g, percent);
}

/** A query as it was received, with all but printable ASCII, quotes and backslashes encoded. */
export function quoteQuery(query: string): string {
  return PLAIN_TEXT.test(query)
    ? query
    : query.replace(/[^\x21\x23-\x5b\x5d-\x7e]/g, percent);
}

/** A method, as `quoteQuery` does. */
export function quoteMethod(method: string): string {
  return PLAIN_METHOD.test(method) ? method : quoteQuery(method);
}

/** `text` with control characters shown as `\xNN`; lines stay lines. */
export function printable(text: string): string {
  return text.replace(CONTROLS, (char) => {
    const code = char.charCodeAt(0);
    if (code === 0x0d) return "\\r";
    return code <= 0xff
      ? `\\x${code.toString(16).padStart(2, "0")}`
      : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

/** `%XX` of one UTF-16 unit: the octet it is in a ByteString, else its UTF-8. */
function percent(char: string): string {
  const code = char.charCodeAt(0);
  if (code > 0xff) return encodeURIComponent(char.toWellFormed());
  return `%${code.toString(16).toUpperCase().padStart(2, "0")}`;
}

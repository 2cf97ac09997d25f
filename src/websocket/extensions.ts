/** The grammar of `sec-websocket-extensions` (RFC 6455 §9.1). Knows no extension. */
import { trimBlanks } from "../text/blanks.ts";
import { isToken } from "../text/token.ts";

/** One extension that a client offers, with its parameters. */
export interface ExtensionOffer {
  readonly name: string;
  /** In order, repeats kept; the value without its quotes, `undefined` if there is none. */
  readonly parameters:
    readonly (readonly [name: string, value: string | undefined])[];
}

/**
 * Splits at `separator` outside of quoted strings. An escaped quotation mark counts as one: what
 * holds it is no token, and the list is refused however it was split.
 */
function split(text: string, separator: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const unit = text[at];
    if (unit === '"') {
      isQuoted = !isQuoted;
    } else if (!isQuoted && unit === separator) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

/** Reads a token, or a quoted string that comes to one; `undefined` if it is neither. */
function readValue(text: string): string | undefined {
  const value = text.length > 1 && text.startsWith('"') && text.endsWith('"')
    ? text.slice(1, -1).replace(/\\(.)/g, "$1")
    : text;
  return isToken(value) ? value : undefined;
}

function readOffer(text: string): ExtensionOffer | undefined {
  const [name, ...rest] = split(text, ";").map(trimBlanks);
  if (!isToken(name)) return undefined;
  const parameters: (readonly [string, string | undefined])[] = [];
  for (const part of rest) {
    const equals = part.indexOf("=");
    const key = trimBlanks(equals < 0 ? part : part.slice(0, equals));
    const value = equals < 0
      ? undefined
      : readValue(trimBlanks(part.slice(equals + 1)));
    if (!isToken(key) || (equals >= 0 && value === undefined)) return undefined;
    parameters.push([key, value]);
  }
  return { name, parameters };
}

/**
 * Reads all of a request's `sec-websocket-extensions`.
 *
 * @param list The fields' values, joined by commas; empty items are skipped (RFC 9110 §5.6.1).
 * @returns The offers in order; `undefined` if any of them is malformed, with which the
 * handshake must fail.
 */
export function readExtensions(
  list: string,
): readonly ExtensionOffer[] | undefined {
  const offers: ExtensionOffer[] = [];
  for (const text of split(list, ",").map(trimBlanks)) {
    if (text === "") continue;
    const offer = readOffer(text);
    if (offer === undefined) return undefined;
    offers.push(offer);
  }
  return offers;
}

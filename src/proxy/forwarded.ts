/**
 * The field Forwarded (RFC 7239): elements between commas, each of pairs between semicolons, with
 * values that may be quoted. Pure.
 *
 * It is read backwards, from the end of the text. Forwards, a client could open a quoted string that
 * never ends and swallow what the proxy appends: `for="x` in front of `, for=192.0.2.1` makes one
 * broken element of both, and the address of the sender is lost. Backwards the proxy's element is
 * whole before the client's part is reached. Quotes and backslashes can be told apart from the right
 * as well: a quote is escaped if an odd number of backslashes stands before it.
 */
import { isBlank } from "../text/blanks.ts";
import { TOKEN } from "../text/token.ts";
import type { HopReader } from "./forwarded_for.ts";

const COMMA = 0x2c;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** One element's pairs; names that are not registered are left out. */
interface Element {
  for?: string;
  by?: string;
  proto?: string;
  host?: string;
}

/** The elements of one text, each a hop. */
export class ForwardedHops implements HopReader {
  /** See {@linkcode HopReader}. */
  node = "";
  /** What the farthest hop says that says anything of it: the scheme its client used. */
  proto: string | undefined;
  /** The same of the host that its client asked for. */
  host: string | undefined;
  readonly #text: string;
  /** Where the part that is not read ends. */
  #at: number;

  /** @param text Of several fields, all in their order, with commas between them. */
  constructor(text: string) {
    this.#text = text;
    this.#at = text.length;
  }

  get rest(): string {
    this.#skipEmptyElements();
    return this.#text.slice(0, this.#at);
  }

  next(): "hop" | "end" | "malformed" {
    this.#skipEmptyElements();
    if (this.#at === 0) return "end";
    const element: Element = {};
    for (;;) {
      const unit = this.#skipBlanks();
      if (this.#at === 0 || unit === COMMA) break;
      if (unit === SEMICOLON) this.#at--; // pairs may be empty (RFC 7239 §4)
      else if (!this.#readPair(element)) return "malformed";
    }
    this.node = element.for ?? "";
    this.proto = element.proto ?? this.proto;
    this.host = element.host ?? this.host;
    return "hop";
  }

  /** Lists may have them (RFC 9110 §5.6.1.2). */
  #skipEmptyElements(): void {
    while (this.#skipBlanks() === COMMA) this.#at--;
  }

  /** @returns The character before them; NaN at the start of the text. */
  #skipBlanks(): number {
    for (;;) {
      const unit = this.#text.charCodeAt(this.#at - 1);
      if (!isBlank(unit)) return unit;
      this.#at--;
    }
  }

  /** `name=value`, and that it begins where a pair may; false if it does not. */
  #readPair(element: Element): boolean {
    const value = this.#text.charCodeAt(this.#at - 1) === QUOTE
      ? this.#readQuoted()
      : this.#readToken();
    if (value === undefined) return false;
    if (this.#text.charCodeAt(this.#at - 1) !== EQUALS) return false;
    this.#at--;
    const name = this.#readToken()?.toLowerCase();
    switch (name) {
      case undefined:
        return false;
      case "for":
      case "by":
      case "proto":
      case "host":
        // No parameter occurs twice in an element (RFC 7239 §4).
        if (element[name] !== undefined) return false;
        element[name] = value;
    }
    const before = this.#skipBlanks();
    return this.#at === 0 || before === SEMICOLON || before === COMMA;
  }

  #readToken(): string | undefined {
    const end = this.#at;
    while (TOKEN[this.#text.charCodeAt(this.#at - 1)] === 1) this.#at--;
    return this.#at === end ? undefined : this.#text.slice(this.#at, end);
  }

  #readQuoted(): string | undefined {
    const text = this.#text;
    const close = this.#at - 1;
    if (this.#isEscaped(close)) return undefined;
    if (close === 0) return undefined; // lastIndexOf() would find it again
    let open = text.lastIndexOf('"', close - 1);
    while (this.#isEscaped(open)) open = text.lastIndexOf('"', open - 1);
    if (open < 0) return undefined;
    this.#at = open;
    const content = text.slice(open + 1, close);
    return content.includes("\\") ? content.replace(/\\(.)/g, "$1") : content;
  }

  #isEscaped(at: number): boolean {
    let from = at;
    while (this.#text.charCodeAt(from - 1) === BACKSLASH) from--;
    return (at - from) % 2 === 1;
  }
}

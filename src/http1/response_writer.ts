/**
 * Response heads, chunks and trailers as bytes (RFC 9112 §4 to §7). The caller
 * decides when; this file knows how, and refuses what would let one response be
 * read as two.
 */
import { ByteWriter } from "../bytes/byte_writer.ts";

/** A response field as an application gives it: text as ISO-8859-1, or octets. */
export type FieldInput = readonly [
  name: string | Uint8Array,
  value: string | Uint8Array,
];

/** What a response's fields say about its framing. Refilled for each response. */
export interface HeadFacts {
  /** The `content-length` given, in bytes; -1 if none was. */
  contentLength: number;
  /** Whether `transfer-encoding: chunked` was asked for. */
  asksChunked: boolean;
  /** The `connection` given, joined; `""` if none was. */
  connection: string;
  /** Whether `connection` has the option `close`. */
  closes: boolean;
  /** Whether an `upgrade` was written. */
  hasUpgrade: boolean;
  /** Whether a `date` of the application's own was written. */
  hasDate: boolean;
  /** Whether a `server` of the application's own was written. */
  hasServer: boolean;
}

/** Facts of a head without fields. */
export function emptyFacts(): HeadFacts {
  return {
    contentLength: -1,
    asksChunked: false,
    connection: "",
    closes: false,
    hasUpgrade: false,
    hasDate: false,
    hasServer: false,
  };
}

/** Sets `facts` back to those of a head without fields. */
export function resetFacts(facts: HeadFacts): void {
  facts.contentLength = -1;
  facts.asksChunked = false;
  facts.connection = "";
  facts.closes = false;
  facts.hasUpgrade = false;
  facts.hasDate = false;
  facts.hasServer = false;
}

/** What a field does beyond being sent. */
type FieldKind = "plain" | "framing" | "date" | "server" | "upgrade";

interface FieldName {
  /** `name: ` in lower case. */
  readonly bytes: Uint8Array;
  readonly name: string;
  readonly kind: FieldKind;
  /** Whether a value may be kept. */
  readonly isPublic: boolean;
  /** The value that was written last, if it is short: most applications repeat most of them. */
  value: string | undefined;
  /** The line with that value, once it was repeated. */
  line: Uint8Array | undefined;
}

const encoder = new TextEncoder();
const CRLF = encoder.encode("\r\n");

/** Names already checked, by the spelling the application used. */
const names = new Map<string, FieldName>();
/** An application that makes up names cannot fill memory with them, nor with long ones. */
const MAX_NAMES = 512;
/** Longest name that is kept, in units; registered ones stay well below. */
const MAX_KEPT_NAME = 64;

/** Longest value that is kept, in units. */
const MAX_KEPT_VALUE = 64;

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

const KINDS: Readonly<Record<string, FieldKind>> = {
  "connection": "framing",
  "content-length": "framing",
  "transfer-encoding": "framing",
  "date": "date",
  "server": "server",
  "upgrade": "upgrade",
};

/** Their values are for one peer: none is kept, or compared with what another is sent. */
const SECRETS: ReadonlySet<string> = new Set(["location", "set-cookie"]);

/** Looks a field name up; `undefined` if it is no token. */
function fieldName(given: string): FieldName | undefined {
  const known = names.get(given);
  if (known !== undefined) return known;
  if (!TOKEN.test(given)) return undefined;
  const name = given.toLowerCase();
  const entry: FieldName = {
    bytes: encoder.encode(`${name}: `),
    name,
    kind: KINDS[name] ?? "plain",
    isPublic: !SECRETS.has(name),
    value: undefined,
    line: undefined,
  };
  if (names.size < MAX_NAMES && given.length <= MAX_KEPT_NAME) {
    names.set(given, entry);
  }
  return entry;
}

function latin1(octets: Uint8Array): string {
  let text = "";
  for (let i = 0; i < octets.length; i++) {
    text += String.fromCharCode(octets[i]);
  }
  return text;
}

/** Quoted, escaped and cut: what an application gave may have come from its peer. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);
}

/**
 * Writes `fields` as lines, names in lower case, and notes in `facts` what they say
 * of framing. `connection`, `content-length` and `transfer-encoding` are noted but not written:
 * {@linkcode writeHeadEnd} writes what they come to.
 *
 * Iterates `fields` once. On a problem, what was written before it stays: the caller sets
 * `out.length` back.
 *
 * @returns What is wrong with the fields, or `undefined`.
 */
export function writeFields(
  out: ByteWriter,
  fields: Iterable<FieldInput>,
  facts: HeadFacts,
): string | undefined {
  for (const field of fields) {
    if (field === null || typeof field !== "object" || field.length !== 2) {
      return "expected each header as a pair of name and value";
    }
    const givenName = field[0];
    const givenValue = field[1];
    const text = typeof givenName === "string"
      ? givenName
      : givenName instanceof Uint8Array
      ? latin1(givenName)
      : undefined;
    const value = typeof givenValue === "string"
      ? givenValue
      : givenValue instanceof Uint8Array
      ? latin1(givenValue)
      : undefined;
    if (text === undefined || value === undefined) {
      return "expected header names and values as strings or bytes";
    }
    const name = fieldName(text);
    if (name === undefined) return `header name ${quoted(text)} is not a token`;
    if (name.kind === "framing") {
      const problem = noteFraming(name.name, value, facts);
      if (problem !== undefined) return problem;
      continue;
    }
    if (name.kind !== "plain") {
      if (name.kind === "date") facts.hasDate = true;
      else if (name.kind === "server") facts.hasServer = true;
      else facts.hasUpgrade = true;
    }
    if (!writeLine(out, name, value)) {
      return `value of header "${name.name}" holds a control character or a code unit above 0xFF`;
    }
  }
  return undefined;
}

/** What is wrong with fields that are not going to be sent, or `undefined`. */
export function checkFields(fields: Iterable<FieldInput>): string | undefined {
  return writeFields(new ByteWriter(256), fields, emptyFacts());
}

/** Writes a field; false if its value must not be sent. One that was is not looked through again. */
function writeLine(out: ByteWriter, name: FieldName, value: string): boolean {
  if (name.value === value) {
    out.writeBytes(name.line ??= lineOf(name, value));
    return true;
  }
  out.writeBytes(name.bytes);
  if (!writeValue(out, value)) return false;
  name.line = undefined;
  const isKept = name.isPublic && value.length <= MAX_KEPT_VALUE;
  name.value = isKept ? value : undefined;
  return true;
}

function lineOf(name: FieldName, value: string): Uint8Array {
  const line = new ByteWriter(name.bytes.length + value.length + CRLF.length);
  line.writeBytes(name.bytes);
  writeValue(line, value);
  return line.written;
}

/** Writes a value and CRLF; false if a unit must not stand in a value (RFC 9110 §5.5). */
function writeValue(out: ByteWriter, value: string): boolean {
  const size = value.length;
  out.reserve(size + 2);
  const { bytes } = out;
  let at = out.length;
  for (let i = 0; i < size; i++) {
    const unit = value.charCodeAt(i);
    // CR and LF would end the line and begin one of the attacker's.
    if (unit > 0xff || unit === 0x7f || (unit < 0x20 && unit !== 0x09)) {
      return false;
    }
    bytes[at++] = unit;
  }
  bytes[at] = 0x0d;
  bytes[at + 1] = 0x0a;
  out.length = at + 2;
  return true;
}

function noteFraming(
  name: string,
  value: string,
  facts: HeadFacts,
): string | undefined {
  if (name === "content-length") {
    const length = decimal(value);
    if (length < 0) {
      return `"content-length" is ${quoted(value)}, expected decimal digits`;
    }
    if (facts.contentLength >= 0 && facts.contentLength !== length) {
      return 'two different "content-length" values';
    }
    facts.contentLength = length;
    return undefined;
  }
  if (!/^[\t\x20-\x7e]*$/.test(value)) {
    return `value of header "${name}" holds a character that is in no list of tokens`;
  }
  if (name === "transfer-encoding") {
    // The coding is the server's business; asking for chunks is honoured.
    if (value.trim().toLowerCase() === "chunked") facts.asksChunked = true;
    return undefined;
  }
  facts.connection = facts.connection === ""
    ? value
    : `${facts.connection}, ${value}`;
  if (/(?:^|,)[ \t]*close[ \t]*(?:,|$)/i.test(value)) facts.closes = true;
  return undefined;
}

/** Reads 1*DIGIT; -1 if it is anything else, or not exact as a number. */
function decimal(text: string): number {
  if (text.length === 0 || text.length > 16) return -1;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return Number.isSafeInteger(value) ? value : -1;
}

const CONTENT_LENGTH = encoder.encode("content-length: ");
const CHUNKED = encoder.encode("transfer-encoding: chunked\r\n");
const CLOSE = encoder.encode("connection: close\r\n");
const KEEP_ALIVE = encoder.encode("connection: keep-alive\r\n");

/** Lengths below this are so frequent that heads which end in one are kept. */
const KEPT_LENGTHS = 1024;
const lengthEnds: (Uint8Array | undefined)[] = new Array(KEPT_LENGTHS).fill(
  undefined,
);

/** The usual end of a head: a length, and nothing about the connection. */
function lengthEnd(contentLength: number): Uint8Array {
  return encoder.encode(`content-length: ${contentLength}\r\n\r\n`);
}

/** What is told of the connection after this response: nothing is what HTTP/1.1 takes for granted. */
export type Persistence = "untold" | "closes" | "keeps";

/** Writes the options of `connection`, if there are any (RFC 9110 §7.6.1). */
function writeConnection(
  out: ByteWriter,
  persistence: Persistence,
  facts: HeadFacts,
): void {
  if (facts.connection === "" && !facts.hasUpgrade) {
    if (persistence === "closes") out.writeBytes(CLOSE);
    else if (persistence === "keeps") out.writeBytes(KEEP_ALIVE);
    return;
  }
  let options = facts.connection.split(",").map((option) => option.trim())
    .filter((option) => option !== "");
  const has = (wanted: string) =>
    options.some((option) => option.toLowerCase() === wanted);
  // RFC 9110 §7.8: upgrade is the next hop's alone, and has to say so.
  if (facts.hasUpgrade && !has("upgrade")) options.push("upgrade");
  if (persistence === "closes") {
    options = options.filter((option) => option.toLowerCase() !== "keep-alive");
    if (!facts.closes) options.push("close");
  } else if (persistence === "keeps" && !has("keep-alive")) {
    options.push("keep-alive");
  }
  if (options.length > 0) {
    out.writeAscii(`connection: ${options.join(", ")}\r\n`);
  }
}

/** How the end of a response body is told to the peer (RFC 9112 §6.3). */
export type ResponseFraming = "none" | "length" | "chunked" | "untilClose";

/**
 * Writes what `framing` and `persistence` come to, and the empty line that ends the head.
 *
 * @param contentLength In bytes, sent if 0 or more: also without a body, for HEAD and 304.
 */
export function writeHeadEnd(
  out: ByteWriter,
  framing: ResponseFraming,
  contentLength: number,
  facts: HeadFacts,
  persistence: Persistence,
): void {
  if (framing !== "chunked" && contentLength >= 0) {
    if (
      contentLength < KEPT_LENGTHS && persistence === "untold" &&
      facts.connection === "" && !facts.hasUpgrade
    ) {
      out.writeBytes(lengthEnds[contentLength] ??= lengthEnd(contentLength));
      return;
    }
    out.writeBytes(CONTENT_LENGTH);
    out.writeDecimal(contentLength);
    out.writeBytes(CRLF);
  }
  writeConnection(out, persistence, facts);
  if (framing === "chunked") out.writeBytes(CHUNKED); // the framing field comes last
  out.writeBytes(CRLF);
}

/** Writes the line that opens a chunk of `size` bytes, at least 1: 0 would end the body (RFC 9112 §7.1). */
export function writeChunkLine(out: ByteWriter, size: number): void {
  out.writeAscii(size.toString(16));
  out.writeBytes(CRLF);
}

/** Writes the CRLF that closes a chunk. */
export function writeChunkEnd(out: ByteWriter): void {
  out.writeBytes(CRLF);
}

const LAST_CHUNK = encoder.encode("0\r\n");

/** Writes the last chunk, `trailers` (lines as {@linkcode writeFields} writes them) and the end (RFC 9112 §7.1). */
export function writeChunkedEnd(
  out: ByteWriter,
  trailers: Uint8Array | undefined,
): void {
  out.writeBytes(LAST_CHUNK);
  if (trailers !== undefined) out.writeBytes(trailers);
  out.writeBytes(CRLF);
}

/**
 * Fields that frame, route or describe the message: a recipient would have needed them before the
 * body, and must not believe them after it (RFC 9110 §6.5.1).
 */
export const FORBIDDEN_TRAILERS: ReadonlySet<string> = new Set([
  "authorization",
  "cache-control",
  "connection",
  "content-encoding",
  "content-length",
  "content-range",
  "content-type",
  "cookie",
  "date",
  "expect",
  "host",
  "keep-alive",
  "max-forwards",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "server",
  "set-cookie",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "www-authenticate",
]);

/**
 * Writes trailer fields as lines.
 *
 * @returns What is wrong with them, or `undefined`; then `out.length` is the caller's to set back.
 */
export function writeTrailers(
  out: ByteWriter,
  fields: Iterable<FieldInput>,
): string | undefined {
  const list = [...fields];
  for (const field of list) {
    const given: unknown = field?.[0];
    const name = given instanceof Uint8Array ? latin1(given) : given;
    if (
      typeof name === "string" && FORBIDDEN_TRAILERS.has(name.toLowerCase())
    ) {
      return `trailer field ${
        quoted(name)
      } would change how the message is framed or routed`;
    }
  }
  return writeFields(out, list, emptyFacts());
}

/** What is wrong with trailer fields that are not going to be sent, or `undefined`. */
export function checkTrailers(
  fields: Iterable<FieldInput>,
): string | undefined {
  return writeTrailers(new ByteWriter(256), fields);
}

/**
 * A request head, byte by byte (RFC 9112 §2 to §5).
 *
 * One loop over the bytes with a `switch` over what is expected next. Each step either moves on or
 * says what is wrong; when the bytes run out, the step and its position are kept, so that any cut
 * of the input gives the same outcome and every byte is looked at a few times at most. Positions
 * are relative to the first byte of the head, which lets the caller move the bytes between calls.
 *
 * Nothing is decoded on the way: offsets are noted, and when the head is whole it is turned into
 * one string of which everything is a part. Those notes live in one table for all (field_offsets.ts).
 * A head that came in pieces has lost them to others by then, and is simply read once more.
 */
import type { HttpFaultCode } from "../faults.ts";
import {
  COLON,
  CR,
  HASH,
  LF,
  QUESTION,
  SLASH,
  SPACE,
  TAB,
  TARGET,
  TOKEN,
  VALUE,
} from "../http/chars.ts";
import {
  copyFields,
  type KnownFields,
  type KnownLine,
  newKey,
  recall,
  recallLine,
  remember,
  rememberLine,
} from "./head_cache.ts";
import {
  notes,
  reserveNotes,
  scanSimpleField,
  SLOTS,
} from "./field_offsets.ts";
import {
  concludeFraming,
  emptyFraming,
  type Framing,
  LAST_FRAMING_NAME,
  noteField,
  resetFraming,
  restoreFraming,
} from "./framing.ts";
import { CONTENT_LENGTH, findName, HOST, NAMES } from "../http/header_names.ts";
import { latin1 } from "../bytes/latin1.ts";
import type { HttpLimits } from "../http/limits.ts";
import type {
  HeaderField,
  RequestHead,
  RequestLine,
  SeenLine,
} from "../http/request_head.ts";
import { isAuthority, readSpecialTarget } from "./request_target.ts";

/** What is expected next. */
type Step =
  /** The first byte. */
  | "start"
  /** The method and the blank behind it. */
  | "method"
  /** The target and the blank behind it. */
  | "target"
  /** `HTTP/1.1` and CR. */
  | "version"
  /** LF of the request line. */
  | "versionLf"
  /** The first byte of the first field, or CR of the empty line. */
  | "fields"
  /** The first byte of a field, or CR of the empty line. */
  | "line"
  /** A field's name and the colon. */
  | "name"
  /** Space and tab before a value. */
  | "blanks"
  /** A value, blanks behind it, and CR. */
  | "value"
  /** LF of a field. */
  | "valueLf"
  /** LF of the empty line. */
  | "endLf";

/** What {@linkcode HeadParser.parse} returns when the head is not whole. */
export const HEAD_NEEDS_MORE = 0;
/** What it returns when `fault` says what is wrong. */
export const HEAD_FAULT = -1;

/** `HTTP/`; a digit, a dot and a digit follow. */
const VERSION = [0x48, 0x54, 0x54, 0x50, 0x2f];
const VERSION_BYTES = 8;

/** What is told of a line that was refused, in characters for each of its parts. */
const MAX_SEEN = 256;

/** The second head of a connection is kept, and then every so many: the client may change its mind. */
const REMEMBER_EVERY = 16;

const framing: Framing = emptyFraming();

/** Reads the heads of one connection, one after another. */
export class HeadParser {
  /** The head, once `parse` has returned its size. */
  head: RequestHead | undefined;
  /** What is wrong, once `parse` has returned {@linkcode HEAD_FAULT}. */
  fault: HttpFaultCode = "BAD_REQUEST_LINE";
  readonly #limits: HttpLimits;
  #step: Step = "start";
  /** First byte not looked at. */
  #at = 0;
  /** Where the part being read began. */
  #from = 0;
  #methodEnd = 0;
  #targetEnd = 0;
  #queryAt = -1;
  #fragmentAt = -1;
  #fields = 0;
  #isWhole = true;
  /** Where the fields begin. */
  #fieldsAt = 0;
  /** The fields, if they are the same as before. */
  #known: KnownFields | undefined;
  /** The request line, if it is the same as before. */
  #line: KnownLine | undefined;
  readonly #owner = newKey();
  /** Heads of which something was not known. */
  #reads = 0;

  constructor(limits: HttpLimits) {
    this.#limits = limits;
  }

  /** Bytes of a head that is not whole that have been looked at; 0 between heads. */
  get lookedAt(): number {
    return this.#at;
  }

  /**
   * Reads on in `bytes[base, end)`, `base` being the first byte of the head in every call.
   *
   * @returns Bytes of the whole head, {@linkcode HEAD_NEEDS_MORE} or {@linkcode HEAD_FAULT}.
   */
  parse(bytes: Uint8Array, base: number, end: number): number {
    const limit = Math.min(end, base + this.#limits.maxHeadBytes);
    const size = this.#scan(bytes, base, limit);
    if (size === HEAD_NEEDS_MORE) {
      if (end - base >= this.#limits.maxHeadBytes) {
        return this.#fail(
          this.#step === "target"
            ? "TARGET_LONGER_THAN_HEAD"
            : "HEAD_TOO_LARGE",
        );
      }
      this.#isWhole = false;
      return size;
    }
    if (size === HEAD_FAULT) return size;
    if (!this.#isWhole) {
      this.#rewind();
      this.#scan(bytes, base, limit);
    }
    if (!this.#build(bytes, base, size)) return HEAD_FAULT;
    this.#rewind();
    return size;
  }

  /**
   * What is known of the request line of a head that is not whole, or was refused.
   *
   * @param base The first byte of the head, as for `parse`.
   */
  seenLine(bytes: Uint8Array, base: number, end: number): SeenLine | undefined {
    if (this.#line !== undefined) return cutLine(this.#line);
    if (this.#step === "start" || this.#step === "method") return undefined;
    const from = base + this.#methodEnd + 1;
    let at = from;
    while (at < end && TARGET[bytes[at]] === 1) at++;
    const target = latin1(bytes, from, at);
    const [rawPath] = target.split("?", 1);
    const version = latin1(bytes, at, Math.min(end, at + 1 + VERSION_BYTES));
    return cutLine({
      method: latin1(bytes, base, base + this.#methodEnd),
      rawPath,
      query: target.slice(rawPath.length + 1),
      version: /^ HTTP\/\d\.\d$/.test(version) ? version.slice(6) : "",
    });
  }

  #rewind(): void {
    this.#step = "start";
    this.#at = 0;
    this.#from = 0;
    this.#queryAt = -1;
    this.#fragmentAt = -1;
    this.#fields = 0;
    this.#isWhole = true;
    this.#known = undefined;
    this.#line = undefined;
  }

  #fail(fault: HttpFaultCode): -1 {
    this.fault = fault;
    return HEAD_FAULT;
  }

  #scan(bytes: Uint8Array, base: number, end: number): number {
    const limits = this.#limits;
    let at = base + this.#at;
    while (at < end) {
      switch (this.#step) {
        case "start":
          // A TLS record of type handshake, version 3.x.
          if (bytes[at] === 0x16) return this.#fail("TLS_ON_PLAIN_PORT");
          this.#step = "method";
          if (this.#reads > 1) {
            this.#line = recallLine(this.#owner, bytes, at, end);
            if (this.#line !== undefined) {
              at += this.#fieldsAt = this.#line.bytes.length;
              this.#step = "fields";
            }
          }
          break;
        case "method": {
          while (at < end && TOKEN[bytes[at]] === 1) at++;
          if (at === end) break;
          const byte = bytes[at];
          if (byte === CR || byte === LF) return this.#fail("BAD_REQUEST_LINE");
          if (byte !== SPACE || at === base) return this.#fail("BAD_METHOD");
          this.#methodEnd = at - base;
          this.#from = ++at - base;
          this.#step = "target";
          break;
        }
        case "target": {
          const stop = Math.min(
            end,
            base + this.#from + limits.maxTargetBytes + 1,
          );
          while (at < stop && TARGET[bytes[at]] === 1) {
            const byte = bytes[at];
            if (byte === QUESTION) {
              if (this.#queryAt < 0 && this.#fragmentAt < 0) {
                this.#queryAt = at - base;
              }
            } else if (byte === HASH && this.#fragmentAt < 0) {
              this.#fragmentAt = at - base;
            }
            at++;
          }
          if (at - base - this.#from > limits.maxTargetBytes) {
            return this.#fail("TARGET_TOO_LONG");
          }
          if (at === end) break;
          const byte = bytes[at];
          if (byte === CR || byte === LF) return this.#fail("BAD_REQUEST_LINE");
          if (byte !== SPACE) return this.#fail("BAD_TARGET");
          if (at - base === this.#from) return this.#fail("BAD_REQUEST_LINE");
          this.#targetEnd = at - base;
          this.#from = ++at - base;
          this.#step = "version";
          break;
        }
        case "version": {
          const fault = this.#checkVersion(bytes, base, at, end);
          if (fault !== undefined) return this.#fail(fault);
          at = Math.min(end, base + this.#from + VERSION_BYTES + 1);
          if (at - base - this.#from > VERSION_BYTES) this.#step = "versionLf";
          break;
        }
        case "versionLf":
          if (bytes[at] !== LF) return this.#fail("BAD_LINE_END");
          at++;
          this.#fieldsAt = at - base;
          this.#step = "fields";
          break;
        case "fields":
          this.#step = "line";
          if (this.#reads > 1) {
            const known = recall(this.#owner, bytes, at, end);
            if (known !== undefined && known.lines <= limits.maxHeaders) {
              this.#known = known;
              return at + known.bytes.length - base;
            }
          }
          break;
        case "line": {
          const byte = bytes[at];
          if (byte === CR) {
            at++;
            this.#step = "endLf";
            break;
          }
          if (byte === SPACE || byte === TAB) {
            return this.#fail("OBSOLETE_FOLD");
          }
          if (byte === LF) return this.#fail("BAD_LINE_END");
          if (this.#fields === limits.maxHeaders) {
            return this.#fail("TOO_MANY_HEADERS");
          }
          const slot = this.#fields * SLOTS;
          reserveNotes(slot);
          const next = scanSimpleField(bytes, base, at, end, slot);
          if (next > 0) {
            this.#fields++;
            at = next;
            break;
          }
          this.#from = at - base;
          this.#step = "name";
          break;
        }
        case "name": {
          while (at < end && TOKEN[bytes[at]] === 1) at++;
          if (at === end) break;
          const nameAt = base + this.#from;
          // Also a blank before the colon, which some read as part of the name and some do not.
          if (bytes[at] !== COLON || at === nameAt) {
            return this.#fail("BAD_HEADER_NAME");
          }
          const slot = this.#fields * SLOTS;
          notes[slot] = findName(bytes, nameAt, at);
          notes[slot + 1] = this.#from;
          notes[slot + 2] = at - base;
          at++;
          this.#step = "blanks";
          break;
        }
        case "blanks":
          while (at < end && (bytes[at] === SPACE || bytes[at] === TAB)) at++;
          if (at === end) break;
          this.#from = at - base;
          this.#step = "value";
          break;
        case "value": {
          while (at < end && VALUE[bytes[at]] === 1) at++;
          if (at === end) break;
          const byte = bytes[at];
          if (byte === LF) return this.#fail("BAD_LINE_END");
          if (byte !== CR) return this.#fail("BAD_HEADER_VALUE");
          let last = at - base;
          while (
            last > this.#from &&
            (bytes[base + last - 1] === SPACE || bytes[base + last - 1] === TAB)
          ) last--;
          const slot = this.#fields * SLOTS;
          notes[slot + 3] = this.#from;
          notes[slot + 4] = last;
          at++;
          this.#step = "valueLf";
          break;
        }
        case "valueLf":
          if (bytes[at] !== LF) return this.#fail("BAD_HEADER_VALUE"); // a bare CR
          at++;
          this.#fields++;
          this.#step = "line";
          break;
        case "endLf":
          if (bytes[at] !== LF) return this.#fail("BAD_LINE_END");
          return at + 1 - base;
      }
    }
    this.#at = at - base;
    return HEAD_NEEDS_MORE;
  }

  #checkVersion(
    bytes: Uint8Array,
    base: number,
    at: number,
    end: number,
  ): HttpFaultCode | undefined {
    const from = base + this.#from;
    for (; at < end && at - from <= VERSION_BYTES; at++) {
      const byte = bytes[at];
      const place = at - from;
      if (place < VERSION.length) {
        if (byte !== VERSION[place]) return "BAD_REQUEST_LINE";
      } else if (place === 6) {
        if (byte !== 0x2e) return "BAD_REQUEST_LINE";
      } else if (place < VERSION_BYTES) {
        if (byte < 0x30 || byte > 0x39) return "BAD_REQUEST_LINE";
      } else if (byte !== CR) {
        return byte === LF ? "BAD_LINE_END" : "BAD_REQUEST_LINE";
      } else if (bytes[from + 5] !== 0x31) { // RFC 9110 §2.5: a higher minor is served as ours
        const isPreface = this.#methodEnd === 3 && bytes[base] === 0x50 &&
          bytes[base + 1] === 0x52 && bytes[base + 2] === 0x49 &&
          bytes[from + 5] === 0x32;
        return isPreface ? "HTTP2_PREFACE" : "UNSUPPORTED_VERSION";
      }
    }
    return undefined;
  }

  /** Turns the notes into a head; false after a fault. */
  #build(bytes: Uint8Array, base: number, size: number): boolean {
    const known = this.#known;
    const line = this.#line;
    const isKnown = known !== undefined && line !== undefined;
    const text = isKnown ? "" : latin1(
      bytes,
      base,
      base + (known === undefined ? size : this.#fieldsAt),
    );
    const isKept = !isKnown && ++this.#reads % REMEMBER_EVERY === 2;
    const version = line !== undefined
      ? line.version
      : bytes[base + this.#targetEnd + VERSION_BYTES] === 0x30
      ? "1.0"
      : "1.1";
    let headers: HeaderField[];
    if (known !== undefined) {
      restoreFraming(framing, known.framing);
      headers = copyFields(known.headers);
    } else {
      headers = [];
      if (!this.#readFields(text, headers)) return false;
      if (isKept) {
        remember(
          this.#owner,
          bytes,
          base + this.#fieldsAt,
          base + size,
          this.#fields,
          headers,
          framing,
        );
      }
    }
    const fault = concludeFraming(framing, version);
    if (fault !== undefined) {
      this.fault = fault;
      return false;
    }
    const read = line ?? this.#readLine(text, bytes, base, version, headers);
    if (read === undefined) return false;
    // What an absolute form says of the host is not in its line alone.
    if (isKept && (line !== undefined || this.#isOriginForm(bytes, base))) {
      const end = base + this.#fieldsAt;
      rememberLine(this.#owner, bytes, base, end, read);
    }
    const { contentLength, isChunked } = framing;
    this.head = {
      method: read.method,
      version,
      rawPath: read.rawPath,
      query: read.query,
      headers,
      contentLength,
      isChunked,
      hasBody: isChunked || contentLength > 0,
      keepAlive: !framing.closes && (version === "1.1" || framing.keepsAlive),
      expectsContinue: framing.expectsContinue,
      acceptsTrailers: framing.acceptsTrailers,
      upgrade: framing.upgrades && framing.upgrade !== ""
        ? framing.upgrade
        : undefined,
    };
    return true;
  }

  /**
   * Takes the request line apart; `undefined` after a fault. An absolute form also changes the
   * host in `headers`.
   */
  #readLine(
    text: string,
    bytes: Uint8Array,
    base: number,
    version: RequestHead["version"],
    headers: HeaderField[],
  ): RequestLine | undefined {
    const method = methodOf(text, bytes, base, this.#methodEnd);
    // A fragment is never sent by a client that knows HTTP, and never part of a path.
    const targetEnd = this.#fragmentAt < 0 ? this.#targetEnd : this.#fragmentAt;
    const pathEnd = this.#queryAt < 0 ? targetEnd : this.#queryAt;
    const query = this.#queryAt < 0
      ? ""
      : text.substring(this.#queryAt + 1, targetEnd);
    let pathAt = this.#methodEnd + 1;
    let isServer = false;
    if (!this.#isOriginForm(bytes, base)) {
      const target = text.substring(pathAt, this.#targetEnd);
      const special = readSpecialTarget(target, method);
      if (special === undefined) {
        this.fault = method === "CONNECT" && isAuthority(target)
          ? "CONNECT_METHOD"
          : "BAD_TARGET";
        return undefined;
      }
      pathAt += special.pathAt;
      isServer = special.isServer;
      if (special.authority !== undefined) {
        setHost(headers, special.authority);
      }
    } else if (method === "CONNECT") {
      this.fault = "BAD_TARGET";
      return undefined;
    }
    // An absolute form without a path asks for the root (RFC 9112 §3.2.1).
    const rawPath = isServer
      ? "*"
      : pathAt >= pathEnd
      ? "/"
      : text.substring(pathAt, pathEnd);
    return { method, version, rawPath, query };
  }

  #isOriginForm(bytes: Uint8Array, base: number): boolean {
    return bytes[base + this.#methodEnd + 1] === SLASH;
  }

  /** Turns the notes of the fields into pairs and framing; false after a fault. */
  #readFields(text: string, headers: HeaderField[]): boolean {
    resetFraming(framing);
    for (
      let field = 0, slot = 0;
      field < this.#fields;
      field++, slot += SLOTS
    ) {
      const known = notes[slot];
      const name = known !== 0
        ? NAMES[known]
        : text.substring(notes[slot + 1], notes[slot + 2]).toLowerCase();
      let value = text.substring(notes[slot + 3], notes[slot + 4]);
      if (known !== 0 && known <= LAST_FRAMING_NAME) {
        const hadLength = framing.contentLength >= 0;
        const fault = noteField(known, value, framing);
        if (fault !== undefined) {
          this.fault = fault;
          return false;
        }
        if (known === CONTENT_LENGTH) {
          // RFC 9110 §8.6: the same length again, in a list or another line, becomes one value.
          // Whoever the application passes it on to has nothing left to choose from.
          if (hadLength) continue;
          if (value.includes(",")) value = `${framing.contentLength}`;
        }
      }
      headers.push([name, value]);
    }
    return true;
  }
}

function cutLine({ method, rawPath, query, version }: SeenLine): SeenLine {
  return {
    method: cut(method),
    rawPath: cut(rawPath),
    query: cut(query),
    version,
  };
}

function cut(text: string): string {
  return text.length > MAX_SEEN ? `${text.slice(0, MAX_SEEN)}...` : text;
}

/** RFC 9112 §3.2.2: the target's authority counts, whatever the field says. */
function setHost(headers: HeaderField[], authority: string): void {
  const host = headers.find(([name]) => name === NAMES[HOST]);
  if (host === undefined) headers.unshift([NAMES[HOST], authority]);
  else host[1] = authority;
}

/** The usual methods without making a string of them. */
function methodOf(
  text: string,
  bytes: Uint8Array,
  base: number,
  size: number,
): string {
  switch (size) {
    case 3:
      if (
        bytes[base] === 0x47 && bytes[base + 1] === 0x45 &&
        bytes[base + 2] === 0x54
      ) {
        return "GET";
      }
      break;
    case 4:
      if (
        bytes[base] === 0x50 && bytes[base + 1] === 0x4f &&
        bytes[base + 2] === 0x53 &&
        bytes[base + 3] === 0x54
      ) return "POST";
      break;
  }
  return text.substring(0, size);
}

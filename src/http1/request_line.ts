/**
 * A request line, byte by byte: method, target, version (RFC 9112 §3).
 *
 * A `switch` over what is expected next, in a loop over the bytes. When the bytes run out, step and
 * position are kept, so that any cut of the input gives the same outcome and each byte is looked at
 * once. Nothing is decoded on the way: offsets are noted, relative to the first byte of the head,
 * which lets the caller move the bytes between calls.
 */
import { latin1 } from "../bytes/latin1.ts";
import { isAt } from "../bytes/same_bytes.ts";
import type { HttpFaultCode } from "../faults.ts";
import {
  CR,
  HASH,
  LF,
  QUESTION,
  SLASH,
  SPACE,
  TARGET,
  TOKEN,
} from "../http/chars.ts";
import { HOST, NAMES } from "../http/header_names.ts";
import type { HttpLimits } from "../http/limits.ts";
import type { HeaderField } from "../http/request_head.ts";
import type { Http1Version } from "./request_head.ts";
import { isAuthority, readSpecialTarget } from "./request_target.ts";
import { FAULT, NEEDS_MORE } from "./scan_result.ts";

/** What is expected next. */
type Step =
  /** The first byte. */
  | "start"
  /** The method and the space behind it. */
  | "method"
  /** The target and the space behind it. */
  | "target"
  /** `HTTP/1.1` and CR. */
  | "version"
  /** LF. */
  | "lf"
  /** Nothing: the line is whole. */
  | "whole";

/** What a whole line says, apart from its version. */
export interface LineParts {
  readonly method: string;
  /** No query, no fragment; `*` for the asterisk form. */
  readonly rawPath: string;
  /** `""` if none. */
  readonly query: string;
}

/** What is known of a request line that is not whole, or whose head was refused; for the log. */
export interface SeenLine {
  /** Cut after some characters, as are the others. */
  readonly method: string;
  readonly rawPath: string;
  readonly query: string;
  /** Two digits and a dot; `""` if it was not read. */
  readonly version: string;
}

/** `HTTP/`; a digit, a dot and a digit follow. */
const VERSION = [0x48, 0x54, 0x54, 0x50, 0x2f];
const VERSION_BYTES = 8;

const GET = new TextEncoder().encode("GET ");
const POST = new TextEncoder().encode("POST ");

/** Longest part of a line that was refused in the log, in characters. */
const MAX_SEEN = 256;

/** Reads the request lines of one connection, one after another. */
export class RequestLine {
  /** What is wrong, once `scan` has returned {@linkcode FAULT}, or `read` `undefined`. */
  fault: HttpFaultCode = "BAD_REQUEST_LINE";
  /** Whether the line that `read` took apart last has a path for its target (RFC 9112 §3.2.1). */
  isOrigin = false;
  #step: Step = "start";
  /** First byte not looked at. */
  #at = 0;
  /** Where the part being read began. */
  #from = 0;
  #methodEnd = 0;
  #targetEnd = 0;
  #queryAt = -1;
  #fragmentAt = -1;

  /** Bytes of a line that is not whole that have been looked at. */
  get lookedAt(): number {
    return this.#at;
  }

  /** Whether the bytes ran out within the target. */
  get isInTarget(): boolean {
    return this.#step === "target";
  }

  /** Forgets the line, for the next one. */
  reset(): void {
    this.#step = "start";
    this.#at = 0;
    this.#from = 0;
    this.#queryAt = -1;
    this.#fragmentAt = -1;
  }

  /**
   * Reads on in `bytes[base, end)`, `base` being the first byte of the line in every call.
   *
   * @returns Bytes of the whole line, CRLF included; {@linkcode NEEDS_MORE} or {@linkcode FAULT}.
   */
  scan(
    bytes: Uint8Array,
    base: number,
    end: number,
    limits: HttpLimits,
  ): number {
    let at = base + this.#at;
    while (at < end) {
      switch (this.#step) {
        case "start":
          // A TLS record of type handshake, version 3.x.
          if (bytes[at] === 0x16) return this.#fail("TLS_ON_PLAIN_PORT");
          this.#step = "method";
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
          if (at - base - this.#from > VERSION_BYTES) this.#step = "lf";
          break;
        }
        case "lf":
          if (bytes[at] !== LF) return this.#fail("BAD_LINE_END");
          this.#step = "whole";
          return at + 1 - base;
        case "whole": // not reached: a whole line is not scanned again before reset()
          return this.#targetEnd + 1 + VERSION_BYTES + 2;
      }
    }
    this.#at = at - base;
    return NEEDS_MORE;
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

  #fail(fault: HttpFaultCode): -1 {
    this.fault = fault;
    return FAULT;
  }

  /** The version of a whole line. */
  version(bytes: Uint8Array, base: number): Http1Version {
    return bytes[base + this.#targetEnd + VERSION_BYTES] === 0x30
      ? "1.0"
      : "1.1";
  }

  /**
   * Takes a whole line apart. The authority of an absolute form replaces the host in `headers`.
   *
   * @param base The first byte of the line, as for `scan`.
   * @returns `undefined` after a fault.
   */
  read(
    bytes: Uint8Array,
    base: number,
    headers: HeaderField[],
  ): LineParts | undefined {
    const method = this.#method(bytes, base);
    const start = this.#methodEnd + 1;
    this.isOrigin = bytes[base + start] === SLASH;
    if (this.isOrigin && method !== "CONNECT") {
      // A fragment is never sent by a client that knows HTTP, and never part of a path.
      const end = this.#fragmentAt < 0 ? this.#targetEnd : this.#fragmentAt;
      if (end - start === 1) return { method, rawPath: "/", query: "" };
      const target = latin1(bytes, base + start, base + end);
      if (this.#queryAt < 0) return { method, rawPath: target, query: "" };
      const queryAt = this.#queryAt - start;
      return {
        method,
        rawPath: target.substring(0, queryAt),
        query: target.substring(queryAt + 1),
      };
    }
    return this.#readSpecial(bytes, base, method, headers);
  }

  /** Reads a target that is no path. */
  #readSpecial(
    bytes: Uint8Array,
    base: number,
    method: string,
    headers: HeaderField[],
  ): LineParts | undefined {
    const start = this.#methodEnd + 1;
    const target = latin1(bytes, base + start, base + this.#targetEnd);
    const special = target.startsWith("/")
      ? undefined // CONNECT with a path
      : readSpecialTarget(target, method);
    if (special === undefined) {
      this.fault = method === "CONNECT" && isAuthority(target)
        ? "CONNECT_METHOD"
        : "BAD_TARGET";
      return undefined;
    }
    if (special.authority !== undefined) setHost(headers, special.authority);
    const [beforeFragment] = target.split("#", 1);
    const queryAt = this.#queryAt < 0
      ? beforeFragment.length
      : this.#queryAt - start;
    const path = target.substring(special.pathAt, queryAt);
    return {
      method,
      // An absolute form without a path asks for the root (RFC 9112 §3.2.1).
      rawPath: special.isServer ? "*" : path || "/",
      query: beforeFragment.substring(queryAt + 1),
    };
  }

  /** The most usual methods without making a string of them. */
  #method(bytes: Uint8Array, base: number): string {
    const size = this.#methodEnd;
    if (isAt(GET, bytes, base, base + size + 1)) return "GET";
    if (isAt(POST, bytes, base, base + size + 1)) return "POST";
    return latin1(bytes, base, base + size);
  }

  /**
   * What is known of the line; `undefined` if it is not even the method.
   *
   * @param base The first byte of the line, as for `scan`.
   */
  seen(bytes: Uint8Array, base: number, end: number): SeenLine | undefined {
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
}

/** A line for the log: long parts are cut. */
export function cutLine(
  { method, rawPath, query, version }: SeenLine,
): SeenLine {
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

/** The trailer section of a chunked body (RFC 9112 §7.1.2). */
import type { HttpFaultCode } from "../faults.ts";
import { COLON, CR, LF, TOKEN, VALUE } from "../http/chars.ts";
import { latin1 } from "../bytes/latin1.ts";
import { isBlank } from "../text/blanks.ts";
import type { HttpLimits } from "../http/limits.ts";
import type { HeaderField } from "../http/request_head.ts";
import { FORBIDDEN_TRAILERS } from "../http/trailer_names.ts";
import { FAULT, NEEDS_MORE } from "./scan_result.ts";

/**
 * Fields that no sender puts here by mistake: a recipient that merges them into the head would
 * frame or route the message anew.
 */
const SMUGGLED: ReadonlySet<string> = new Set([
  "content-length",
  "host",
  "transfer-encoding",
]);

/**
 * Reads one trailer section. Rare and small: a line is read when it is whole, and the search for
 * its end goes on where it stopped.
 */
export class TrailerParser {
  /** The fields that may be trailers; all of them once `parse` has returned the size of the section. */
  readonly fields: HeaderField[] = [];
  /** What is wrong, once `parse` has returned {@linkcode FAULT}. */
  fault: HttpFaultCode = "BAD_TRAILER";
  readonly #limits: HttpLimits;
  /** Relative to the section: where the next line begins, and how far its end was looked for. */
  #line = 0;
  #looked = 0;
  /** Fields read, dropped ones included. */
  #count = 0;

  constructor(limits: HttpLimits) {
    this.#limits = limits;
  }

  /**
   * Reads on in `bytes[base, end)`, `base` being the first byte of the section in every call.
   *
   * @returns Bytes of the whole section, {@linkcode NEEDS_MORE} or {@linkcode FAULT}.
   */
  parse(bytes: Uint8Array, base: number, end: number): number {
    const limit = Math.min(end, base + this.#limits.maxTrailerBytes);
    for (;;) {
      let at = base + Math.max(this.#looked, this.#line);
      // Nothing but field bytes may come before the CR: a fault is seen as early as it is there.
      while (at < limit && (VALUE[bytes[at]] === 1)) at++;
      this.#looked = at - base;
      if (at < limit && bytes[at] !== CR) return this.#fail("BAD_TRAILER");
      if (at + 1 >= limit) {
        if (end - base < this.#limits.maxTrailerBytes) return NEEDS_MORE;
        return this.#fail("TRAILERS_TOO_LARGE");
      }
      if (bytes[at + 1] !== LF) return this.#fail("BAD_TRAILER");
      const line = base + this.#line;
      this.#line = this.#looked = at + 2 - base;
      if (line === at) {
        return this.#line;
      }
      const fault = this.#readField(bytes, line, at);
      if (fault !== undefined) return this.#fail(fault);
    }
  }

  #readField(
    bytes: Uint8Array,
    start: number,
    end: number,
  ): HttpFaultCode | undefined {
    let at = start;
    while (at < end && TOKEN[bytes[at]] === 1) at++;
    if (at === start || at === end || bytes[at] !== COLON) return "BAD_TRAILER";
    if (this.#count === this.#limits.maxTrailers) {
      return "TOO_MANY_TRAILERS";
    }
    const name = latin1(bytes, start, at).toLowerCase();
    this.#count++;
    if (SMUGGLED.has(name)) return "SMUGGLED_TRAILER";
    // RFC 9110 §6.5.1: what should have come before the content is ignored behind it.
    if (FORBIDDEN_TRAILERS.has(name)) return undefined;
    let from = at + 1;
    while (from < end && isBlank(bytes[from])) from++;
    let to = end;
    while (to > from && isBlank(bytes[to - 1])) to--;
    this.fields.push([name, latin1(bytes, from, to)]);
    return undefined;
  }

  #fail(fault: HttpFaultCode): -1 {
    this.fault = fault;
    return FAULT;
  }
}

/**
 * Request heads: a line by request_line.ts and fields by field_section.ts, judged together by
 * framing.ts and put together here. A connection that sends the same line or the same fields again
 * gets them from head_cache.ts, which is asked before either is read.
 */
import { latin1 } from "../bytes/latin1.ts";
import type { HttpFaultCode } from "../faults.ts";
import type { HttpLimits } from "../http/limits.ts";
import type { HeaderField } from "../http/request_head.ts";
import {
  copyFields,
  type KnownFields,
  type KnownLine,
  lookupFields,
  lookupLine,
  storeFields,
  storeLine,
} from "./head_cache.ts";
import { FieldSection } from "./field_section.ts";
import {
  concludeFraming,
  emptyFraming,
  type Framing,
  resetFraming,
  restoreFraming,
} from "./framing.ts";
import type { Http1RequestHead } from "./request_head.ts";
import { cutLine, RequestLine, type SeenLine } from "./request_line.ts";
import { FAULT, NEEDS_MORE } from "./scan_result.ts";

/** The second head of a connection is stored, and then every so many: the client may change its mind. */
const STORE_EVERY = 16;

/** What the fields of the head that is being put together say; of whichever connection it is. */
const framing: Framing = emptyFraming();

/** Whose heads are read. */
export interface HeadSource {
  readonly limits: HttpLimits;
  /** Of `newKey`: by which it finds what it has stored. */
  readonly key: number;
  /** Heads of which line or fields were not in the cache. Counted here. */
  misses: number;
}

/** Reads one head after another, each of one connection. */
export class HeadParser {
  /** The head, once `parse` has returned its size. */
  head: Http1RequestHead | undefined;
  /** What is wrong, once `parse` has returned {@linkcode FAULT}. */
  fault: HttpFaultCode = "BAD_REQUEST_LINE";
  readonly #line = new RequestLine();
  readonly #section = new FieldSection();
  /** Where the fields begin, relative to the head; 0 until the line is whole. */
  #fieldsAt = 0;
  /** The request line, if the cache has it. */
  #known: KnownLine | undefined;

  /** Bytes of a head that is not whole that have been looked at; 0 between heads. */
  get lookedAt(): number {
    return this.#fieldsAt === 0
      ? this.#line.lookedAt
      : this.#fieldsAt + this.#section.lookedAt;
  }

  /**
   * Reads on in `bytes[base, end)`, `base` being the first byte of the head in every call.
   *
   * @param source The same in every call for one head.
   * @returns Bytes of the whole head, {@linkcode NEEDS_MORE} or {@linkcode FAULT}.
   */
  parse(
    bytes: Uint8Array,
    base: number,
    end: number,
    source: HeadSource,
  ): number {
    const { maxHeadBytes, maxHeaders } = source.limits;
    const limit = Math.min(end, base + maxHeadBytes);
    const isTooLong = end - base >= maxHeadBytes;
    if (this.#fieldsAt === 0) {
      const size = this.#scanLine(bytes, base, limit, source);
      if (size === NEEDS_MORE) {
        if (!isTooLong) return NEEDS_MORE;
        return this.#fail(
          this.#line.isInTarget ? "TARGET_LONGER_THAN_HEAD" : "HEAD_TOO_LARGE",
        );
      }
      if (size === FAULT) return this.#fail(this.#line.fault);
      this.#fieldsAt = size;
      const known = hasStored(source)
        ? lookupFields(source.key, bytes, base + size, limit)
        : undefined;
      if (known !== undefined) return this.#reuse(bytes, base, known, source);
    }
    const size = this.#section.scan(
      bytes,
      base + this.#fieldsAt,
      limit,
      maxHeaders,
    );
    if (size === NEEDS_MORE) {
      return isTooLong ? this.#fail("HEAD_TOO_LARGE") : NEEDS_MORE;
    }
    if (size === FAULT) return this.#fail(this.#section.fault);
    return this.#read(bytes, base, size, source);
  }

  /**
   * What is known of the request line of a head that is not whole, or was refused.
   *
   * @param base The first byte of the head, as for `parse`.
   */
  seenLine(bytes: Uint8Array, base: number, end: number): SeenLine | undefined {
    return this.#known === undefined
      ? this.#line.seen(bytes, base, end)
      : cutLine(this.#known);
  }

  /** Finds the end of the request line, in the cache if no byte of it was looked at before. */
  #scanLine(
    bytes: Uint8Array,
    base: number,
    limit: number,
    source: HeadSource,
  ): number {
    if (hasStored(source) && this.#line.lookedAt === 0) {
      this.#known = lookupLine(source.key, bytes, base, limit);
      if (this.#known !== undefined) return this.#known.bytes.length;
    }
    return this.#line.scan(bytes, base, limit, source.limits);
  }

  #fail(fault: HttpFaultCode): -1 {
    this.fault = fault;
    return FAULT;
  }

  /** Puts a head together whose section of `size` bytes was scanned to its end. */
  #read(
    bytes: Uint8Array,
    base: number,
    size: number,
    source: HeadSource,
  ): number {
    const from = base + this.#fieldsAt;
    const to = from + size;
    const text = latin1(bytes, from, to);
    const headers: HeaderField[] = [];
    resetFraming(framing);
    if (!this.#section.read(text, headers, framing)) {
      return this.#fail(this.#section.fault);
    }
    const storedAs = miss(source) ? source.key : undefined;
    if (storedAs !== undefined) {
      storeFields(storedAs, bytes, from, to, headers, framing);
    }
    return this.#conclude(bytes, base, size, headers, storedAs);
  }

  /** Puts a head together whose fields are those of an earlier one. */
  #reuse(
    bytes: Uint8Array,
    base: number,
    known: KnownFields,
    source: HeadSource,
  ): number {
    restoreFraming(framing, known.framing);
    const headers = copyFields(known.headers);
    const isStored = this.#known === undefined && miss(source);
    const storedAs = isStored ? source.key : undefined;
    return this.#conclude(bytes, base, known.bytes.length, headers, storedAs);
  }

  /**
   * Judges line and fields together.
   *
   * @param size Bytes of the fields.
   * @param storedAs Key to store the line by; `undefined` not to.
   */
  #conclude(
    bytes: Uint8Array,
    base: number,
    size: number,
    headers: HeaderField[],
    storedAs: number | undefined,
  ): number {
    const known = this.#known;
    const version = known?.version ?? this.#line.version(bytes, base);
    const fault = concludeFraming(framing, version);
    if (fault !== undefined) return this.#fail(fault);
    const line = known ?? this.#line.read(bytes, base, headers);
    if (line === undefined) return this.#fail(this.#line.fault);
    // The host of an absolute form is not in what its line alone comes to.
    if (
      storedAs !== undefined && (known !== undefined || this.#line.isOrigin)
    ) {
      const end = base + this.#fieldsAt;
      storeLine(storedAs, bytes, base, end, line, version);
    }
    const { contentLength, isChunked } = framing;
    this.head = {
      method: line.method,
      version,
      rawPath: line.rawPath,
      query: line.query,
      headers,
      contentLength,
      hasBody: isChunked || contentLength > 0,
      mayHaveTrailers: isChunked,
      expectsContinue: framing.expectsContinue,
      acceptsTrailers: framing.acceptsTrailers,
      isChunked,
      keepAlive: !framing.closes && (version === "1.1" || framing.keepsAlive),
      upgrade: framing.upgrades && framing.upgrade !== ""
        ? framing.upgrade
        : undefined,
      isForwarded: framing.isForwarded,
    };
    const headBytes = this.#fieldsAt + size;
    this.#line.reset();
    this.#section.reset();
    this.#fieldsAt = 0;
    this.#known = undefined;
    return headBytes;
  }
}

/** There is nothing to be found before the second head was stored. */
function hasStored({ misses }: HeadSource): boolean {
  return misses > 1;
}

/** Counts a head that was not in the cache as a whole. @returns Whether to store it. */
function miss(source: HeadSource): boolean {
  return ++source.misses % STORE_EVERY === 2;
}

/**
 * Requests out of bytes: the head by head_parser.ts, then the body as spans of what was received,
 * its length known or chunked (RFC 9112 §6, §7). Incremental: any cut of the input gives the same
 * outcomes.
 */
import type { HttpFaultCode } from "../faults.ts";
import { copyBytes } from "../bytes/keep_bytes.ts";
import { CR, LF } from "../http/chars.ts";
import { MALFORMED, NEED_MORE, readChunkLine } from "./chunk_line.ts";
import { newKey } from "./head_cache.ts";
import { HeadParser, type HeadSource } from "./head_parser.ts";
import { DEFAULT_LIMITS, type HttpLimits } from "../http/limits.ts";
import type { HeaderField } from "../http/request_head.ts";
import type { Http1RequestHead } from "./request_head.ts";
import type { SeenLine } from "./request_line.ts";
import { FAULT, NEEDS_MORE } from "./scan_result.ts";
import { TrailerParser } from "./trailers.ts";

/** What {@linkcode RequestParser.next} found. */
export type ParserOutcome =
  /** No more to be had from the bytes pushed. */
  | "needMore"
  /** A head: `head` is set. */
  | "head"
  /** A piece of its body: `bytes[start, end)`, lent until the next call. */
  | "body"
  /** The request is whole: `trailers` is set. Comes after every head, body or not. */
  | "end"
  /** The peer broke the rule `fault`; nothing is read any more. */
  | "fault";

/** What comes next in the bytes. */
type Step =
  | "head"
  | "sized"
  | "chunkLine"
  | "chunk"
  | "chunkEnd"
  | "trailers"
  | "end"
  /** Nothing: the peer broke a rule. */
  | "fault"
  /** Nothing: another protocol has the rest. */
  | "taken";

const NOTHING = new Uint8Array(0);
const NO_TRAILERS: readonly HeaderField[] = [];
/** Stands in {@linkcode RequestParser.head} between requests. */
const NO_HEAD: Http1RequestHead = {
  method: "",
  version: "1.1",
  rawPath: "",
  query: "",
  headers: [],
  contentLength: -1,
  hasBody: false,
  mayHaveTrailers: false,
  expectsContinue: false,
  acceptsTrailers: false,
  isChunked: false,
  keepAlive: false,
  upgrade: undefined,
  isForwarded: false,
};
/** Empty lines before a request line are skipped (RFC 9112 §2.2), but not for ever. */
const MAX_BLANK_LINES = 8;

/** What a chunk line says; of whichever connection is being read. */
const chunk = { size: 0 };

/**
 * What reads the head of whichever connection has one; `undefined` while it is at work, and after
 * it was kept by a connection of which only a part of a head was there.
 */
let spareHeadParser: HeadParser | undefined;

function takeHeadParser(): HeadParser {
  const parser = spareHeadParser ?? new HeadParser();
  spareHeadParser = undefined;
  return parser;
}

/** Bytes of a head that is not whole that have been looked at. */
function lookedAt(parser: HeadParser | undefined): number {
  return parser === undefined ? 0 : parser.lookedAt;
}

/** Reads the requests of one connection, one after another. */
export class RequestParser implements HeadSource {
  /** What was found last; gone when the next one is asked for, so that nothing keeps it alive. */
  head: Http1RequestHead = NO_HEAD;
  /** Where the last body piece begins. */
  start = 0;
  /** Of the request that ended last; gone when the next one is asked for. */
  trailers: readonly HeaderField[] = NO_TRAILERS;
  /** What was wrong, after "fault". */
  fault: HttpFaultCode = "BAD_REQUEST_LINE";
  /** See {@linkcode HeadSource}. */
  readonly limits: HttpLimits;
  /** See {@linkcode HeadSource}. */
  readonly key: number = newKey();
  /** See {@linkcode HeadSource}. */
  misses = 0;
  /** While a head is not whole, and once it was refused: an idle connection holds none. */
  #headParser: HeadParser | undefined;
  #trailerParser: TrailerParser | undefined;
  #step: Step = "head";
  /** What was pushed: unread from `#at` to `#inputEnd`. Lent, or ours if `#isOwn`. */
  #input: Uint8Array = NOTHING;
  #at = 0;
  #inputEnd = 0;
  #isOwn = true;
  /** Bytes of the body, or of the chunk, that are still to come. */
  #left = 0;
  #blankLines = 0;
  /** Of a head that was refused. */
  #seenLine: SeenLine | undefined;

  constructor(limits: HttpLimits = DEFAULT_LIMITS) {
    this.limits = limits;
  }

  /** Memory of the last body piece. */
  get bytes(): Uint8Array {
    return this.#input;
  }

  /** Where it ends. */
  get end(): number {
    return this.#at;
  }

  /** Bytes pushed and not looked at yet. A head that is not whole has been looked at. */
  get unreadBytes(): number {
    return this.#inputEnd - this.#at -
      (this.#step === "head" ? lookedAt(this.#headParser) : 0);
  }

  /**
   * Memory kept between calls, in bytes: what is lent, or what it was copied into. For tests, which
   * hold it to the limits.
   */
  get heldBytes(): number {
    return this.#isOwn ? this.#input.length : this.#inputEnd - this.#at;
  }

  /** Whether nothing of a next request has arrived; empty lines do not count, nor do their halves. */
  get isBetweenMessages(): boolean {
    if (this.#step !== "head" || lookedAt(this.#headParser) > 0) return false;
    const unread = this.#inputEnd - this.#at;
    return unread === 0 || (unread === 1 && this.#input[this.#at] === CR);
  }

  /** What is known of the request whose head has begun, or was refused. */
  seenLine(): SeenLine | undefined {
    return this.#step === "head"
      ? this.#headParser?.seenLine(this.#input, this.#at, this.#inputEnd)
      : this.#seenLine;
  }

  /** Hands over what arrived: lent until `next` says "needMore", or `hold` is called. */
  push(bytes: Uint8Array): void {
    if (this.#step === "fault" || this.#step === "taken") return;
    if (this.#at === this.#inputEnd) {
      this.#input = bytes;
      this.#at = 0;
      this.#inputEnd = bytes.length;
      this.#isOwn = false;
      return;
    }
    this.hold();
    this.#append(bytes);
  }

  /** Keeps a copy of what is unread, so that the lent bytes may go. */
  hold(): void {
    if (this.#at === this.#inputEnd) { // an idle connection holds no memory
      this.#forget();
      return;
    }
    if (this.#isOwn) return;
    this.#isOwn = true;
    this.#input = copyBytes(this.#input, this.#at, this.#inputEnd);
    this.#inputEnd -= this.#at;
    this.#at = 0;
  }

  /** Doubles when it is full, so that a head that drips in stays linear. */
  #append(bytes: Uint8Array): void {
    const unread = this.#inputEnd - this.#at;
    const needed = unread + bytes.length;
    if (this.#inputEnd + bytes.length > this.#input.length) {
      const target = needed <= this.#input.length / 2
        ? this.#input
        : new Uint8Array(Math.max(needed, this.#input.length * 2, 256));
      target.set(this.#input.subarray(this.#at, this.#inputEnd));
      this.#input = target;
      this.#at = 0;
      this.#inputEnd = unread;
    }
    this.#input.set(bytes, this.#inputEnd);
    this.#inputEnd += bytes.length;
  }

  /** Takes everything unread, for a protocol that goes on with it. Nothing is read any more. */
  takeRest(): Uint8Array {
    const rest = copyBytes(this.#input, this.#at, this.#inputEnd);
    this.#stop("taken");
    return rest;
  }

  /** Reads on. */
  next(): ParserOutcome {
    for (;;) {
      switch (this.#step) {
        case "head":
          return this.#readHead();
        case "sized":
          return this.#readData("end");
        case "chunkLine": {
          const size = readChunkLine(
            this.#input,
            this.#at,
            this.#inputEnd,
            this.limits.maxChunkLineBytes,
            chunk,
          );
          if (size === NEED_MORE) return this.#needMore();
          if (size < 0) {
            return this.#fail(
              size === MALFORMED ? "BAD_CHUNK_SIZE" : "CHUNK_LINE_TOO_LONG",
            );
          }
          this.#at += size;
          this.#left = chunk.size;
          this.#step = this.#left === 0 ? "trailers" : "chunk";
          break;
        }
        case "chunk":
          return this.#readData("chunkEnd");
        case "chunkEnd": {
          // What stands here is framing to us and would be data to somebody who trusted the size.
          const unread = this.#inputEnd - this.#at;
          if (unread === 0) return this.#needMore();
          if (this.#input[this.#at] !== CR) return this.#fail("BAD_CHUNK_END");
          if (unread === 1) return this.#needMore();
          if (this.#input[this.#at + 1] !== LF) {
            return this.#fail("BAD_CHUNK_END");
          }
          this.#at += 2;
          this.#step = "chunkLine";
          break;
        }
        case "trailers": {
          const outcome = this.#readTrailers();
          if (outcome !== undefined) return outcome;
          break;
        }
        case "end":
          this.#step = "head";
          this.#blankLines = 0;
          return "end";
        case "fault":
          return "fault";
        case "taken":
          return "needMore";
      }
    }
  }

  #needMore(): ParserOutcome {
    this.hold();
    return "needMore";
  }

  #fail(fault: HttpFaultCode): ParserOutcome {
    this.fault = fault;
    this.#seenLine = this.seenLine();
    this.#stop("fault");
    return "fault";
  }

  #stop(step: "fault" | "taken"): void {
    this.#step = step;
    this.#forget();
  }

  #forget(): void {
    this.#input = NOTHING;
    this.start = this.#at = this.#inputEnd = 0;
    this.#isOwn = true;
  }

  #readHead(): ParserOutcome {
    this.head = NO_HEAD;
    this.trailers = NO_TRAILERS;
    if (this.#headParser === undefined) {
      const outcome = this.#skipBlankLines();
      if (outcome !== undefined) return outcome;
    }
    const parser = this.#headParser ?? takeHeadParser();
    const size = parser.parse(this.#input, this.#at, this.#inputEnd, this);
    if (size === NEEDS_MORE || size === FAULT) {
      this.#headParser = parser;
      return size === FAULT ? this.#fail(parser.fault) : this.#needMore();
    }
    this.#at += size;
    const head = this.head = parser.head!;
    parser.head = undefined;
    if (this.#headParser !== undefined) this.#headParser = undefined;
    spareHeadParser = parser;
    this.#left = head.contentLength;
    this.#step = head.isChunked ? "chunkLine" : head.hasBody ? "sized" : "end";
    return "head";
  }

  /** @returns `undefined` once a byte of a head is there. */
  #skipBlankLines(): ParserOutcome | undefined {
    for (;;) {
      if (this.#at === this.#inputEnd) return this.#needMore();
      if (this.#input[this.#at] !== CR) return undefined;
      if (this.#at + 1 === this.#inputEnd) return this.#needMore();
      if (
        this.#input[this.#at + 1] !== LF || ++this.#blankLines > MAX_BLANK_LINES
      ) {
        return this.#fail("BAD_REQUEST_LINE");
      }
      this.#at += 2;
    }
  }

  /** A piece of the body. @param then What follows its last byte. */
  #readData(then: Step): ParserOutcome {
    const size = Math.min(this.#left, this.#inputEnd - this.#at);
    if (size === 0) return this.#needMore();
    this.start = this.#at;
    this.#at += size;
    this.#left -= size;
    if (this.#left === 0) this.#step = then;
    return "body";
  }

  /** @returns `undefined` once the trailer section is whole. */
  #readTrailers(): ParserOutcome | undefined {
    if (this.#trailerParser === undefined) {
      // Nearly always there is nothing but the empty line.
      const outcome = this.#readEmptyTrailers();
      if (outcome !== "fields") return outcome;
    }
    const parser = this.#trailerParser ??= new TrailerParser(this.limits);
    const size = parser.parse(this.#input, this.#at, this.#inputEnd);
    if (size === FAULT) return this.#fail(parser.fault);
    if (size === NEEDS_MORE) return this.#needMore();
    this.#at += size;
    this.trailers = parser.fields;
    this.#trailerParser = undefined;
    this.#step = "end";
    return undefined;
  }

  #readEmptyTrailers(): ParserOutcome | "fields" | undefined {
    const unread = this.#inputEnd - this.#at;
    if (unread === 0) return this.#needMore();
    if (this.#input[this.#at] !== CR) return "fields";
    if (unread === 1) return this.#needMore();
    if (this.#input[this.#at + 1] !== LF) return this.#fail("BAD_TRAILER");
    this.#at += 2;
    this.#step = "end";
    return undefined;
  }
}

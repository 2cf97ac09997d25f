/**
 * Bytes for the request parser, in every way they can arrive.
 *
 * {@linkcode feed} reads one input whole, in single bytes, cut in two at every position and with
 * another message right behind it, demands that all ways come to the same, and returns that. What
 * is pushed is overwritten as soon as the parser may no longer look at it, and its `slice` is a
 * view as that of a `Buffer` is: a parser that keeps lent bytes reads nonsense here.
 */
import assert from "node:assert/strict";
import type { HttpFaultCode } from "../../src/faults.ts";
import { DEFAULT_LIMITS, type HttpLimits } from "../../src/http/limits.ts";
import type { HeaderField } from "../../src/http/request_head.ts";
import type { Http1RequestHead } from "../../src/http1/request_head.ts";
import { RequestParser } from "../../src/http1/request_parser.ts";

/** One request as it was read. */
export interface ReadRequest {
  head: Http1RequestHead;
  /** One character per octet. */
  body: string;
  /** `undefined` while the request is not whole. */
  trailers: readonly HeaderField[] | undefined;
}

/** What an input comes to. */
export interface Reading {
  requests: ReadRequest[];
  fault: HttpFaultCode | undefined;
  /** Whether the input ends between two requests. */
  isBetweenMessages: boolean;
}

/** Limits for {@linkcode feed}; the defaults for what is left out. */
export type SomeLimits = Partial<HttpLimits>;

/** The message that is attached behind the input. */
const NEXT = "GET /next HTTP/1.1\r\nhost: next\r\n\r\n";
/** Inputs up to this size are cut at every position, longer ones at as many positions. */
const MAX_CUTS = 600;

/** Octets of a ByteString. */
export function octets(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** A ByteString of octets. */
export function byteString(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** An array whose `slice` does not copy. */
class LentBytes extends Uint8Array<ArrayBuffer> {
  constructor(...place: [number] | [ArrayBuffer, number, number]) {
    super(...(place as [ArrayBuffer, number, number]));
  }

  override slice(start?: number, end?: number): LentBytes {
    return this.subarray(start, end) as LentBytes;
  }
}

/** A parser and what it has found so far. */
export class Reader {
  readonly parser: RequestParser;
  readonly reading: Reading = {
    requests: [],
    fault: undefined,
    isBetweenMessages: true,
  };
  /** Calls of `next` that found something. */
  outcomes = 0;

  constructor(limits: SomeLimits = {}) {
    this.parser = new RequestParser({ ...DEFAULT_LIMITS, ...limits });
  }

  /** Pushes `bytes`, reads all there is, and spoils what was lent. */
  push(bytes: Uint8Array): void {
    const lent = new LentBytes(bytes.length);
    lent.set(bytes);
    this.parser.push(lent);
    this.#readAll();
    lent.fill(0x58);
    this.reading.isBetweenMessages = this.parser.isBetweenMessages;
  }

  #readAll(): void {
    const { parser, reading } = this;
    for (;;) {
      const outcome = parser.next();
      const request = reading.requests.at(-1);
      switch (outcome) {
        case "needMore":
          return;
        case "head":
          if (request !== undefined) assert.ok(request.trailers, "no end");
          reading.requests.push({
            head: parser.head,
            body: "",
            trailers: undefined,
          });
          break;
        case "body":
          assert.ok(parser.start < parser.end, "a piece is never empty");
          request!.body += byteString(
            parser.bytes.subarray(parser.start, parser.end),
          );
          break;
        case "end":
          request!.trailers = parser.trailers;
          break;
        case "fault":
          reading.fault = parser.fault;
          return;
      }
      this.outcomes++;
    }
  }
}

/** Reads `pieces` one after another with a fresh parser. */
export function readPieces(
  pieces: Iterable<Uint8Array>,
  limits?: SomeLimits,
): Reading {
  const reader = new Reader(limits);
  for (const piece of pieces) reader.push(piece);
  return reader.reading;
}

/** `bytes` in pieces of `size`. */
export function* split(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) {
    yield bytes.subarray(at, at + size);
  }
}

/** Reads `input` in every way, and returns what all of them come to. */
export function feed(input: string, limits?: SomeLimits): Reading {
  const bytes = octets(input);
  const whole = readPieces([bytes], limits);
  assert.deepEqual(readPieces(split(bytes, 1), limits), whole, "single bytes");
  const step = Math.max(1, Math.ceil(bytes.length / MAX_CUTS));
  for (let cut = 1; cut < bytes.length; cut += step) {
    const pieces = [bytes.subarray(0, cut), bytes.subarray(cut)];
    assert.deepEqual(readPieces(pieces, limits), whole, `cut at ${cut}`);
  }
  feedNext(input, whole, limits);
  return whole;
}

/** A message behind the input is read after it, unless the input was refused. */
function feedNext(input: string, whole: Reading, limits?: SomeLimits): void {
  const both = octets(input + NEXT);
  if (whole.fault !== undefined) {
    assert.deepEqual(
      readPieces([both], limits),
      whole,
      "nothing after a fault",
    );
    return;
  }
  // The halves of an empty line would join with what follows.
  if (!whole.isBetweenMessages || input.endsWith("\r")) return;
  const { requests, fault } = readPieces([both], limits);
  // Limits that are smaller than the message refuse it: it has been found where it is all the same.
  if (limits === undefined) assert.equal(fault, undefined, "a next message");
  assert.deepEqual(requests.slice(0, whole.requests.length), whole.requests);
  if (fault !== undefined) return;
  assert.equal(requests.length, whole.requests.length + 1, "a next message");
  assert.equal(requests.at(-1)!.head.rawPath, "/next");
}

/** The one whole request that `input` is. */
export function feedOne(input: string, limits?: SomeLimits): ReadRequest {
  const { requests, fault } = feed(input, limits);
  assert.equal(fault, undefined);
  assert.equal(requests.length, 1);
  assert.notEqual(requests[0].trailers, undefined, "the request is not whole");
  return requests[0];
}

/** Why `input` is refused; `undefined` if it is not. */
export function feedFault(
  input: string,
  limits?: SomeLimits,
): HttpFaultCode | undefined {
  return feed(input, limits).fault;
}

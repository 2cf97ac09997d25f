/**
 * The bytes of one response: its head as it is put together, its framing as soon as it is known,
 * its body. Knows nothing of the order of messages: http_cycle.ts does.
 */
import type { BodyInput, HeaderInput, HeaderList } from "../../asgi.ts";
import { ByteWriter, isAscii } from "../../bytes/byte_writer.ts";
import { emptyFacts, resetFacts } from "../../http/response_fields.ts";
import { writeFields, writeTrailers } from "../../http1/field_writer.ts";
import type { Http1Version } from "../../http1/request_head.ts";
import {
  type ResponseFraming,
  writeChunkedEnd,
  writeChunkEnd,
  writeChunkLine,
  writeHeadEnd,
} from "../../http1/response_framing.ts";
import {
  forbidsBody,
  reasonPhrase,
  statusLine,
} from "../../http/status_lines.ts";
import type { ResponseNotes } from "../exchange/response_notes.ts";
import type { ResponseSink, StreamProblem } from "../exchange/response_sink.ts";
import type { DefaultHeaders } from "../output/default_headers.ts";
import { COPY_LIMIT, type OutputBuffer } from "../output/output_buffer.ts";

const encoder = new TextEncoder();
const CONTINUE = encoder.encode("HTTP/1.1 100 Continue\r\n\r\n");

/** Size of a body that the application left away because HEAD has none: not known. */
const LEFT_AWAY = -2;

/** Texts up to this length are looked through for ASCII and written in place. */
const SHORT_TEXT = 1024;

/** What of the request decides how its response is framed. */
export interface RequestFacts {
  readonly method: string;
  readonly version: Http1Version;
  readonly acceptsTrailers: boolean;
}

/** The connection that responses leave on. */
export interface ResponseOwner {
  /**
   * Decides whether the connection ends after this response. Asked as a head ends, which says so
   * (RFC 9112 §9.6), and again if the response goes wrong behind it.
   *
   * @param isNeeded Whether the response itself ends with the connection, or asks for its end.
   */
  decideClose(isNeeded: boolean): boolean;
}

/** What the server says of the connection with answers of its own. */
const OWN_FIELDS: HeaderList = [
  ["content-type", "text/plain; charset=utf-8"],
  ["connection", "close"],
];

/** One connection's responses, one after another. Refilled by {@linkcode begin}. */
export class Http1Response implements ResponseSink {
  readonly #out: OutputBuffer;
  readonly #defaults: DefaultHeaders;
  readonly #owner: ResponseOwner;
  readonly #facts = emptyFacts();
  /** See {@linkcode ResponseNotes}. */
  readonly notes: ResponseNotes | undefined;
  #isHead = false;
  #isHttp10 = false;
  #acceptsTrailers = false;
  #promisesTrailers = false;
  /** Where the open head begins in the writer. */
  #mark = 0;
  #framing: ResponseFraming = "none";
  #remaining = 0;
  #trailers: ByteWriter | undefined;
  /** Whether the status of the last `start` forbids a body; true before it. */
  #isEmpty = true;
  /** Whether the head is on its way, so that nothing can take it back. */
  isHeadCommitted = false;
  /** Of the last `start`. */
  status = 0;
  /** Body bytes written, framing not counted. */
  bodyBytes = 0;

  /** @param notes Kept for the observers of requests; `undefined` if they need none. */
  constructor(
    out: OutputBuffer,
    defaults: DefaultHeaders,
    owner: ResponseOwner,
    notes?: ResponseNotes,
  ) {
    this.#out = out;
    this.#defaults = defaults;
    this.#owner = owner;
    this.notes = notes;
  }

  /** Forgets the last response. */
  begin(request: RequestFacts): void {
    this.#isHead = request.method === "HEAD";
    this.#isHttp10 = request.version === "1.0";
    this.#acceptsTrailers = request.acceptsTrailers;
    this.#promisesTrailers = false;
    this.#trailers = undefined;
    this.#out.isHeld = false;
    this.isHeadCommitted = false;
    this.status = 0;
    this.#isEmpty = true;
    this.bodyBytes = 0;
    this.notes?.clear();
  }

  /** Whether `start` was taken and the end of the head is not written: it can still be replaced. */
  get isHeadOpen(): boolean {
    return this.#out.isHeld;
  }

  /** Whether the end of the connection is all that tells the peer where the body ends. */
  get endsByClosing(): boolean {
    return this.isHeadCommitted && this.#framing === "untilClose";
  }

  /** Whether a body of this response is never sent: HEAD, 204, 205, 304. */
  get isBodyless(): boolean {
    return this.#isHead || this.#isEmpty;
  }

  /** Whether a body given would be dropped because of the status, not because of HEAD. */
  get forbidsBody(): boolean {
    return !this.#isHead && this.#isEmpty;
  }

  /** Whether trailers were promised with the head, so that the body does not end the response. */
  get promisesTrailers(): boolean {
    return this.#promisesTrailers;
  }

  /** Whether the request was HEAD: the head of its answer is that of GET (RFC 9110 §9.3.2). */
  get isHead(): boolean {
    return this.#isHead;
  }

  /** Whether the peer speaks HTTP/1.0: no interim responses, no chunks. */
  get isHttp10(): boolean {
    return this.#isHttp10;
  }

  /** The `content-length` the application gave and is held to; -1 if none. */
  get declaredLength(): number {
    const isOverruled = this.#facts.asksChunked && !this.#isHttp10;
    return isOverruled ? -1 : this.#facts.contentLength;
  }

  /**
   * Opens the head. It stays in the writer, open, until the first body says how it is framed.
   *
   * @returns What is wrong with the fields, or `undefined`.
   */
  start(
    status: number,
    headers: HeaderInput,
    promisesTrailers: boolean,
  ): string | undefined {
    if (this.notes !== undefined) headers = this.notes.onStart(headers);
    const writer = this.#out.writer;
    const mark = writer.length;
    const prefix = this.#defaults.prefix(status);
    const facts = this.#facts;
    resetFacts(facts);
    writer.writeBytes(prefix);
    let problem: string | undefined = "headers could not be iterated";
    try {
      problem = writeFields(writer, headers, facts);
    } finally {
      if (problem !== undefined) writer.length = mark;
    }
    if (problem !== undefined) return problem;
    if (facts.hasDate || facts.hasServer) {
      const fields = writer.bytes.slice(mark + prefix.length, writer.length);
      writer.length = mark;
      writer.writeBytes(
        this.#defaults.prefixWithout(status, facts.hasDate, facts.hasServer),
      );
      writer.writeBytes(fields);
    }
    this.#mark = mark;
    this.#promisesTrailers = promisesTrailers;
    this.status = status;
    this.#isEmpty = forbidsBody(status);
    this.#out.isHeld = true;
    return undefined;
  }

  /** Takes an open head back, so that another can take its place. */
  retract(): void {
    if (!this.isHeadOpen) return;
    this.#out.writer.length = this.#mark;
    this.#out.isHeld = false;
    this.#trailers = undefined;
  }

  /**
   * Ends the head and thereby commits it.
   *
   * @param wholeSize Size of the whole body in bytes, sent or not; -1 if it is not known.
   */
  endHead(wholeSize: number): void {
    const facts = this.#facts;
    let length = facts.contentLength;
    let told: ResponseFraming;
    if (this.#isEmpty) {
      // 204 has no length; 304 may tell the length that 200 would have (RFC 9110 §8.6). 205 must say
      // that nothing follows: to clients that do not know it, it is a status like 200 (§15.3.6).
      if (this.status === 205) length = 0;
      else if (this.status !== 304) length = -1;
      told = "none";
    } else if (
      !this.#isHttp10 &&
      (facts.asksChunked || (this.#promisesTrailers && length < 0))
    ) {
      told = "chunked"; // and never beside a content-length
    } else if (length >= 0) {
      told = "length";
    } else if (wholeSize === LEFT_AWAY) {
      told = "none";
    } else if (wholeSize >= 0) {
      told = "length";
      length = wholeSize;
    } else {
      told = this.#isHttp10 ? "untilClose" : "chunked";
    }
    const closes = this.#owner.decideClose(
      told === "untilClose" || facts.closes,
    );
    // RFC 9112 §9.3: HTTP/1.0 takes the end for granted, and must be told that there is none yet.
    const persistence = closes ? "closes" : this.#isHttp10 ? "keeps" : "untold";
    writeHeadEnd(this.#out.writer, told, length, facts, persistence);
    // Where the status forbids a body, none was told.
    this.#framing = this.#isHead ? "none" : told;
    this.#remaining = length;
    this.#out.isHeld = false;
    this.isHeadCommitted = true;
    this.notes?.onHeadCommitted();
  }

  /**
   * Takes a piece of the body.
   *
   * @param isLast Whether the body ends with it.
   */
  write(body: BodyInput, isLast: boolean): StreamProblem | undefined {
    if (typeof body === "string") {
      if (body.length <= SHORT_TEXT && isAscii(body)) {
        return this.#write(body, body.length, isLast);
      }
      body = encoder.encode(body);
    }
    return this.#write(body, body.length, isLast);
  }

  /** @param body Bytes, or text of ASCII only. */
  #write(
    body: BodyInput,
    size: number,
    isLast: boolean,
  ): StreamProblem | undefined {
    const out = this.#out;
    if (this.isHeadOpen) {
      const declared = this.declaredLength;
      if (declared >= 0 && !this.isBodyless) {
        // Known before anything has left: the head can still become a 500.
        if (size > declared) return tooLong(declared);
        if (isLast && size < declared) return tooShort(declared, false);
      }
      this.endHead(
        !isLast ? -1 : size === 0 && this.#isHead ? LEFT_AWAY : size,
      );
    }
    let problem: StreamProblem | undefined;
    switch (this.#framing) {
      case "none":
        return undefined;
      case "length":
        if (size > this.#remaining) {
          this.#owner.decideClose(true);
          return tooLong(this.#facts.contentLength);
        }
        this.#remaining -= size;
        if (isLast && this.#remaining > 0) {
          this.#owner.decideClose(true);
          problem = tooShort(this.#facts.contentLength, true);
        }
        this.#put(body, size);
        break;
      case "chunked":
        if (size > 0) { // an empty chunk would end the body
          writeChunkLine(out.writer, size);
          this.#put(body, size);
          writeChunkEnd(out.writer);
        }
        if (isLast && !this.#promisesTrailers) {
          writeChunkedEnd(out.writer, undefined);
        }
        break;
      case "untilClose":
        this.#put(body, size);
        break;
    }
    this.bodyBytes += size;
    return problem;
  }

  #put(body: BodyInput, size: number): void {
    if (typeof body === "string") this.#out.writer.writeAscii(body);
    else if (size <= COPY_LIMIT) this.#out.writer.writeBytes(body);
    else this.#out.writeLarge(body);
  }

  /** Takes trailer fields. @returns What is wrong with them, or `undefined`. */
  addTrailers(fields: HeaderInput): string | undefined {
    const trailers = this.#trailers ??= new ByteWriter(256);
    const mark = trailers.length;
    const problem = writeTrailers(trailers, fields);
    if (problem !== undefined) trailers.length = mark;
    return problem;
  }

  /** Ends a body whose trailers were promised. They travel only if the peer asked. */
  endWithTrailers(): void {
    if (this.#framing !== "chunked") return;
    const trailers = this.#trailers;
    const sent = this.#acceptsTrailers && trailers !== undefined;
    writeChunkedEnd(
      this.#out.writer,
      sent ? trailers.bytes.subarray(0, trailers.length) : undefined,
    );
  }

  /** Writes `100 Continue`. The head must not have been started. */
  writeContinue(): void {
    this.#out.writer.writeBytes(CONTINUE);
  }

  /**
   * Writes an interim response in front of a head that has not left.
   *
   * @returns What is wrong with the fields, or `undefined`.
   */
  writeInterim(status: number, headers: HeaderInput): string | undefined {
    const interim = new ByteWriter(256);
    interim.writeBytes(statusLine(status));
    const facts = emptyFacts();
    const problem = writeFields(interim, headers, facts);
    if (problem !== undefined) return problem;
    writeHeadEnd(interim, "none", -1, facts, "untold");
    const bytes = interim.bytes.subarray(0, interim.length);
    if (this.isHeadOpen) {
      this.#out.writer.insert(this.#mark, bytes);
      this.#mark += bytes.length;
    } else {
      this.#out.writer.writeBytes(bytes);
    }
    return undefined;
  }

  /** Writes a whole response of the server's own: plain text, and the connection ends after it. */
  writeWhole(
    status: number,
    text: string = reasonPhrase(status),
    headers: HeaderInput = [],
  ): void {
    this.retract();
    const problem = this.start(status, [...OWN_FIELDS, ...headers], false);
    if (problem !== undefined) {
      throw new Error(`Cannot write response of our own: ${problem}`);
    }
    this.write(text, true);
  }
}

function tooLong(declared: number): StreamProblem {
  return {
    message:
      `Response content longer than Content-Length: expected ${declared} bytes`,
    isPartial: false,
  };
}

function tooShort(declared: number, isPartial: boolean): StreamProblem {
  return {
    message:
      `Response content shorter than Content-Length: expected ${declared} bytes`,
    isPartial,
  };
}

/**
 * Where a response ends, and whether the connection goes on, as bytes: the fields that say so, and
 * chunks (RFC 9112 §6, §7, §9). `connection/http1/http1_response.ts` decides, this file writes.
 */
import type { ByteWriter } from "../bytes/byte_writer.ts";
import { splitList } from "../http/lists.ts";
import type { HeadFacts } from "../http/response_fields.ts";

const encoder = new TextEncoder();
const CRLF = encoder.encode("\r\n");
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
  let options = splitList(facts.connection).filter((option) => option !== "");
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

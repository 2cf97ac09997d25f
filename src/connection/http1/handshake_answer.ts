/** The 101 that turns a connection into a WebSocket (RFC 6455 §4.2.2). */
import type { HeaderInput } from "../../asgi.ts";
import { ByteWriter } from "../../bytes/byte_writer.ts";
import { latin1 } from "../../bytes/latin1.ts";
import { emptyFacts } from "../../http/response_fields.ts";
import { writeFields } from "../../http1/field_writer.ts";
import type { DefaultHeaders } from "../output/default_headers.ts";

/** Fields of the handshake itself: the application must not set them (ASGI: WebSocket Accept). */
const HANDSHAKE_FIELDS: ReadonlySet<string> = new Set([
  "connection",
  "upgrade",
  "content-length",
  "transfer-encoding",
  "sec-websocket-accept",
  "sec-websocket-extensions",
  "sec-websocket-key",
  "sec-websocket-protocol",
  "sec-websocket-version",
]);

/** What the handshake agreed on. */
export interface HandshakeAnswer {
  /** The digest of the client's key. */
  readonly accept: string;
  /** The one chosen, one of those offered. */
  readonly subprotocol: string | undefined;
  /** Value of `sec-websocket-extensions`. */
  readonly extensions: string | undefined;
}

/**
 * Writes the answer, the application's own fields last.
 *
 * @returns What is wrong with those fields; then nothing was written.
 */
export function writeHandshakeAnswer(
  out: ByteWriter,
  defaults: DefaultHeaders,
  answer: HandshakeAnswer,
  headers: HeaderInput,
): string | undefined {
  const facts = emptyFacts();
  const fields = new ByteWriter(256);
  const list = [...headers]; // an iterable may be read only once
  const problem = writeFields(fields, list, facts);
  if (problem !== undefined) return problem;
  for (const [given] of list) {
    const name = typeof given === "string"
      ? given
      : latin1(given, 0, given.length);
    if (HANDSHAKE_FIELDS.has(name.toLowerCase())) {
      return `header "${name.toLowerCase()}" belongs to the handshake`;
    }
  }
  out.writeBytes(
    facts.hasDate || facts.hasServer
      ? defaults.prefixWithout(101, facts.hasDate, facts.hasServer)
      : defaults.prefix(101),
  );
  out.writeAscii("upgrade: websocket\r\nconnection: upgrade\r\n");
  out.writeAscii(`sec-websocket-accept: ${answer.accept}\r\n`);
  if (answer.subprotocol !== undefined) {
    out.writeAscii(`sec-websocket-protocol: ${answer.subprotocol}\r\n`);
  }
  if (answer.extensions !== undefined) {
    out.writeAscii(`sec-websocket-extensions: ${answer.extensions}\r\n`);
  }
  out.writeBytes(fields.bytes.subarray(0, fields.length));
  out.writeAscii("\r\n");
  return undefined;
}

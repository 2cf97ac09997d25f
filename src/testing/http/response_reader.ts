/** Responses as a strict client reads them (RFC 9112 §4, §6.3, §7.1). */
import { forbidsBody } from "../../http/status_lines.ts";
import { ConnectionLost, ProtocolViolation } from "../errors.ts";
import type { Inbound } from "../network/inbound.ts";

/** Header or trailer fields as sent: order, case and duplicates kept. */
export type RawFields = readonly (readonly [name: string, value: string])[];

/** What stands in front of a body. */
export interface ResponseHead {
  readonly status: number;
  /** The phrase behind the status. */
  readonly reason: string;
  readonly fields: RawFields;
}

const STATUS_LINE = /^HTTP\/1\.1 ([1-9]\d\d) ([\t\x20-\x7e\x80-\xff]*)$/;
const FIELD_LINE =
  /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t ]*((?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?)[\t ]*$/;

/** Reads the head of a response, which may be an informational one. */
export async function readHead(inbound: Inbound): Promise<ResponseHead> {
  const line = await inbound.line();
  if (line === undefined) {
    throw new ConnectionLost(
      "Cannot read response: the connection ended before it",
      "ended",
    );
  }
  const [, status, reason] = STATUS_LINE.exec(line) ?? [];
  if (status === undefined) {
    throw new ProtocolViolation(
      `Cannot read status line ${JSON.stringify(line)}`,
    );
  }
  return {
    status: Number(status),
    reason: reason!,
    fields: await readFields(inbound),
  };
}

/** Reads fields up to and with the empty line. */
async function readFields(inbound: Inbound): Promise<RawFields> {
  const fields: [string, string][] = [];
  for (;;) {
    const line = await inbound.line();
    if (line === undefined) {
      throw new ConnectionLost(
        "Cannot read fields: the connection ended within them",
        "ended",
      );
    }
    if (line === "") return fields;
    const [, name, value] = FIELD_LINE.exec(line) ?? [];
    if (name === undefined) {
      throw new ProtocolViolation(`Cannot read field ${JSON.stringify(line)}`);
    }
    fields.push([name, value!]);
  }
}

/** Values of all fields of that name, given in lower case. */
export function valuesOf(fields: RawFields, name: string): string[] {
  return fields.filter(([one]) => one.toLowerCase() === name)
    .map(([, value]) => value);
}

/** How a body tells where it ends. */
type Framing =
  | { readonly kind: "none" | "chunked" | "close" }
  | { readonly kind: "length"; readonly length: number };

function framingOf(head: ResponseHead, method: string): Framing {
  const lengths = valuesOf(head.fields, "content-length");
  const codings = valuesOf(head.fields, "transfer-encoding");
  if (method === "HEAD" || forbidsBody(head.status)) return { kind: "none" };
  if (codings.length > 0) {
    if (
      codings.length > 1 || codings[0]!.toLowerCase() !== "chunked" ||
      lengths.length > 0
    ) {
      throw new ProtocolViolation(
        `Cannot tell where the body ends: transfer-encoding ${
          JSON.stringify(codings.join(", "))
        }, content-length ${JSON.stringify(lengths.join(", "))}`,
      );
    }
    return { kind: "chunked" };
  }
  if (lengths.length === 0) return { kind: "close" };
  if (lengths.length > 1 || !/^\d{1,15}$/.test(lengths[0]!)) {
    throw new ProtocolViolation(
      `Cannot read content-length ${JSON.stringify(lengths.join(", "))}`,
    );
  }
  return { kind: "length", length: Number(lengths[0]) };
}

/** The body of one response, piece by piece. */
export class BodyReader {
  /** What came behind the last chunk; set when the body has ended. */
  trailers: RawFields = [];
  readonly #inbound: Inbound;
  readonly #framing: Framing;
  /** Of the whole body, or of the present chunk. */
  #left: number;
  #hasEnded: boolean;
  #isFirstChunk = true;

  constructor(inbound: Inbound, head: ResponseHead, method: string) {
    const framing = this.#framing = framingOf(head, method);
    this.#inbound = inbound;
    this.#left = framing.kind === "length" ? framing.length : 0;
    this.#hasEnded = framing.kind === "none" ||
      (framing.kind === "length" && framing.length === 0);
  }

  /** Whether there is no body, or no more of it. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Whether the end of the body is the end of the connection. */
  get endsConnection(): boolean {
    return this.#framing.kind === "close";
  }

  /** The next piece; `undefined` at the end. @throws ConnectionLost if it is cut short. */
  async next(): Promise<Uint8Array | undefined> {
    if (this.#hasEnded) return undefined;
    switch (this.#framing.kind) {
      case "close":
        return await this.#inbound.some() ?? this.#end();
      case "length":
        return await this.#piece();
      default:
        if (this.#left === 0 && !await this.#startChunk()) return this.#end();
        return await this.#piece();
    }
  }

  #end(): undefined {
    this.#hasEnded = true;
    return undefined;
  }

  async #piece(): Promise<Uint8Array> {
    const bytes = await this.#inbound.some(this.#left);
    if (bytes === undefined) {
      throw new ConnectionLost(
        "Cannot read body: the connection ended within it",
        "ended",
      );
    }
    this.#left -= bytes.length;
    if (this.#left === 0 && this.#framing.kind === "length") this.#end();
    return bytes;
  }

  /** Reads the line in front of a chunk; false if it is the last one, with the trailers read. */
  async #startChunk(): Promise<boolean> {
    const inbound = this.#inbound;
    if (!this.#isFirstChunk && await inbound.line() !== "") {
      throw new ProtocolViolation("Cannot read chunk: expected CRLF behind it");
    }
    this.#isFirstChunk = false;
    const line = await inbound.line();
    if (line === undefined) {
      throw new ConnectionLost(
        "Cannot read body: the connection ended before its last chunk",
        "ended",
      );
    }
    if (!/^[0-9a-f]{1,12}$/i.test(line)) {
      throw new ProtocolViolation(
        `Cannot read chunk size ${JSON.stringify(line)}`,
      );
    }
    this.#left = parseInt(line, 16);
    if (this.#left > 0) return true;
    this.trailers = await readFields(inbound);
    return false;
  }
}

/** The lines every response begins with, rendered once a second and not once a request. */
import { ByteWriter } from "../../bytes/byte_writer.ts";
import { emptyFacts } from "../../http/response_fields.ts";
import { writeFields } from "../../http1/field_writer.ts";
import { statusLine } from "../../http/status_lines.ts";

/** Which lines a server adds by itself. */
export interface DefaultHeaderOptions {
  /** Whether to send `date` (RFC 9110 §6.6.1). */
  readonly date: boolean;
  /** The `server` value, or `undefined` for none. */
  readonly server: string | undefined;
  /** The operator's own, checked when they were configured. */
  readonly headers: readonly (readonly [string, string])[];
}

/**
 * Status line, `date`, `server` and the operator's headers, in this order, as one run of bytes for
 * each status.
 */
export class DefaultHeaders {
  readonly #sendsDate: boolean;
  readonly #serverLine: Uint8Array;
  readonly #configured: Uint8Array;
  #prefixes = new Map<number, Uint8Array>();
  #dateLine: Uint8Array = new Uint8Array(0);
  #second = -1;

  constructor(options: DefaultHeaderOptions) {
    const hasOwnDate = options.headers.some(([name]) =>
      name.toLowerCase() === "date"
    );
    this.#sendsDate = options.date && !hasOwnDate;
    // A configured `server` takes the place of ours.
    const hasOwnServer = options.headers.some(([name]) =>
      name.toLowerCase() === "server"
    );
    const server = hasOwnServer ? undefined : options.server;
    this.#serverLine = lines(server === undefined ? [] : [["server", server]]);
    this.#configured = lines(options.headers);
  }

  /** Renders the date anew if the second has changed. @param epochMs Wall-clock time. */
  refresh(epochMs: number): void {
    const second = Math.floor(epochMs / 1000);
    if (!this.#sendsDate || second === this.#second) return;
    this.#second = second;
    this.#dateLine = lines([["date", new Date(second * 1000).toUTCString()]]);
    this.#prefixes = new Map();
  }

  /** The bytes before the application's own fields. Shared, not to be changed. */
  prefix(status: number): Uint8Array {
    let bytes = this.#prefixes.get(status);
    if (bytes === undefined) {
      bytes = this.prefixWithout(status, false, false);
      this.#prefixes.set(status, bytes);
    }
    return bytes;
  }

  /** The same for an application that brought a `date` or `server` of its own. */
  prefixWithout(
    status: number,
    hasDate: boolean,
    hasServer: boolean,
  ): Uint8Array {
    const out = new ByteWriter(256);
    out.writeBytes(statusLine(status));
    if (!hasDate) out.writeBytes(this.#dateLine);
    if (!hasServer) out.writeBytes(this.#serverLine);
    out.writeBytes(this.#configured);
    return out.bytes.slice(0, out.length);
  }
}

function lines(headers: readonly (readonly [string, string])[]): Uint8Array {
  const out = new ByteWriter(64);
  const problem = writeFields(out, headers, emptyFacts());
  // The configuration was checked before: this is our own mistake.
  if (problem !== undefined) {
    throw new Error(`Cannot render default headers: ${problem}`);
  }
  return out.bytes.slice(0, out.length);
}

/** One parsed request head, whatever the version of HTTP. */
import type { HttpVersion } from "../asgi.ts";

/** A field as received: name in lower case, value without blanks around it. */
export type HeaderField = [name: string, value: string];

/**
 * What a request's head says. A fresh one for each request: its strings and pairs go on to the
 * application.
 */
export interface RequestHead {
  /** As received; methods are case-sensitive (RFC 9110 §9.1). */
  readonly method: string;
  readonly version: HttpVersion;
  /** The path's octets as received: no query, no fragment; `*` for the asterisk form. */
  readonly rawPath: string;
  /** The octets after the first `?`; `""` if none. */
  readonly query: string;
  /** In the order of arrival, repeats kept. */
  readonly headers: HeaderField[];
  /** In bytes; -1 if not given. */
  readonly contentLength: number;
  /** Whether any body bytes are announced. */
  readonly hasBody: boolean;
  /** Whether trailer fields may follow the body (RFC 9110 §6.5). */
  readonly mayHaveTrailers: boolean;
  /** Whether the peer waits for `100 Continue`. */
  readonly expectsContinue: boolean;
  /** Whether `te` lists `trailers` (RFC 9110 §10.1.4). */
  readonly acceptsTrailers: boolean;
  /** Whether `forwarded` or one of `x-forwarded-…` is among `headers`: a note of the parser's. */
  readonly isForwarded: boolean;
}

/** One parsed request head. */

/** A field as received: name in lower case, value without blanks around it. */
export type HeaderField = [name: string, value: string];

/** What its first line says. */
export type RequestLine = Pick<
  RequestHead,
  "method" | "version" | "rawPath" | "query"
>;

/** What can be told of the first line of a head that is not whole, or was refused; for the log. */
export interface SeenLine {
  /** Cut after some characters, as are the others. */
  readonly method: string;
  readonly rawPath: string;
  readonly query: string;
  /** Two digits and a dot; `""` if it was not read. */
  readonly version: string;
}

/**
 * What a request's head says. A fresh one for each request: its strings and pairs go on to the
 * application.
 */
export interface RequestHead {
  /** As received; methods are case-sensitive (RFC 9110 §9.1). */
  readonly method: string;
  readonly version: "1.0" | "1.1";
  /** The path's octets as received: no query, no fragment; `*` for the asterisk form. */
  readonly rawPath: string;
  /** The octets after the first `?`; `""` if none. */
  readonly query: string;
  /** In the order of arrival, repeats kept. */
  readonly headers: HeaderField[];
  /** In bytes; -1 if not given. */
  readonly contentLength: number;
  /** Whether the body comes in chunks. */
  readonly isChunked: boolean;
  /** Whether any body bytes are announced. */
  readonly hasBody: boolean;
  /** Whether the peer wants the connection kept (RFC 9112 §9.3). */
  readonly keepAlive: boolean;
  /** Whether the peer waits for `100 Continue`. */
  readonly expectsContinue: boolean;
  /** Whether `te` lists `trailers` (RFC 9110 §10.1.4). */
  readonly acceptsTrailers: boolean;
  /** The protocol asked for, in lower case, if `connection` says so too. */
  readonly upgrade: string | undefined;
}

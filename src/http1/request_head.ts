/** The head of an HTTP/1.1 request. */
import type { HttpVersion } from "../asgi.ts";
import type { RequestHead } from "../http/request_head.ts";

/** The versions that this parser reads. */
export type Http1Version = Extract<HttpVersion, "1.0" | "1.1">;

/** A request head with what only HTTP/1.1 has: chunks, persistence, upgrades. */
export interface Http1RequestHead extends RequestHead {
  readonly version: Http1Version;
  /** Whether the body comes in chunks (RFC 9112 §7.1). */
  readonly isChunked: boolean;
  /** Whether the peer wants the connection kept (RFC 9112 §9.3). */
  readonly keepAlive: boolean;
  /** The protocol asked for, in lower case, if `connection` says so too (RFC 9110 §7.8). */
  readonly upgrade: string | undefined;
}

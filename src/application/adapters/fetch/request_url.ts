/** The URL of a request, from what its scope holds. */
import type { HttpScope, WebSocketScope } from "../../../asgi.ts";

/**
 * The absolute URL that was asked for: scheme and host as a trusted proxy or the client named them,
 * path and query as they were received. Parsing it is the constructor's of `Request`.
 *
 * @param host The field `host`; `undefined` or `""` takes the local address of the connection.
 */
export function requestUrl(
  scope: HttpScope | WebSocketScope,
  host: string | undefined,
): string {
  return givenOrigin(scope, host) + targetOf(scope);
}

/**
 * The same as a `Request` shows it: normalised by the URL standard, which most targets are already.
 *
 * @throws TypeError if the host that was asked for cannot stand in a URL.
 */
export function normalUrl(
  scope: HttpScope | WebSocketScope,
  host: string | undefined,
): string {
  const given = givenOrigin(scope, host);
  const target = targetOf(scope);
  const origin = knownOrigins.get(given) ?? learnOrigin(given);
  if (isNormal(target)) return origin + target;
  const url = new URL(given + target);
  if (url.username !== "" || url.password !== "") throw credentials();
  return url.href;
}

/**
 * What the URL standard leaves as it is: no dot segment, nothing that is percent-encoded or dropped.
 * Not all of it, but what is usual. See the test, which asks the URL standard.
 */
const NORMAL_TARGET =
  /^(?:\/(?!\.|%2e)[\w!$%&()*+,\-.:;=@~]*)+(?:\?[\w!$%&()*+,\-.\/:;=?@~[\]]*)?$/i;

function isNormal(target: string): boolean {
  return target === "/" || NORMAL_TARGET.test(target);
}

/** Origins as they are given, and normalised. Servers have few; clients may think of more. */
const knownOrigins = new Map<string, string>();
const MOST_ORIGINS = 64;

function learnOrigin(given: string): string {
  const { origin, username, password, pathname, search, hash } = new URL(given);
  if (username !== "" || password !== "") throw credentials();
  // The host is the parser's to check: what is more than one is left to the whole URL.
  const isHost = pathname === "/" && search === "" && hash === "";
  if (!isHost) throw new TypeError(`Cannot make a URL of "${given}"`);
  if (knownOrigins.size >= MOST_ORIGINS) knownOrigins.clear();
  knownOrigins.set(given, origin);
  return origin;
}

function credentials(): TypeError {
  return new TypeError("Cannot make a Request of a URL that has credentials");
}

function givenOrigin(
  scope: HttpScope | WebSocketScope,
  host: string | undefined,
): string {
  return `${httpScheme(scope.scheme)}://${host || localHost(scope)}`;
}

/** Path and query, as they were received. */
function targetOf(scope: HttpScope | WebSocketScope): string {
  const { raw_path: rawPath, query_string: query } = scope;
  const path = rawPath ?? encodeURI(scope.path);
  // The asterisk of OPTIONS is no path (RFC 9112 §3.2.4), and a URL needs one.
  const absolute = path === "*" ? "/*" : path;
  return query === "" ? absolute : absolute + "?" + query;
}

/** Handshakes are HTTP requests, and frameworks route them as such. */
function httpScheme(scheme: string): string {
  if (scheme === "ws") return "http";
  return scheme === "wss" ? "https" : scheme;
}

/** HTTP/1.0 asks without a host, and one may be empty (RFC 9112 §3.2). */
function localHost({ server }: HttpScope | WebSocketScope): string {
  if (server === null || server[1] === null) return "localhost";
  const [host, port] = server;
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

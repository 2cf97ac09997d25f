/** A parsed head, its origin and its connection into an ASGI scope. */
import type {
  AsgiVersions,
  ClientAddress,
  ConnectionExtension,
  HeaderList,
  HttpExtensions,
  HttpScope,
  SignalExtension,
  State,
  TlsExtension,
  WebSocketExtensions,
  WebSocketScope,
} from "../../asgi.ts";
import { decodePath } from "../../http/percent.ts";
import type { RequestHead } from "../../http/request_head.ts";
import type { ServerContext } from "../context.ts";
import type { ConnectionInfo } from "./connection_info.ts";
import type { RequestOrigin } from "./request_origin.ts";

/** The exchange behind a scope, asked when the application reads an entry. */
export interface ScopedExchange {
  readonly abortSignal: AbortSignal;
}

/** The same of a request. */
export interface ScopedRequest extends ScopedExchange {
  readonly body: { readonly trailers: Promise<HeaderList> };
}

/** One frozen object for all scopes. */
const HTTP_VERSIONS: AsgiVersions = Object.freeze({
  version: "3.0",
  spec_version: "2.5",
});
const YES = Object.freeze({});
const WITH_RANGE = Object.freeze({ range: true } as const);

/** Fresh for each scope: a shared one would have to be frozen, which costs 250 bytes on Bun. */
function clientOf({ client }: RequestOrigin): ClientAddress | null {
  return client === undefined ? null : [client.host, client.port];
}

/** The entry `abort_signal` of one exchange. */
class AbortEntry implements SignalExtension {
  readonly #exchange: ScopedExchange;

  constructor(exchange: ScopedExchange) {
    this.#exchange = exchange;
  }

  get signal(): AbortSignal {
    return this.#exchange.abortSignal;
  }
}

/** The entry `http.request.trailers` of one request. */
class TrailersEntry {
  readonly #request: ScopedRequest;

  constructor(request: ScopedRequest) {
    this.#request = request;
  }

  get trailers(): Promise<HeaderList> {
    return this.#request.body.trailers;
  }
}

/** Adds the entry that only TLS connections have; `E` is not frozen yet. */
function withTls<E extends { readonly tls?: TlsExtension }>(
  extensions: E,
  context: ServerContext,
  info: ConnectionInfo,
): E {
  if (info.tls !== undefined) {
    (extensions as { tls?: TlsExtension }).tls = info.tlsExtension ??= context
      .tlsExtension!(info.tls);
  }
  return extensions;
}

/** A copy, so that `requests` stays what it was for this scope. */
function connectionOf(info: ConnectionInfo): ConnectionExtension {
  const { id, requests, alpn } = info;
  return { id, requests, alpn };
}

/** What works on this request and nothing else. */
function extensionsOf(
  head: RequestHead,
  context: ServerContext,
  info: ConnectionInfo,
  request: ScopedRequest,
): HttpExtensions {
  if (head.version === "1.0") {
    return {
      "http.response.pathsend": WITH_RANGE,
      abort_signal: new AbortEntry(request),
      drain_signal: context.drainSignal,
      connection: connectionOf(info),
    };
  }
  // Each in one literal: adding a key to an object costs more than the six in it.
  const extensions: {
    -readonly [K in keyof HttpExtensions]: HttpExtensions[K];
  } = context.settings.offersEarlyHints
    ? {
      "http.response.pathsend": WITH_RANGE,
      abort_signal: new AbortEntry(request),
      drain_signal: context.drainSignal,
      connection: connectionOf(info),
      "http.response.trailers": YES,
      "http.response.early_hint": YES,
    }
    : {
      "http.response.pathsend": WITH_RANGE,
      abort_signal: new AbortEntry(request),
      drain_signal: context.drainSignal,
      connection: connectionOf(info),
      "http.response.trailers": YES,
    };
  if (head.isChunked) {
    extensions["http.request.trailers"] = new TrailersEntry(request);
  }
  return extensions;
}

/** The decoded path that applications and log lines see. */
export function scopePath(
  head: RequestHead,
  { rootPath }: RequestOrigin,
  prefixesRootPath: boolean,
): string {
  const path = decodePath(head.rawPath);
  // The asterisk of OPTIONS is no path that could be mounted somewhere (RFC 9112 §3.2.4).
  return prefixesRootPath && rootPath !== "" && path !== "*"
    ? rootPath + path
    : path;
}

/** Builds the scope of one request: a plain object, fields always in this order. */
export function httpScope(
  head: RequestHead,
  path: string,
  origin: RequestOrigin,
  info: ConnectionInfo,
  context: ServerContext,
  request: ScopedRequest,
): HttpScope<State> {
  return {
    type: "http",
    asgi: HTTP_VERSIONS,
    http_version: head.version,
    method: head.method,
    scheme: origin.scheme,
    path,
    raw_path: head.rawPath,
    query_string: head.query,
    root_path: origin.rootPath,
    headers: head.headers,
    client: clientOf(origin),
    server: info.server,
    state: { ...context.state },
    extensions: withTls(
      extensionsOf(head, context, info, request),
      context,
      info,
    ),
  };
}

/** Builds the scope of one WebSocket, as {@linkcode httpScope} does for a request. */
export function websocketScope(
  head: RequestHead,
  path: string,
  subprotocols: readonly string[],
  origin: RequestOrigin,
  info: ConnectionInfo,
  context: ServerContext,
  exchange: ScopedExchange,
): WebSocketScope<State> {
  return {
    type: "websocket",
    asgi: HTTP_VERSIONS,
    http_version: head.version,
    scheme: origin.scheme === "https" ? "wss" : "ws",
    path,
    raw_path: head.rawPath,
    query_string: head.query,
    root_path: origin.rootPath,
    headers: head.headers,
    client: clientOf(origin),
    server: info.server,
    subprotocols,
    state: { ...context.state },
    extensions: withTls<WebSocketExtensions>(
      {
        "websocket.http.response": YES,
        "websocket.compress": YES,
        abort_signal: new AbortEntry(exchange),
        drain_signal: context.drainSignal,
        connection: connectionOf(info),
      },
      context,
      info,
    ),
  };
}

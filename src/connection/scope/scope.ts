/** A parsed head, its origin and its connection into an ASGI scope. */
import type {
  AbortExtension,
  AsgiVersions,
  ClientAddress,
  ConnectionExtension,
  HeaderList,
  HttpExtensions,
  HttpScope,
  RequestHeaders,
  RequestIdExtension,
  RequestTimeoutExtension,
  SignalExtension,
  State,
  TlsExtension,
  UpgradeExtension,
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
  /** Ends the connection without the rest of the answer. */
  abandon(): void;
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

/** The same of one request, which its application may end. */
class RequestAbortEntry implements AbortExtension {
  readonly #request: ScopedRequest;

  constructor(request: ScopedRequest) {
    this.#request = request;
  }

  get signal(): AbortSignal {
    return this.#request.abortSignal;
  }

  abort(): void {
    this.#request.abandon();
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

/** Extensions that depend on the connection or on an option. */
interface Details {
  readonly tls?: TlsExtension;
  readonly request_id?: RequestIdExtension;
  readonly request_timeout?: RequestTimeoutExtension;
  readonly "http.upgrade"?: UpgradeExtension;
}

/** Adds the entries that not every request has; `extensions` is not frozen yet. */
function withDetails<E extends Details>(
  extensions: E,
  context: ServerContext,
  info: ConnectionInfo,
  requestId: string | undefined,
  deadline?: JudgedRequest["deadline"],
  upgrade?: UpgradeExtension,
): E {
  const details: { -readonly [K in keyof Details]: Details[K] } = extensions;
  if (info.tls !== undefined) {
    details.tls = info.tlsExtension ??= context.tlsExtension!(info.tls);
  }
  if (requestId !== undefined) details.request_id = { id: requestId };
  if (deadline !== undefined) {
    details.request_timeout = { set: (seconds) => deadline.set(seconds) };
  }
  if (upgrade !== undefined) details["http.upgrade"] = upgrade;
  return extensions;
}

/**
 * A copy, so that `requests` stays what it was for this scope.
 *
 * @param client That of the same scope, which is the peer unless a proxy has told another.
 */
function connectionOf(
  info: ConnectionInfo,
  origin: RequestOrigin,
  client: ClientAddress | null,
): ConnectionExtension {
  const { id, requests, tls } = info;
  const peer = origin.client === info.client ? client : clientOf(info);
  return { id, requests, alpn: tls?.alpn ?? null, peer };
}

/** The fields of the scope: those received, with the host that a proxy says was asked for. */
function headersOf(
  { headers }: RequestHead,
  { host }: RequestOrigin,
): RequestHeaders {
  // Read-only here, and not for `new Headers()`.
  const list = headers as RequestHeaders;
  if (host === undefined) return list;
  return [["host", host], ...list.filter(([name]) => name !== "host")];
}

/** What works on this request and nothing else. */
function extensionsOf(
  head: RequestHead,
  context: ServerContext,
  info: ConnectionInfo,
  request: ScopedRequest,
  origin: RequestOrigin,
  client: ClientAddress | null,
): HttpExtensions {
  if (head.version === "1.0") {
    return {
      "http.response.pathsend": WITH_RANGE,
      abort_signal: new RequestAbortEntry(request),
      drain_signal: context.drainSignal,
      topics: context.topics,
      connection: connectionOf(info, origin, client),
    };
  }
  // Each in one literal: adding a key to an object costs more than the six in it.
  const extensions: {
    -readonly [K in keyof HttpExtensions]: HttpExtensions[K];
  } = context.settings.offersEarlyHints
    ? {
      "http.response.pathsend": WITH_RANGE,
      abort_signal: new RequestAbortEntry(request),
      drain_signal: context.drainSignal,
      topics: context.topics,
      connection: connectionOf(info, origin, client),
      "http.response.trailers": YES,
      "http.response.informational": YES,
      "http.response.early_hint": YES,
    }
    : {
      "http.response.pathsend": WITH_RANGE,
      abort_signal: new RequestAbortEntry(request),
      drain_signal: context.drainSignal,
      topics: context.topics,
      connection: connectionOf(info, origin, client),
      "http.response.trailers": YES,
      "http.response.informational": YES,
    };
  if (head.mayHaveTrailers) {
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

/** What is known of a request before its application is called. */
export interface JudgedRequest {
  readonly head: RequestHead;
  /** Decoded. */
  readonly path: string;
  readonly origin: RequestOrigin;
  /** `undefined` if requests get none. */
  readonly requestId: string | undefined;
  /** `undefined` if requests may take any time. */
  readonly deadline?: { set(seconds: number): void } | undefined;
  /** `undefined` unless the connection may be taken over. */
  readonly upgrade?: UpgradeExtension | undefined;
}

/** Builds the scope of one request: a plain object, fields always in this order. */
export function httpScope(
  { head, path, origin, requestId, deadline, upgrade }: JudgedRequest,
  info: ConnectionInfo,
  context: ServerContext,
  request: ScopedRequest,
): HttpScope<State> {
  const client = clientOf(origin);
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
    headers: headersOf(head, origin),
    client,
    server: info.server,
    state: { ...context.state },
    extensions: withDetails(
      extensionsOf(head, context, info, request, origin, client),
      context,
      info,
      requestId,
      deadline,
      upgrade,
    ),
  };
}

/** Builds the scope of one WebSocket, as {@linkcode httpScope} does for a request. */
export function websocketScope(
  { head, path, origin, requestId }: JudgedRequest,
  subprotocols: readonly string[],
  info: ConnectionInfo,
  context: ServerContext,
  exchange: ScopedExchange,
): WebSocketScope<State> {
  const client = clientOf(origin);
  return {
    type: "websocket",
    asgi: HTTP_VERSIONS,
    http_version: head.version,
    scheme: origin.scheme === "https" ? "wss" : "ws",
    path,
    raw_path: head.rawPath,
    query_string: head.query,
    root_path: origin.rootPath,
    headers: headersOf(head, origin),
    client,
    server: info.server,
    subprotocols,
    state: { ...context.state },
    extensions: withDetails<WebSocketExtensions>(
      {
        "websocket.http.response": YES,
        "websocket.compress": YES,
        abort_signal: new AbortEntry(exchange),
        drain_signal: context.drainSignal,
        topics: context.topics,
        connection: connectionOf(info, origin, client),
      },
      context,
      info,
      requestId,
    ),
  };
}

/** A parsed head and a socket's addresses into an ASGI scope. */
import type {
  AsgiVersions,
  ClientAddress,
  ConnectionExtension,
  HttpExtensions,
  HttpScope,
  ServerAddress,
  SignalExtension,
  State,
  TlsExtension,
  WebSocketExtensions,
  WebSocketScope,
} from "../../asgi.ts";
import { decodePath } from "../../http/percent.ts";
import type { RequestHead } from "../../http/request_head.ts";
import type { Address, Socket, TlsConnection } from "../../runtime/types.ts";
import type { ServerContext } from "../context.ts";
import type { HttpCycle } from "./http_cycle.ts";
import type { WebSocketCycle } from "./websocket_cycle.ts";

/** asgi:A-032; one frozen object for all scopes of the kind (asgi:A-029). */
const HTTP_VERSIONS: AsgiVersions = Object.freeze({
  version: "3.0",
  spec_version: "2.5",
});
const YES = Object.freeze({});
const WITH_RANGE = Object.freeze({ range: true } as const);

/** What every scope of one connection shares. */
export interface ConnectionInfo {
  /** The peer, if it has an address that can be told. */
  readonly client: TcpAddress | undefined;
  readonly server: ServerAddress | null;
  /** Made for the first log line. */
  clientText: string | undefined;
  /** Unique within the process. */
  readonly id: string;
  /** Requests so far. */
  requests: number;
  /** What TLS agreed on. */
  readonly alpn: string | null;
  /** `undefined` on a plain connection. */
  readonly tls: TlsConnection | undefined;
  /** What scopes tell of `tls`; made for the first of them (asgi:A-207). */
  tlsExtension: TlsExtension | undefined;
}

function hostText(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

type TcpAddress = Address & { readonly kind: "tcp" };

/** A new one for each scope: one to be shared would be frozen, and cost Bun a quarter of a kB. */
function clientOf({ client }: ConnectionInfo): ClientAddress | null {
  return client === undefined ? null : [client.host, client.port];
}

let lastServer: { of: Address; is: ServerAddress | null } | undefined;

/** That of most connections is the same, down to the object. */
function serverOf(address: Address): ServerAddress | null {
  if (lastServer?.of !== address) {
    lastServer = { of: address, is: newServer(address) };
  }
  return lastServer.is;
}

function newServer(address: Address): ServerAddress | null {
  if (address.kind === "tcp") {
    return Object.freeze([address.host, address.port] as const);
  }
  // An inherited socket need not tell its path.
  return address.path === ""
    ? null
    : Object.freeze([address.path, null] as const);
}

/** Reads a socket's addresses once for all of its requests. @param id Unique within the process. */
export function connectionInfo(socket: Socket, id: string): ConnectionInfo {
  const { tls, remoteAddress } = socket;
  // http:H-010: a UNIX peer has no name, and one that is already gone cannot be asked.
  const client = remoteAddress?.kind === "tcp" ? remoteAddress : undefined;
  return {
    client,
    server: serverOf(socket.localAddress),
    clientText: undefined,
    id,
    requests: 0,
    alpn: tls?.alpn ?? null,
    tls,
    tlsExtension: undefined,
  };
}

/** `host:port` of the peer for log lines, `""` if it has none (http:H-151). */
export function clientText(info: ConnectionInfo): string {
  const { client } = info;
  return info.clientText ??= client === undefined
    ? ""
    : `${hostText(client.host)}:${client.port}`;
}

/** `text` as the log says it of one connection: behind the client, if that has an address. */
export function ofClient(info: ConnectionInfo, text: string): string {
  const client = clientText(info);
  return client === "" ? text : `${client} - ${text}`;
}

/** The entry `abort_signal` of one request (asgi:A-244). */
class AbortEntry implements SignalExtension {
  readonly #cycle: { readonly abortSignal: AbortSignal };

  constructor(cycle: { readonly abortSignal: AbortSignal }) {
    this.#cycle = cycle;
  }

  get signal(): AbortSignal {
    return this.#cycle.abortSignal;
  }
}

/** The entry `http.request.trailers` of one request (asgi:A-246). */
class TrailersEntry {
  readonly #cycle: HttpCycle;

  constructor(cycle: HttpCycle) {
    this.#cycle = cycle;
  }

  get trailers(): HttpCycle["body"]["trailers"] {
    return this.#cycle.body.trailers;
  }
}

/** `http` or `https`, whatever the connection below speaks. */
function schemeOf(context: ServerContext, info: ConnectionInfo): string {
  return info.tls === undefined ? context.settings.scheme : "https";
}

/** Adds the entry that only TLS connections have (asgi:A-200); `E` is not frozen yet. */
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

/** A copy, so that a scope keeps what it was told. */
function connectionOf(info: ConnectionInfo): ConnectionExtension {
  const { id, requests, alpn } = info;
  return { id, requests, alpn };
}

/** What works on this request and nothing else (asgi:A-059). */
function extensionsOf(
  head: RequestHead,
  context: ServerContext,
  info: ConnectionInfo,
  cycle: HttpCycle,
): HttpExtensions {
  if (head.version === "1.0") {
    return {
      "http.response.pathsend": WITH_RANGE,
      abort_signal: new AbortEntry(cycle),
      drain_signal: context.drainSignal,
      connection: connectionOf(info),
    };
  }
  // Each in one literal: a key that is added to it costs more than the other six.
  const extensions: {
    -readonly [K in keyof HttpExtensions]: HttpExtensions[K];
  } = context.settings.offersEarlyHints
    ? {
      "http.response.pathsend": WITH_RANGE,
      abort_signal: new AbortEntry(cycle),
      drain_signal: context.drainSignal,
      connection: connectionOf(info),
      "http.response.trailers": YES,
      "http.response.early_hint": YES,
    }
    : {
      "http.response.pathsend": WITH_RANGE,
      abort_signal: new AbortEntry(cycle),
      drain_signal: context.drainSignal,
      connection: connectionOf(info),
      "http.response.trailers": YES,
    };
  if (head.isChunked) {
    extensions["http.request.trailers"] = new TrailersEntry(cycle);
  }
  return extensions;
}

/** The decoded path that applications and log lines see (asgi: ). */
export function scopePath(head: RequestHead, context: ServerContext): string {
  const path = decodePath(head.rawPath);
  const { rootPath, prefixesRootPath } = context.settings;
  // The asterisk of OPTIONS is no path that could be mounted somewhere (RFC 9112 §3.2.4).
  return prefixesRootPath && rootPath !== "" && path !== "*"
    ? rootPath + path
    : path;
}

/** Builds the scope of one request: a plain object, fields always in this order (asgi:A-060). */
export function httpScope(
  head: RequestHead,
  path: string,
  context: ServerContext,
  info: ConnectionInfo,
  cycle: HttpCycle,
): HttpScope<State> {
  return {
    type: "http",
    asgi: HTTP_VERSIONS,
    http_version: head.version,
    method: head.method,
    scheme: schemeOf(context, info),
    path,
    raw_path: head.rawPath,
    query_string: head.query,
    root_path: context.settings.rootPath,
    headers: head.headers,
    client: clientOf(info),
    server: info.server,
    state: { ...context.state },
    extensions: withTls(
      extensionsOf(head, context, info, cycle),
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
  context: ServerContext,
  info: ConnectionInfo,
  cycle: WebSocketCycle,
): WebSocketScope<State> {
  return {
    type: "websocket",
    asgi: HTTP_VERSIONS,
    http_version: head.version,
    scheme: schemeOf(context, info) === "https" ? "wss" : "ws",
    path,
    raw_path: head.rawPath,
    query_string: head.query,
    root_path: context.settings.rootPath,
    headers: head.headers,
    client: clientOf(info),
    server: info.server,
    subprotocols,
    state: { ...context.state },
    extensions: withTls<WebSocketExtensions>(
      {
        "websocket.http.response": YES,
        "websocket.compress": YES,
        abort_signal: new AbortEntry(cycle),
        drain_signal: context.drainSignal,
        connection: connectionOf(info),
      },
      context,
      info,
    ),
  };
}

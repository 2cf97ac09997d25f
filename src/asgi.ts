/**
 * The contract with applications: scopes and messages of ASGI 3.0, HTTP
 * sub-specification 2.5 and lifespan 2.0, spelled as the specification spells
 * them. Our own names are camelCase, so a snake_case key always means "defined
 * by ASGI".
 *
 * @module
 */

/** A string whose every UTF-16 code unit is <= 0xFF: one unit is one octet (asgi:A-001). */
export type ByteString = string;

/** One header field, name and value (asgi:A-002). */
export type HeaderPair = readonly [name: ByteString, value: ByteString];

/** What the server hands over: always an array, names in lower case (asgi:A-003). */
export type HeaderList = readonly HeaderPair[];

/** What the server takes: any iterable of pairs, text or octets, iterated once (asgi:A-004). */
export type HeaderInput = Iterable<
  readonly [name: ByteString | Uint8Array, value: ByteString | Uint8Array]
>;

/** Payload out: octets, or text that the server encodes as UTF-8 (asgi:A-005). */
export type BodyInput = Uint8Array | string;

/** The peer: IP address as text and port; port 0 when unknown (asgi:A-006). */
export type ClientAddress = readonly [host: string, port: number];

/** The local end: host and port, or socket path and `null` (asgi:A-007). */
export type ServerAddress =
  | readonly [host: string, port: number]
  | readonly [path: string, port: null];

/** What lifespan startup leaves for requests; keys belong to the application (asgi:A-008). */
export type State = Record<string, unknown>;

/** Compared as two integers, not as text or float (asgi:A-010). */
export type SpecVersion = `${number}.${number}`;

/** `"1.0"` and `"1.1"` today; the others are reserved by the specification (asgi:A-046). */
export type HttpVersion = "1.0" | "1.1" | "2" | "3";

/** Versions of the base standard and of the sub-specification (asgi: ). */
export interface AsgiVersions {
  /** Of the base standard. */
  readonly version: "3.0";
  /** Of the sub-specification that this scope follows. */
  readonly spec_version: SpecVersion;
}

/** An extension that says no more than "yes, it works here". */
export type EmptyExtension = Readonly<Record<never, never>>;

/** An extension whose entry carries a signal (asgi: ). */
export interface SignalExtension {
  /** Created when first read; costs nothing unread. */
  readonly signal: AbortSignal;
}

/** The request's trailer fields, once the body has ended (asgi:A-246). */
export interface RequestTrailersExtension {
  /**
   * Resolves with the end of the body, to an empty list if none were sent; rejects with
   * {@linkcode ClientDisconnected} if the body never ends.
   */
  readonly trailers: Promise<HeaderList>;
}

/** Which connection a request came over, to correlate requests in logs (asgi:A-250). */
export interface ConnectionExtension {
  /** Unique within the process. */
  readonly id: string;
  /** Requests on this connection so far, this one included; at least 1. */
  readonly requests: number;
  /** The protocol TLS negotiated, or `null`. */
  readonly alpn: string | null;
}

/** The TLS below a connection; there is none on plain ones (asgi: ). */
export interface TlsExtension {
  /** PEM of the certificate the server showed, or `null`. */
  readonly server_cert: string | null;
  /** PEM of the client's certificates, its own first; empty if it sent none. */
  readonly client_cert_chain: readonly string[];
  /** Subject of the client's certificate (RFC 4514), or `null`. */
  readonly client_cert_name: string | null;
  /** Why the client's certificate was not believed; `null` if it was, or if it sent none. */
  readonly client_cert_error: string | null;
  /** `0x0303` for TLS 1.2, `0x0304` for TLS 1.3, or `null`. */
  readonly tls_version: number | null;
  /** IANA number of the cipher suite, such as `0x1301`, or `null`. */
  readonly cipher_suite: number | null;
}

/** What works on this request; an application looks before it uses one (asgi:A-059). */
export interface HttpExtensions {
  /** `http.response.trailers` may be sent: HTTP/1.1 only (asgi:A-174). */
  readonly "http.response.trailers"?: EmptyExtension;
  /** `http.response.early_hint` (103) may be sent (asgi:A-181). */
  readonly "http.response.early_hint"?: EmptyExtension;
  /** `http.response.pathsend` may be sent; `range` means that `offset` and `count` are understood (asgi: ). */
  readonly "http.response.pathsend"?: { readonly range: true };
  /** The request's own trailer fields (asgi:A-246). */
  readonly "http.request.trailers"?: RequestTrailersExtension;
  /** Raised when nobody waits for the answer any more (asgi:A-244). */
  readonly abort_signal?: SignalExtension;
  /** Raised when the server begins to shut down (asgi:A-245). */
  readonly drain_signal?: SignalExtension;
  /** The connection that carried the request (asgi:A-250). */
  readonly connection?: ConnectionExtension;
  /** The TLS below it; absent on plain connections (asgi:A-200). */
  readonly tls?: TlsExtension;
  /** Further extensions, ours or a middleware's. */
  readonly [name: string]: object | undefined;
}

/** One request (asgi: ). Every field is always present, in this order. */
export interface HttpScope<S extends object = State> {
  /** Tells this scope from the others. */
  readonly type: "http";
  /** One frozen object for all HTTP scopes. */
  readonly asgi: AsgiVersions;
  /** From the request line. */
  readonly http_version: HttpVersion;
  /** As received; methods are case-sensitive (RFC 9110 §9.1). */
  readonly method: string;
  /** `http` or `https`. */
  readonly scheme: string;
  /** Percent-decoded UTF-8, `root_path` in front, no query. */
  readonly path: string;
  /** The path's octets exactly as received, without query. */
  readonly raw_path: ByteString | null;
  /** The octets after the first `?`; `""` if none. */
  readonly query_string: ByteString;
  /** Mount point, decoded, without trailing slash. */
  readonly root_path: string;
  /** In the order of arrival, names in lower case, repeats kept. */
  readonly headers: HeaderList;
  /** The peer, or `null` behind a UNIX socket. */
  readonly client: ClientAddress | null;
  /** The local end of the connection. */
  readonly server: ServerAddress | null;
  /** A shallow copy of the lifespan state, this request's own. */
  readonly state: S;
  /** What works on this request. */
  readonly extensions: HttpExtensions;
}

/** What works on this WebSocket (asgi:A-121). */
export interface WebSocketExtensions {
  /** The handshake may be refused with a response of one's own (asgi:A-170). */
  readonly "websocket.http.response"?: EmptyExtension;
  /** `websocket.send` understands `compress` (asgi:A-249). */
  readonly "websocket.compress"?: EmptyExtension;
  /** Raised when nobody listens any more (asgi:A-244). */
  readonly abort_signal?: SignalExtension;
  /** Raised when the server begins to shut down (asgi:A-245). */
  readonly drain_signal?: SignalExtension;
  /** The connection that carried the handshake (asgi:A-250). */
  readonly connection?: ConnectionExtension;
  /** The TLS below it; absent on plain connections (asgi:A-200). */
  readonly tls?: TlsExtension;
  /** Further extensions, ours or a middleware's. */
  readonly [name: string]: object | undefined;
}

/** One WebSocket (asgi: ). Every field is always present, in this order. */
export interface WebSocketScope<S extends object = State> {
  /** Tells this scope from the others. */
  readonly type: "websocket";
  /** One frozen object for all WebSocket scopes. */
  readonly asgi: AsgiVersions;
  /** From the request line of the handshake. */
  readonly http_version: HttpVersion;
  /** `ws` or `wss`. */
  readonly scheme: string;
  /** Percent-decoded UTF-8, `root_path` in front, no query. */
  readonly path: string;
  /** The path's octets exactly as received, without query. */
  readonly raw_path: ByteString | null;
  /** The octets after the first `?`; `""` if none. */
  readonly query_string: ByteString;
  /** Mount point, decoded, without trailing slash. */
  readonly root_path: string;
  /** In the order of arrival, names in lower case, repeats kept. */
  readonly headers: HeaderList;
  /** The peer, or `null` behind a UNIX socket. */
  readonly client: ClientAddress | null;
  /** The local end of the connection. */
  readonly server: ServerAddress | null;
  /** What the client offered, in order. */
  readonly subprotocols: readonly string[];
  /** A shallow copy of the lifespan state, this WebSocket's own. */
  readonly state: S;
  /** What works on this WebSocket. */
  readonly extensions: WebSocketExtensions;
}

/** The life of the application in this process (asgi: ). */
export interface LifespanScope<S extends object = State> {
  /** Tells this scope from the others. */
  readonly type: "lifespan";
  /** Versions of the base and of lifespan. */
  readonly asgi: AsgiVersions;
  /** Empty at start; the application fills it. */
  readonly state: S;
}

/** Every scope an application is called with. */
export type Scope<S extends object = State> =
  | HttpScope<S>
  | WebSocketScope<S>
  | LifespanScope<S>;

/** A piece of the request body, transfer coding removed (asgi:A-062). */
export interface HttpRequestEvent {
  /** Names the event. */
  readonly type: "http.request";
  /** Possibly empty; the application's own from here on. */
  readonly body: Uint8Array;
  /** False exactly once, on the last piece. */
  readonly more_body: boolean;
}

/** The client has gone, or the response is complete (asgi:A-067). */
export interface HttpDisconnectEvent {
  /** Names the event. */
  readonly type: "http.disconnect";
}

/** What `receive()` yields for a request. */
export type HttpReceiveEvent = HttpRequestEvent | HttpDisconnectEvent;

/** Opens the response (asgi: ). */
export interface HttpResponseStartEvent {
  /** Names the event. */
  readonly type: "http.response.start";
  /** 200 to 599. */
  readonly status: number;
  /** Iterated once, during `send`. Default: none. */
  readonly headers?: HeaderInput;
  /** True promises an `http.response.trailers` after the body. Default: false. */
  readonly trailers?: boolean;
}

/** A piece of the response body (asgi: ). */
export interface HttpResponseBodyEvent {
  /** Names the event. */
  readonly type: "http.response.body";
  /** Octets, or text sent as UTF-8. Default: empty. */
  readonly body?: BodyInput;
  /** False ends the body. Default: false. */
  readonly more_body?: boolean;
}

/** Fields after the body (asgi:A-176). */
export interface HttpResponseTrailersEvent {
  /** Names the event. */
  readonly type: "http.response.trailers";
  /** Lower-case names; no framing or routing fields. */
  readonly headers: HeaderInput;
  /** False ends the response. Default: false. */
  readonly more_trailers?: boolean;
}

/** A 103 response in front of the final one (asgi:A-182). */
export interface HttpResponseEarlyHintEvent {
  /** Names the event. */
  readonly type: "http.response.early_hint";
  /** Each item is the value of one `link` field. */
  readonly links: Iterable<ByteString | Uint8Array>;
}

/** The body is a file (asgi: ). */
export interface HttpResponsePathSendEvent {
  /** Names the event. */
  readonly type: "http.response.pathsend";
  /** Absolute path of the platform. */
  readonly path: string;
  /** First byte to send. Default: 0. */
  readonly offset?: number;
  /** Bytes to send. Default: to the end of the file. */
  readonly count?: number;
}

/** What `send()` takes for a request. */
export type HttpSendEvent =
  | HttpResponseStartEvent
  | HttpResponseBodyEvent
  | HttpResponseTrailersEvent
  | HttpResponseEarlyHintEvent
  | HttpResponsePathSendEvent;

/** Always the first event: the handshake waits for an answer (asgi:A-123). */
export interface WebSocketConnectEvent {
  /** Names the event. */
  readonly type: "websocket.connect";
}

/** A whole message; exactly one of `text` and `bytes` is not null (asgi:A-124). */
export type WebSocketReceiveDataEvent =
  | {
    readonly type: "websocket.receive";
    readonly text: string;
    readonly bytes: null;
  }
  | {
    readonly type: "websocket.receive";
    readonly text: null;
    readonly bytes: Uint8Array;
  };

/** The WebSocket has closed (asgi: ). */
export interface WebSocketDisconnectEvent {
  /** Names the event. */
  readonly type: "websocket.disconnect";
  /** The peer's code, 1005 if it gave none, 1006 if the transport broke, ours if we closed. */
  readonly code: number;
  /** `""` if none. */
  readonly reason: string;
}

/** What `receive()` yields for a WebSocket. */
export type WebSocketReceiveEvent =
  | WebSocketConnectEvent
  | WebSocketReceiveDataEvent
  | WebSocketDisconnectEvent;

/** Completes the handshake (asgi: ). */
export interface WebSocketAcceptEvent {
  /** Names the event. */
  readonly type: "websocket.accept";
  /** One of those offered. Default: none. */
  readonly subprotocol?: string | null;
  /** Further fields of the answer; none of the handshake's own. */
  readonly headers?: HeaderInput;
}

/** Sends a message; exactly one of `text` and `bytes` is given (asgi:A-131). */
export type WebSocketSendDataEvent =
  | {
    readonly type: "websocket.send";
    readonly text: string;
    readonly bytes?: null;
    /** False sends it uncompressed (asgi:A-249). Default: true. */
    readonly compress?: boolean;
  }
  | {
    readonly type: "websocket.send";
    readonly bytes: Uint8Array;
    readonly text?: null;
    /** False sends it uncompressed (asgi:A-249). Default: true. */
    readonly compress?: boolean;
  };

/** Refuses with 403 before accept, closes after it (asgi: ). */
export interface WebSocketCloseEvent {
  /** Names the event. */
  readonly type: "websocket.close";
  /** 1000 to 1003, 1007 to 1014 or 3000 to 4999. Default: 1000. */
  readonly code?: number;
  /** Cut at a character to 123 bytes. Default: `""`. */
  readonly reason?: string | null;
}

/** Refuses the handshake with a response of one's own (asgi:A-171). */
export interface WebSocketDenialStartEvent {
  /** Names the event. */
  readonly type: "websocket.http.response.start";
  /** 200 to 599. */
  readonly status: number;
  /** Iterated once, during `send`. Default: none. */
  readonly headers?: HeaderInput;
}

/** A piece of that response's body (asgi:A-172). */
export interface WebSocketDenialBodyEvent {
  /** Names the event. */
  readonly type: "websocket.http.response.body";
  /** Octets, or text sent as UTF-8. Default: empty. */
  readonly body?: BodyInput;
  /** False ends the body. Default: false. */
  readonly more_body?: boolean;
}

/** What `send()` takes for a WebSocket. */
export type WebSocketSendEvent =
  | WebSocketAcceptEvent
  | WebSocketSendDataEvent
  | WebSocketCloseEvent
  | WebSocketDenialStartEvent
  | WebSocketDenialBodyEvent;

/** The application may open what it needs (asgi:A-156). */
export interface LifespanStartupEvent {
  /** Names the event. */
  readonly type: "lifespan.startup";
}

/** The application may close what it opened (asgi:A-159). */
export interface LifespanShutdownEvent {
  /** Names the event. */
  readonly type: "lifespan.shutdown";
}

/** What `receive()` yields in the lifespan scope. */
export type LifespanReceiveEvent = LifespanStartupEvent | LifespanShutdownEvent;

/** What `send()` takes in the lifespan scope (asgi: ). */
export type LifespanSendEvent =
  | { readonly type: "lifespan.startup.complete" }
  | { readonly type: "lifespan.startup.failed"; readonly message?: string }
  | { readonly type: "lifespan.shutdown.complete" }
  | { readonly type: "lifespan.shutdown.failed"; readonly message?: string };

/** Every event an application can be handed. */
export type ReceiveEvent =
  | HttpReceiveEvent
  | WebSocketReceiveEvent
  | LifespanReceiveEvent;

/** Every event an application can send. */
export type SendEvent =
  | HttpSendEvent
  | WebSocketSendEvent
  | LifespanSendEvent;

/** Resolves to the next event of the scope (asgi: ). */
export type Receive<E extends ReceiveEvent = ReceiveEvent> = () => Promise<E>;

/** Resolves when the event is handed over and the transport can take more (asgi:A-020). */
export type Send<E extends SendEvent = SendEvent> = (event: E) => Promise<void>;

/** An application: called once for each request, and once for the process's life (asgi:A-014). */
export type AsgiApp<S extends object = State> = (
  scope: Scope<S>,
  receive: Receive,
  send: Send,
) => Promise<void>;

/** An application, or middleware, for HTTP scopes only. */
export type HttpApp<S extends object = State> = (
  scope: HttpScope<S>,
  receive: Receive<HttpReceiveEvent>,
  send: Send<HttpSendEvent>,
) => Promise<void>;

/** An application, or middleware, for WebSocket scopes only. */
export type WebSocketApp<S extends object = State> = (
  scope: WebSocketScope<S>,
  receive: Receive<WebSocketReceiveEvent>,
  send: Send<WebSocketSendEvent>,
) => Promise<void>;

/** An application for the lifespan scope only. */
export type LifespanApp<S extends object = State> = (
  scope: LifespanScope<S>,
  receive: Receive<LifespanReceiveEvent>,
  send: Send<LifespanSendEvent>,
) => Promise<void>;

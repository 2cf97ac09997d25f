/**
 * The contract with applications: scopes and messages of ASGI 3.0, HTTP
 * sub-specification 2.5 and lifespan 2.0, spelled as in the specification. Our
 * own names are camelCase, so a snake_case key always means "defined by ASGI".
 * References such as "ASGI HTTP: Response Start" name a section of the
 * specification at https://asgi.readthedocs.io.
 *
 * @module
 */

/**
 * A string whose every UTF-16 code unit is <= 0xFF: one unit is one octet (ASGI: Strings and
 * Unicode).
 */
export type ByteString = string;

/** One header field, name and value. */
export type HeaderPair = readonly [name: ByteString, value: ByteString];

/** What the server hands over: always an array, names in lower case. */
export type HeaderList = readonly HeaderPair[];

/**
 * The fields of a request: a {@linkcode HeaderList} whose type `new Headers(scope.headers)` takes,
 * which wants no read-only arrays. Do not change it all the same: others read it too.
 */
export type RequestHeaders = [name: ByteString, value: ByteString][];

/** What the server takes: any iterable of pairs, text or octets, iterated once. */
export type HeaderInput = Iterable<
  readonly [name: ByteString | Uint8Array, value: ByteString | Uint8Array]
>;

/** Payload out: octets, or text that the server encodes as UTF-8. */
export type BodyInput = Uint8Array | string;

/** The peer: IP address as text and port; port 0 when unknown. */
export type ClientAddress = readonly [host: string, port: number];

/** The local end: host and port, or socket path and `null`. */
export type ServerAddress =
  | readonly [host: string, port: number]
  | readonly [path: string, port: null];

/**
 * What lifespan startup leaves for requests; keys belong to the application (ASGI Lifespan:
 * Lifespan State).
 */
export type State = Record<string, unknown>;

/** Compared as two integers, not as text or float (ASGI: Version History). */
export type SpecVersion = `${number}.${number}`;

/**
 * `"1.0"` and `"1.1"` today; the others are reserved by the specification (ASGI HTTP: HTTP
 * Connection Scope).
 */
export type HttpVersion = "1.0" | "1.1" | "2" | "3";

/** Versions of the base standard and of the sub-specification (ASGI: Connection Scope). */
export interface AsgiVersions {
  /** Of the base standard. */
  readonly version: "3.0";
  /** Of the sub-specification that this scope follows. */
  readonly spec_version: SpecVersion;
}

/** An extension without data: its presence says that it is supported. */
export type EmptyExtension = Readonly<Record<never, never>>;

/** An extension whose entry carries an abort signal. */
export interface SignalExtension {
  /** Created when first read; costs nothing unread. */
  readonly signal: AbortSignal;
}

/** The abort signal of one request or WebSocket, and how its application ends the connection. */
export interface AbortExtension extends SignalExtension {
  /**
   * Ends the connection without an answer, or without the rest of it, in a way that the client
   * notices. `receive()` then yields the disconnect, `send()` rejects, and the signal is raised.
   * Does nothing once the response is complete.
   */
  abort(): void;
}

/** Who hears of a connection that was taken over. Nothing of it may throw. */
export interface RawHandler {
  /** Bytes have arrived; they are the application's own. */
  onData(bytes: Uint8Array): void;
  /** Everything that was written has left. */
  onDrain(): void;
  /** The peer has sent its last byte; it may still read. */
  onEnd(): void;
  /** The last call, exactly once, however the connection ended. */
  onClose(): void;
}

/** A connection that was taken over. Every method is safe after its end, and then does nothing. */
export interface RawConnection {
  /**
   * Sends bytes as they are.
   *
   * @returns Whether they have left; if not, they must not change until `onDrain`.
   */
  write(bytes: Uint8Array): boolean;
  /** Stops `onData`; the transport then slows the peer. */
  pause(): void;
  /** Restarts `onData`. */
  resume(): void;
  /** Sends what is queued, then the end of the stream. */
  end(): void;
  /** Closes now, whatever is queued. */
  destroy(): void;
}

/**
 * A request that asks for another protocol (RFC 9110 §7.8), whose application may speak it by
 * itself. Offered to applications of `node:http` alone; they get requests for WebSockets this way too,
 * and not as scopes of type `websocket`.
 */
export interface UpgradeExtension {
  /**
   * Takes the connection over, instead of a response: what is written is what the peer gets, 101
   * included. What the peer has sent behind its request comes first. From then on `send()` rejects;
   * the connection ends with the call of the application at the latest.
   *
   * @throws Error if a response has begun, or the client has left.
   */
  takeOver(handler: RawHandler): RawConnection;
}

/** The request's trailer fields (RFC 9110 §6.5), available once the body has ended. */
export interface RequestTrailersExtension {
  /**
   * Resolves with the end of the body, to an empty list if none were sent; rejects with
   * {@linkcode ClientDisconnected} if the body never ends.
   */
  readonly trailers: Promise<HeaderList>;
}

/** Which connection a request came over, to correlate requests in logs. */
export interface ConnectionExtension {
  /** Unique within the process. */
  readonly id: string;
  /** Requests on this connection so far, this one included; at least 1. */
  readonly requests: number;
  /** The protocol TLS negotiated, or `null`. */
  readonly alpn: string | null;
  /**
   * The other end of this connection, or `null` behind a UNIX socket: `client` of the scope, or the
   * proxy that has told of it.
   */
  readonly peer: ClientAddress | null;
}

/** Tells those who trace the call which route it has taken. */
export interface RouteExtension {
  /**
   * Names the route, the same for all requests that take it: `/items/{id}`, not `/items/7`. Before the
   * response ends; the last one counts.
   *
   * @throws TypeError if it is not a string.
   */
  set(route: string): void;
}

/** What is published: text, or octets, which all subscribers share and none may change. */
export type TopicMessage = string | Uint8Array;

/** The messages of one topic for one subscriber, in the order in which they came. */
export interface TopicSubscription extends AsyncIterable<TopicMessage> {
  /** As it was asked for. */
  readonly topic: string;
  /** Messages that were dropped so far, because the subscriber did not take them in time. */
  readonly dropped: number;
  /** Publishes to all other subscribers of the topic, but not to this one. */
  publish(message: TopicMessage): void;
  /** Ends the iteration. Idempotent; the end of the server does it too. */
  close(): void;
  /** See `close()`: `using room = await topics.subscribe("room")`. */
  [Symbol.dispose](): void;
}

/**
 * Messages between everybody who is interested: in this process, in other workers, and with the
 * option `channels` on other hosts. At most once: nobody waits for a subscriber, and what cannot be
 * delivered is dropped.
 *
 * @example
 * ```ts
 * import type { Topics } from "jsr:@tricorn/serve";
 *
 * async function listen(topics: Topics): Promise<void> {
 *   const news = await topics.subscribe("news");
 *   topics.publish("news", "Hello, everybody");
 *   for await (const message of news) console.log(message);
 * }
 * ```
 */
export interface Topics {
  /**
   * Publishes a message. Returns at once.
   *
   * @param topic 1 to 256 characters.
   * @param message At most 512 KiB; octets are copied.
   * @throws TypeError or RangeError for anything else.
   */
  publish(topic: string, message: TopicMessage): void;
  /**
   * Subscribes to a topic, from when this resolves. A subscriber that is more than 1000 messages or
   * 1 MiB behind loses the oldest ones.
   *
   * @param topic 1 to 256 characters. Rejects with a TypeError or RangeError for anything else.
   */
  subscribe(topic: string): Promise<TopicSubscription>;
}

/** What a request is called in the logs of everyone who handles it. */
export interface RequestIdExtension {
  /** Printable ASCII without blanks, at most 128 characters. */
  readonly id: string;
}

/** The time limit of one request. */
export interface RequestTimeoutExtension {
  /**
   * Gives the request `seconds` from now on; 0 takes its limit away.
   *
   * @throws RangeError if that is no time.
   */
  set(seconds: number): void;
}

/** TLS details of a connection; absent on plain ones (ASGI Extensions: TLS). */
export interface TlsExtension {
  /** PEM of the certificate that the server presented, or `null`. */
  readonly server_cert: string | null;
  /** PEM of the client's certificates, its own first; empty if it sent none. */
  readonly client_cert_chain: readonly string[];
  /** Subject of the client's certificate (RFC 4514), or `null`. */
  readonly client_cert_name: string | null;
  /**
   * Why the client's certificate could not be verified; `null` if it was verified, or if none was
   * sent.
   */
  readonly client_cert_error: string | null;
  /** `0x0303` for TLS 1.2, `0x0304` for TLS 1.3, or `null`. */
  readonly tls_version: number | null;
  /** IANA number of the cipher suite, such as `0x1301`, or `null`. */
  readonly cipher_suite: number | null;
}

/** Extensions supported on this request; check for one before using it (ASGI: Extensions). */
export interface HttpExtensions {
  /** `http.response.trailers` may be sent: HTTP/1.1 only (ASGI Extensions: HTTP Trailers). */
  readonly "http.response.trailers"?: EmptyExtension;
  /** `http.response.early_hint` (103) may be sent (ASGI Extensions: Early Hints). */
  readonly "http.response.early_hint"?: EmptyExtension;
  /** `http.response.informational` (1xx) may be sent. */
  readonly "http.response.informational"?: EmptyExtension;
  /**
   * `http.response.pathsend` may be sent (ASGI Extensions: Path Send); `range` means that `offset`
   * and `count` are supported.
   */
  readonly "http.response.pathsend"?: { readonly range: true };
  /** The request's trailer fields. */
  readonly "http.request.trailers"?: RequestTrailersExtension;
  /** Aborted when the client disconnects before the response is complete. */
  readonly abort_signal: AbortExtension;
  /** Aborted when the server begins to shut down. */
  readonly drain_signal: SignalExtension;
  /** Messages to and from everybody else. */
  readonly topics?: Topics;
  /** The connection that carried the request. */
  readonly connection?: ConnectionExtension;
  /** TLS details; absent on plain connections (ASGI Extensions: TLS). */
  readonly tls?: TlsExtension;
  /** The connection may be taken over; absent unless the application asks for it. */
  readonly "http.upgrade"?: UpgradeExtension;
  /** The request's id; absent unless the option `requestIdHeader` is used. */
  readonly request_id?: RequestIdExtension;
  /** Changes the time limit of the request; absent unless the option `timeoutRequest` is used. */
  readonly request_timeout?: RequestTimeoutExtension;
  /** Names the route for traces; absent unless the request is traced. */
  readonly "http.route"?: RouteExtension;
  /** Further extensions, ours or a middleware's. */
  readonly [name: string]: object | undefined;
}

/** One request (ASGI HTTP: HTTP Connection Scope). Every field is always present, in this order. */
export interface HttpScope<S extends object = State> {
  /** Discriminates the scopes. */
  readonly type: "http";
  /** One frozen object for all HTTP scopes. */
  readonly asgi: AsgiVersions;
  /** From the request line. */
  readonly http_version: HttpVersion;
  /** As received; methods are case-sensitive (RFC 9110 §9.1). */
  readonly method: string;
  /** `http` or `https`: that of the connection, or what a trusted proxy tells. */
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
  readonly headers: RequestHeaders;
  /**
   * The client, told by a trusted proxy or the peer itself; `null` behind a UNIX socket where no
   * proxy tells.
   */
  readonly client: ClientAddress | null;
  /** The local end of the connection. */
  readonly server: ServerAddress | null;
  /** A shallow copy of the lifespan state, this request's own. */
  readonly state: S;
  /** Extensions supported on this request. */
  readonly extensions: HttpExtensions;
}

/** Extensions supported on this WebSocket; check for one before using it (ASGI: Extensions). */
export interface WebSocketExtensions {
  /**
   * The handshake may be refused with a custom response (ASGI Extensions: Websocket Denial
   * Response).
   */
  readonly "websocket.http.response"?: EmptyExtension;
  /** `websocket.send` supports `compress`. */
  readonly "websocket.compress"?: EmptyExtension;
  /** Aborted when the WebSocket closes. */
  readonly abort_signal: SignalExtension;
  /** Aborted when the server begins to shut down. */
  readonly drain_signal: SignalExtension;
  /** Messages to and from everybody else. */
  readonly topics?: Topics;
  /** The connection that carried the handshake. */
  readonly connection?: ConnectionExtension;
  /** TLS details; absent on plain connections (ASGI Extensions: TLS). */
  readonly tls?: TlsExtension;
  /** The request's id; absent unless the option `requestIdHeader` is used. */
  readonly request_id?: RequestIdExtension;
  /** Names the route for traces; absent unless the request is traced. */
  readonly "http.route"?: RouteExtension;
  /** Further extensions, ours or a middleware's. */
  readonly [name: string]: object | undefined;
}

/**
 * One WebSocket (ASGI WebSocket: Websocket Connection Scope). Every field is always present, in
 * this order.
 */
export interface WebSocketScope<S extends object = State> {
  /** Discriminates the scopes. */
  readonly type: "websocket";
  /** One frozen object for all WebSocket scopes. */
  readonly asgi: AsgiVersions;
  /** From the request line of the handshake. */
  readonly http_version: HttpVersion;
  /** `ws` or `wss`: that of the connection, or what a trusted proxy tells. */
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
  readonly headers: RequestHeaders;
  /**
   * The client, told by a trusted proxy or the peer itself; `null` behind a UNIX socket where no
   * proxy tells.
   */
  readonly client: ClientAddress | null;
  /** The local end of the connection. */
  readonly server: ServerAddress | null;
  /** What the client offered, in order. */
  readonly subprotocols: readonly string[];
  /** A shallow copy of the lifespan state, this WebSocket's own. */
  readonly state: S;
  /** Extensions supported on this WebSocket. */
  readonly extensions: WebSocketExtensions;
}

/** Startup and shutdown of the application (ASGI Lifespan: Scope). */
export interface LifespanScope<S extends object = State> {
  /** Discriminates the scopes. */
  readonly type: "lifespan";
  /** Versions of the base and of lifespan. */
  readonly asgi: AsgiVersions;
  /**
   * Empty at start; the application fills it. Its `topics`, as in `extensions`, is not enumerable, so
   * that it is not copied for each request.
   */
  readonly state: S;
  /** What this server offers besides. */
  readonly extensions: LifespanExtensions;
}

/**
 * Tells whether the application is ready for requests, such as whether its database answers. It is
 * not if this throws, rejects or returns `false`; the message of what is thrown is the reason that
 * probes and the log show.
 *
 * @param signal Aborted when the answer is not waited for any longer: after 2 seconds.
 */
export type ReadinessCheck = (signal: AbortSignal) => unknown;

/**
 * The application's word in its readiness.
 *
 * @example
 * ```ts
 * import type { AsgiApp } from "jsr:@tricorn/serve";
 *
 * const app: AsgiApp = async (scope, receive, send) => {
 *   if (scope.type !== "lifespan") return;
 *   await receive(); // lifespan.startup
 *   scope.extensions.health?.checkReadiness((signal) =>
 *     fetch("http://127.0.0.1:9000/ping", { signal })
 *   );
 *   await send({ type: "lifespan.startup.complete" });
 *   await receive(); // lifespan.shutdown
 *   await send({ type: "lifespan.shutdown.complete" });
 * };
 * ```
 */
export interface HealthExtension {
  /**
   * From now on asks `check` whether the application is ready: when a probe does, and every 5
   * seconds at most. The last one that was given counts; `undefined` takes it back.
   */
  checkReadiness(check: ReadinessCheck | undefined): void;
}

/** Extensions of the lifespan scope. */
export interface LifespanExtensions {
  /** Messages to and from everybody else. */
  readonly topics?: Topics;
  /** Absent unless the option `adminBind` or `healthPath` is used. */
  readonly health?: HealthExtension;
  /** Further extensions, ours or a middleware's. */
  readonly [name: string]: object | undefined;
}

/** Every scope an application is called with. */
export type Scope<S extends object = State> =
  | HttpScope<S>
  | WebSocketScope<S>
  | LifespanScope<S>;

/** A piece of the request body, transfer coding removed (ASGI HTTP: Request). */
export interface HttpRequestEvent {
  /** Names the event. */
  readonly type: "http.request";
  /** Possibly empty; the application's own from here on. */
  readonly body: Uint8Array;
  /** False exactly once, on the last piece. */
  readonly more_body: boolean;
}

/** The client has disconnected, or the response is complete (ASGI HTTP: Disconnect). */
export interface HttpDisconnectEvent {
  /** Names the event. */
  readonly type: "http.disconnect";
}

/** What `receive()` yields for a request. */
export type HttpReceiveEvent = HttpRequestEvent | HttpDisconnectEvent;

/** Starts the response (ASGI HTTP: Response Start). */
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

/** A piece of the response body (ASGI HTTP: Response Body). */
export interface HttpResponseBodyEvent {
  /** Names the event. */
  readonly type: "http.response.body";
  /** Octets, or text sent as UTF-8. Default: empty. */
  readonly body?: BodyInput;
  /** False ends the body. Default: false. */
  readonly more_body?: boolean;
}

/** Trailer fields, sent after the body (ASGI Extensions: HTTP Trailers). */
export interface HttpResponseTrailersEvent {
  /** Names the event. */
  readonly type: "http.response.trailers";
  /** Lower-case names; no framing or routing fields. */
  readonly headers: HeaderInput;
  /** False ends the response. Default: false. */
  readonly more_trailers?: boolean;
}

/** A 103 response before the final one (ASGI Extensions: Early Hints). */
export interface HttpResponseEarlyHintEvent {
  /** Names the event. */
  readonly type: "http.response.early_hint";
  /** Each item is the value of one `link` field. */
  readonly links: Iterable<ByteString | Uint8Array>;
}

/** An interim response before the final one (RFC 9110 §15.2); our addition. */
export interface HttpResponseInformationalEvent {
  /** Names the event. */
  readonly type: "http.response.informational";
  /** 102 to 199: `100` is sent as the body is asked for, and 101 is no interim response. */
  readonly status: number;
  /** Iterated once, during `send`. Default: none. */
  readonly headers?: HeaderInput;
}

/** Sends a file as the body (ASGI Extensions: Path Send; `offset` and `count` are our addition). */
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
  | HttpResponseInformationalEvent
  | HttpResponsePathSendEvent;

/**
 * Always the first event: the handshake waits for `accept` or `close` (ASGI WebSocket: Connect).
 */
export interface WebSocketConnectEvent {
  /** Names the event. */
  readonly type: "websocket.connect";
}

/** A whole message; exactly one of `text` and `bytes` is not null (ASGI WebSocket: Receive). */
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

/** The WebSocket has closed (ASGI WebSocket: Disconnect). */
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

/** Completes the handshake (ASGI WebSocket: Accept). */
export interface WebSocketAcceptEvent {
  /** Names the event. */
  readonly type: "websocket.accept";
  /** One of those offered. Default: none. */
  readonly subprotocol?: string | null;
  /** Further fields of the answer; none of the handshake's own. */
  readonly headers?: HeaderInput;
}

/** Sends a message; exactly one of `text` and `bytes` is given (ASGI WebSocket: Send). */
export type WebSocketSendDataEvent =
  | {
    readonly type: "websocket.send";
    readonly text: string;
    readonly bytes?: null;
    /** False sends it uncompressed. Default: true. */
    readonly compress?: boolean;
  }
  | {
    readonly type: "websocket.send";
    readonly bytes: Uint8Array;
    readonly text?: null;
    /** False sends it uncompressed. Default: true. */
    readonly compress?: boolean;
  };

/** Refuses with 403 before accept, closes after it (ASGI WebSocket: Close). */
export interface WebSocketCloseEvent {
  /** Names the event. */
  readonly type: "websocket.close";
  /** 1000 to 1003, 1007 to 1014 or 3000 to 4999. Default: 1000. */
  readonly code?: number;
  /** Cut at a character to 123 bytes. Default: `""`. */
  readonly reason?: string | null;
}

/** Refuses the handshake with a custom response (ASGI Extensions: Websocket Denial Response). */
export interface WebSocketDenialStartEvent {
  /** Names the event. */
  readonly type: "websocket.http.response.start";
  /** 200 to 599. */
  readonly status: number;
  /** Iterated once, during `send`. Default: none. */
  readonly headers?: HeaderInput;
}

/** A piece of the body of that response. */
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

/** The application opens its resources (ASGI Lifespan: Startup). */
export interface LifespanStartupEvent {
  /** Names the event. */
  readonly type: "lifespan.startup";
}

/** The application closes its resources (ASGI Lifespan: Shutdown). */
export interface LifespanShutdownEvent {
  /** Names the event. */
  readonly type: "lifespan.shutdown";
}

/** What `receive()` yields in the lifespan scope. */
export type LifespanReceiveEvent = LifespanStartupEvent | LifespanShutdownEvent;

/**
 * What `send()` takes in the lifespan scope (ASGI Lifespan: Startup Complete to Shutdown Failed).
 */
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

/** Resolves to the next event of the scope (ASGI: Applications). */
export type Receive<E extends ReceiveEvent = ReceiveEvent> = () => Promise<E>;

/**
 * Resolves when the event has been accepted and the transport can take more (ASGI: Applications).
 */
export type Send<E extends SendEvent = SendEvent> = (event: E) => Promise<void>;

/**
 * An application: called once for each request and each WebSocket, and once for lifespan (ASGI:
 * Applications).
 */
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

/**
 * What a fetch handler is told beyond the request: its second and third argument. The members of
 * the Fetch Server API draft (WinterTC), and those by which frameworks look for the client's
 * address on Deno, Bun and Node. Everything is made when it is asked for.
 */
import type {
  HttpScope,
  Send,
  ServerAddress,
  WebSocketScope,
} from "../../../asgi.ts";
import type { Logger } from "../../../logging/logger.ts";
import type { NetAddr, UnixAddr } from "./listen_address.ts";
import { RequestWork } from "./request_work.ts";
import type {
  BunUpgrade,
  UpgradeRequest,
} from "./websocket/upgrade_request.ts";
import type { HeadersInput } from "../../../runtime/web_types.ts";

/** One end of a connection. */
export interface SocketAddress {
  /** IP address. */
  readonly address: string;
  /** From 0 to 65535; 0 if it is not known. */
  readonly port: number;
  /** Which kind of address it is. */
  readonly family: "IPv4" | "IPv6";
}

function socketAddress(
  address: ServerAddress | null,
): SocketAddress | null {
  if (address === null || address[1] === null) return null;
  const [host, port] = address;
  return { address: host, port, family: host.includes(":") ? "IPv6" : "IPv4" };
}

/** What Node frameworks read of a request's socket. */
export interface IncomingSocket {
  /** The connection. */
  readonly socket: {
    readonly remoteAddress: string | undefined;
    readonly remotePort: number | undefined;
    readonly remoteFamily: string | undefined;
    readonly localAddress: string | undefined;
    readonly localPort: number | undefined;
    readonly encrypted: boolean;
  };
}

/** What the handler of one request is told. */
export class ServerInfo {
  readonly #scope: HttpScope | WebSocketScope;
  readonly #send: Send;
  readonly #logger: Logger;
  #work: RequestWork | undefined;
  #completed: PromiseWithResolvers<void> | undefined;
  #request: Request | undefined;
  #trailers: unknown;
  /** The handshake, if the request is one. */
  readonly #upgrade: UpgradeRequest | undefined;

  /** @internal */
  constructor(
    scope: HttpScope | WebSocketScope,
    send: Send,
    logger: Logger,
    upgrade?: UpgradeRequest,
  ) {
    this.#scope = scope;
    this.#send = send;
    this.#logger = logger;
    this.#upgrade = upgrade;
  }

  // -- The Fetch Server API draft.

  /** The request itself. */
  get request(): Request {
    return this.#request!;
  }

  /** The client, told by a trusted proxy or the peer itself; `null` if it has no address. */
  get remoteAddress(): SocketAddress | null {
    return socketAddress(this.#scope.client);
  }

  /** The local end; `null` on a UNIX socket. */
  get localAddress(): SocketAddress | null {
    return socketAddress(this.#scope.server);
  }

  /** Whether the client speaks TLS, to us or to a trusted proxy. */
  get encrypted(): boolean {
    const { scheme } = this.#scope;
    return scheme === "https" || scheme === "wss";
  }

  /** The host name that was asked for, without port; `null` if there is none. */
  get serverName(): string | null {
    if (!this.encrypted) return null;
    const { hostname } = new URL(this.request.url);
    return /^[\d.]+$|:/.test(hostname) ? null : hostname;
  }

  /** The protocol TLS negotiated; otherwise that of the request, such as `http/1.1`. */
  get alpnProtocol(): string {
    const { extensions, http_version: version } = this.#scope;
    return extensions.connection?.alpn ??
      (version === "2" ? "h2" : version === "3" ? "h3" : `http/${version}`);
  }

  /** Resolves when the response has left; rejects if it was cut off. */
  get completed(): Promise<void> {
    if (this.#completed === undefined) {
      this.#completed = Promise.withResolvers<void>();
      this.#completed.promise.catch(() => {}); // asked for is not listened to
    }
    return this.#completed.promise;
  }

  /** Lets the server wait for `promise` when it shuts down; if it rejects, that is logged. */
  waitUntil(promise: Promise<unknown>): void {
    (this.#work ??= new RequestWork(this.#logger)).add(promise);
  }

  /**
   * Sends an interim response, such as `103 Early Hints`, before the final one. One that comes too
   * late, or to a client that has left, is dropped.
   *
   * @param status 102 to 199.
   * @throws DOMException `NotSupportedError` where the client or the server has none of them.
   * @throws RangeError for another status.
   */
  sendInformational(status: number, headers?: HeadersInput): void {
    if (!(Number.isInteger(status) && status >= 102 && status <= 199)) {
      throw new RangeError(
        `Cannot send an informational response ${status}: expected 102 to 199`,
      );
    }
    if (!("http.response.informational" in this.#scope.extensions)) {
      throw new DOMException(
        "Cannot send an informational response: the protocol of this request has none",
        "NotSupportedError",
      );
    }
    this.#send({
      type: "http.response.informational",
      status,
      headers: [...new Headers(headers)],
    }).catch(() => {});
  }

  /** Ends the connection without an answer. */
  deny(_reason?: unknown): void {
    const { abort_signal: abort } = this.#scope.extensions;
    (abort as { abort?(): void } | undefined)?.abort?.();
  }

  // -- Trailers.

  /** The trailer fields of the request, once its body has been read to the end. */
  get requestTrailers(): Promise<Headers> {
    const { extensions } = this.#scope;
    const trailers = (extensions as HttpScope["extensions"])[
      "http.request.trailers"
    ]?.trailers;
    return trailers === undefined
      ? Promise.resolve(new Headers())
      : trailers.then((fields) => new Headers(fields as [string, string][]));
  }

  /**
   * Promises trailer fields after the response: give them, a promise of them, or a function that is
   * called at the end of the body. Left away where the client cannot take them.
   */
  setTrailers(
    trailers:
      | HeadersInput
      | Promise<HeadersInput>
      | (() => HeadersInput | Promise<HeadersInput>),
  ): void {
    this.#trailers = trailers;
  }

  /** @internal What {@linkcode setTrailers} was given, if it can be sent. */
  get responseTrailers(): unknown {
    return this.#trailers !== undefined &&
        "http.response.trailers" in this.#scope.extensions
      ? this.#trailers
      : undefined;
  }

  // -- What others look for.

  /** The client, by `transport`. */
  get remoteAddr(): NetAddr | UnixAddr {
    const { client, server } = this.#scope;
    if (client !== null) {
      return { transport: "tcp", hostname: client[0], port: client[1] };
    }
    const path = server !== null && server[1] === null ? server[0] : "";
    return { transport: "unix", path };
  }

  /** This object, as frameworks look for Bun's server. */
  get server(): this {
    return this;
  }

  /** The client, as Bun's server tells it. */
  requestIP(_request?: Request): SocketAddress | null {
    return this.remoteAddress;
  }

  /** Bun's server limits the silence of a request; here none is limited. */
  timeout(_request: Request, _seconds: number): void {}

  /**
   * Accepts the WebSocket that `request` asks for, for the handlers of the application's
   * `websocket`, as Bun's server does.
   *
   * @returns Whether it asks for one.
   */
  upgrade(_request: Request, options?: BunUpgrade): boolean {
    return this.#upgrade?.acceptForHandlers(options) ?? false;
  }

  /** The client, as requests of `node:http` tell it. */
  get incoming(): IncomingSocket {
    const remote = this.remoteAddress;
    const local = this.localAddress;
    return {
      socket: {
        remoteAddress: remote?.address,
        remotePort: remote?.port,
        remoteFamily: remote?.family,
        localAddress: local?.address,
        localPort: local?.port,
        encrypted: this.encrypted,
      },
    };
  }

  /** Of Cloudflare's context; there is no other server to pass a failed request on to. */
  passThroughOnException(): void {}

  // -- The adapter's side.

  /** @internal Aborted when the client leaves. */
  get signal(): AbortSignal {
    const { abort_signal: abort } = this.#scope.extensions;
    return abort?.signal ?? new AbortController().signal;
  }

  /** @internal */
  get upgradeRequest(): UpgradeRequest | undefined {
    return this.#upgrade;
  }

  /** @internal Belongs to `request` from now on. */
  attach(request: Request): void {
    this.#request = request;
  }

  /** @internal The response has left. @returns What is left to wait for. */
  onCompleted(): Promise<void> | undefined {
    this.#completed?.resolve();
    return this.#work?.settled();
  }

  /** @internal It could not. */
  onFailed(error: unknown): void {
    this.#completed?.reject(error);
  }
}

/** One handshake, from the request until the handler has decided what becomes of it. */
import type { WebSocketScope } from "../../../../asgi.ts";
import { ServerWebSocket } from "./server_websocket.ts";
import { UPGRADE } from "./upgrade_key.ts";
import type { HeadersInput } from "../../../../runtime/web_types.ts";
import type { BunHandlers } from "./bun_socket.ts";

/** Marks the response that stands for an accepted handshake; it never leaves the server. */
const MARKER = "x-tricorn-websocket";

/** How to accept a handshake. */
export interface UpgradeOptions {
  /** One of the subprotocols that the client offers. Default: none. */
  readonly protocol?: string | undefined;
  /** Further fields of the answer. Default: none. */
  readonly headers?: HeadersInput | undefined;
}

/** A WebSocket, and what the handler returns for it. */
export interface WebSocketUpgrade {
  /** Opens when the response has been returned. */
  readonly socket: ServerWebSocket;
  /** To be returned; it stands for the answer to the handshake. */
  readonly response: Response;
}

/** What `server.upgrade()` takes, as Bun's. */
export interface BunUpgrade {
  /** Becomes `ws.data`. */
  readonly data?: unknown;
  /** Further fields of the answer. */
  readonly headers?: HeadersInput | undefined;
}

/** Handlers of a single WebSocket, and what they are told of besides. */
export interface OwnHandlers {
  readonly handlers: BunHandlers;
  /** Called when one message has left. */
  onLeft(): void;
}

/** The handshake of one request. */
export class UpgradeRequest {
  readonly #scope: WebSocketScope;
  readonly #url: () => string;
  /** Further fields of the answer. */
  headers: Headers = new Headers();
  /** Set once the handler wants a standard `WebSocket`. */
  socket: ServerWebSocket | undefined;
  /** Set once the handler wants the application's `websocket` handlers. */
  forHandlers: BunUpgrade | undefined;
  /** Set once something else than the application has handlers for it. */
  own: OwnHandlers | undefined;

  constructor(scope: WebSocketScope, url: () => string) {
    this.#scope = scope;
    this.#url = url;
  }

  /** Subprotocols that the client offers, in its order. */
  get offered(): readonly string[] {
    return this.#scope.subprotocols;
  }

  /**
   * Accepts with a standard `WebSocket`.
   *
   * @throws TypeError if it was accepted before; if the subprotocol was not offered.
   */
  accept({ protocol, headers }: UpgradeOptions = {}): WebSocketUpgrade {
    this.#check();
    this.#checkProtocol(protocol);
    this.headers = new Headers(headers);
    const url = this.#url().replace(/^http/, "ws");
    this.socket = new ServerWebSocket(url, protocol ?? "");
    return { socket: this.socket, response: marker() };
  }

  /**
   * Accepts for `own` handlers; a subprotocol is among the `headers`.
   *
   * @returns What stands for the answer.
   * @throws TypeError if it was accepted before; if the subprotocol was not offered.
   */
  acceptFor(own: OwnHandlers, headers: Headers): Response {
    this.#check();
    this.#checkProtocol(headers.get("sec-websocket-protocol") ?? undefined);
    this.headers = headers;
    this.own = own;
    return marker();
  }

  /** Accepts for the application's `websocket` handlers. @returns `true`. */
  acceptForHandlers(options: BunUpgrade = {}): boolean {
    this.#check();
    this.headers = new Headers(options.headers);
    this.forHandlers = options;
    return true;
  }

  /** Whether it was accepted in one of the ways above. */
  get isAccepted(): boolean {
    return this.socket !== undefined || this.forHandlers !== undefined ||
      this.own !== undefined;
  }

  #check(): void {
    if (!this.isAccepted) return;
    throw new TypeError("Cannot upgrade: the request has been upgraded before");
  }

  #checkProtocol(protocol: string | undefined): void {
    if (protocol === undefined || this.offered.includes(protocol)) return;
    throw new TypeError(
      `Cannot accept the subprotocol ${
        JSON.stringify(protocol)
      }: the client did not offer it`,
    );
  }
}

/** What stands for an accepted handshake. */
function marker(): Response {
  // 200 and not 101: Node's class refuses that status.
  return new Response(null, { headers: { [MARKER]: "1" } });
}

/** Whether `response` stands for an accepted handshake; a copy of it does too. */
export function isMarker(response: Response): boolean {
  return response.headers.has(MARKER);
}

/** What middleware has added to the marker: fields of the answer. */
export function addedFields(response: Response): [string, string][] {
  return [...response.headers].filter(([name]) =>
    name !== MARKER && name !== "content-type" && name !== "content-length"
  );
}

/**
 * Accepts the WebSocket that `request` asks for, in the shape of `Deno.upgradeWebSocket`.
 *
 * @param request The request that the handler was given, not a copy.
 * @returns The socket, and the response to return.
 * @throws TypeError if it does not ask for a WebSocket.
 *
 * @example
 * ```ts
 * import { upgradeWebSocket } from "jsr:@tricorn/serve/adapters/fetch";
 *
 * export default {
 *   fetch(request: Request): Response {
 *     if (request.headers.get("upgrade") !== "websocket") {
 *       return new Response("Hello, world!");
 *     }
 *     const { socket, response } = upgradeWebSocket(request);
 *     socket.onmessage = (event) => socket.send(event.data);
 *     return response;
 *   },
 * };
 * ```
 */
export function upgradeWebSocket(
  request: Request,
  options: UpgradeOptions = {},
): WebSocketUpgrade {
  return upgradeOf(request).accept(options);
}

/**
 * The handshake of `request`.
 *
 * @throws TypeError if it has none.
 */
export function upgradeOf(request: Request): UpgradeRequest {
  const upgrade = (request as { [UPGRADE]?: UpgradeRequest })[UPGRADE];
  if (upgrade !== undefined) return upgrade;
  throw new TypeError(
    'Cannot upgrade: expected the Request that the server gave, with "upgrade: websocket"',
  );
}

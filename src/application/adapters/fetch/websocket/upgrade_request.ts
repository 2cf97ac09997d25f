/** One handshake, from the request until the handler has decided what becomes of it. */
import type { WebSocketScope } from "../../../../asgi.ts";
import { ServerWebSocket } from "./server_websocket.ts";
import { UPGRADE } from "./upgrade_key.ts";
import type { HeadersInput } from "../../../../runtime/web_types.ts";

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
    if (protocol !== undefined && !this.offered.includes(protocol)) {
      throw new TypeError(
        `Cannot accept the subprotocol ${
          JSON.stringify(protocol)
        }: the client did not offer it`,
      );
    }
    this.headers = new Headers(headers);
    const url = this.#url().replace(/^http/, "ws");
    this.socket = new ServerWebSocket(url, protocol ?? "");
    // 200 and not 101: Node's class refuses that status.
    return {
      socket: this.socket,
      response: new Response(null, { headers: { [MARKER]: "1" } }),
    };
  }

  /** Accepts for the application's `websocket` handlers. @returns `true`. */
  acceptForHandlers(options: BunUpgrade = {}): boolean {
    this.#check();
    this.headers = new Headers(options.headers);
    this.forHandlers = options;
    return true;
  }

  #check(): void {
    if (this.socket === undefined && this.forHandlers === undefined) return;
    throw new TypeError("Cannot upgrade: the request has been upgraded before");
  }
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
  const upgrade = (request as { [UPGRADE]?: UpgradeRequest })[UPGRADE];
  if (upgrade === undefined) {
    throw new TypeError(
      'Cannot upgrade: expected the Request that the server gave, with "upgrade: websocket"',
    );
  }
  return upgrade.accept(options);
}

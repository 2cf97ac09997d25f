/** WebSockets for Hono, by its helper for those who make adapters. */
import type { ServerWebSocket } from "./server_websocket.ts";
import { type UpgradeOptions, upgradeWebSocket } from "./upgrade_request.ts";

/** What is used of Hono's context. */
export interface HonoContext {
  /** Hono's request. */
  readonly req: {
    readonly raw: Request;
    header(name: string): string | undefined;
  };
}

/** A WebSocket as the events of Hono's helper are given it. */
export interface HonoSocket {
  /** The WebSocket itself. */
  readonly raw: ServerWebSocket;
  /** How binary messages are given. */
  binaryType: "blob" | "arraybuffer";
  /** 0 while connecting, 1 while open, 2 while closing, 3 once closed. */
  readonly readyState: 0 | 1 | 2 | 3;
  /** The URL that was asked for. */
  readonly url: URL | null;
  /** The subprotocol that was chosen. */
  readonly protocol: string | null;
  /** Sends a message. */
  send(
    data: string | ArrayBuffer | Uint8Array<ArrayBuffer>,
    options?: { compress?: boolean },
  ): void;
  /** Closes the WebSocket behind what was sent. */
  close(code?: number, reason?: string): void;
}

/** The events that an application of Hono's helper listens to. */
export interface HonoEvents {
  // Methods, so that Hono's own types, which name its classes, fit.
  /** Called when messages can be sent. */
  onOpen?(event: Event, socket: never): void;
  /** Called with each message. */
  onMessage?(event: MessageEvent, socket: never): void;
  /** Called once, at the end. */
  onClose?(event: CloseEvent, socket: never): void;
  /** Called before `onClose` if the connection broke. */
  onError?(event: Event, socket: never): void;
}

/**
 * To be given to `defineWebSocketHelper` of `hono/ws`, which makes Hono's `upgradeWebSocket` of it.
 * The first subprotocol that the client offers is taken, unless the options name another.
 *
 * @example
 * ```ts ignore
 * import { Hono } from "hono";
 * import { defineWebSocketHelper } from "hono/ws";
 * import { honoWebSocket } from "jsr:@tricorn/serve/adapters/fetch";
 *
 * const upgradeWebSocket = defineWebSocketHelper(honoWebSocket);
 * const app = new Hono();
 * app.get("/ws", upgradeWebSocket(() => ({
 *   onMessage: (event, socket) => socket.send(`You said ${event.data}`),
 * })));
 * export default app;
 * ```
 */
export function honoWebSocket(
  context: HonoContext,
  events: HonoEvents,
  options: UpgradeOptions = {},
): Response | undefined {
  if (context.req.header("upgrade")?.toLowerCase() !== "websocket") {
    return undefined; // Hono goes on to the next handler
  }
  const offered = context.req.header("sec-websocket-protocol");
  const protocol = offered?.split(",")[0]?.trim();
  const { socket, response } = upgradeWebSocket(context.req.raw, {
    ...protocol ? { protocol } : {},
    ...options,
  });
  socket.binaryType = "arraybuffer"; // what Hono's own context says
  const shown = honoSocket(socket) as never;
  socket.onopen = (event) => events.onOpen?.(event, shown);
  socket.onmessage = (event) => events.onMessage?.(event, shown);
  socket.onclose = (event) => events.onClose?.(event, shown);
  socket.onerror = (event) => events.onError?.(event, shown);
  return response;
}

function honoSocket(socket: ServerWebSocket): HonoSocket {
  return {
    raw: socket,
    url: new URL(socket.url),
    protocol: socket.protocol,
    get binaryType() {
      return socket.binaryType;
    },
    set binaryType(type) {
      socket.binaryType = type;
    },
    get readyState() {
      return socket.readyState;
    },
    send: (data, options) => socket.send(data, options),
    close: (code, reason) => socket.close(code, reason),
  };
}

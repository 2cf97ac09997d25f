/**
 * What speaks WebSocket, a seventh of the code of a server. It is loaded soon after the start, which
 * need not wait for it, or for a handshake that comes before; where that is not safe, before the
 * server listens. A runtime that cannot load it now may be able to later.
 */

/** The module. */
export type WebSocketPart = typeof import("./websocket_upgrade.ts");

let part: WebSocketPart | undefined;
let loading: Promise<WebSocketPart> | undefined;

/** @returns It; `undefined` before it is loaded. */
export function webSocketPart(): WebSocketPart | undefined {
  return part;
}

/** Loads it once. Rejects if it cannot be read; the next call tries again. */
export function loadWebSocketPart(): Promise<WebSocketPart> {
  return loading ??= load();
}

async function load(): Promise<WebSocketPart> {
  try {
    return part = await import("./websocket_upgrade.ts");
  } catch (error) {
    loading = undefined;
    throw error;
  }
}

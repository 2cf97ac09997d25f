/**
 * What speaks WebSocket is a seventh of the code of a server. It is loaded soon after the start,
 * which need not wait for it, or for a handshake that comes before. Not for the first handshake
 * alone: Deno 2.9 ends the process when it has to compile a module while no descriptor is free.
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

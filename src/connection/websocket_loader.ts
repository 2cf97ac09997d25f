/**
 * What speaks WebSocket: a fifth of all that a start would load, for what most connections never
 * do. It is loaded for the first handshake, or before, once nobody waits for the start any more.
 */
import type { WebSocketConnection } from "./websocket_connection.ts";

let speaker: typeof WebSocketConnection | undefined;

/** The class of a connection that speaks it; `undefined` until it is loaded. */
export function loadedWebSockets(): typeof WebSocketConnection | undefined {
  return speaker;
}

/** Loads it, once. Rejects if its files are gone. */
export async function loadWebSockets(): Promise<void> {
  speaker ??= (await import("./websocket_connection.ts")).WebSocketConnection;
}

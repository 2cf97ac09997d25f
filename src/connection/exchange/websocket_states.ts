/** The order of the messages that an application sends on one WebSocket, as a table. */

/** How far a WebSocket has come for its application. */
export type WebSocketState = "connecting" | "open" | "denying" | "closed";

/** What a message does to a WebSocket. */
export type WebSocketSendKind =
  | "accept"
  | "send"
  | "close"
  | "denialStart"
  | "denialBody"
  | "lastDenialBody";

/** State after a message; `undefined` if the message is not allowed then. */
export function nextWebSocketState(
  state: WebSocketState,
  kind: WebSocketSendKind,
): WebSocketState | undefined {
  switch (kind) {
    case "accept":
      return state === "connecting" ? "open" : undefined;
    case "send":
      return state === "open" ? "open" : undefined;
    case "close": // a second one does nothing
      return state === "denying" ? undefined : "closed";
    case "denialStart":
      return state === "connecting" ? "denying" : undefined;
    case "denialBody":
      return state === "denying" ? "denying" : undefined;
    case "lastDenialBody":
      return state === "denying" ? "closed" : undefined;
  }
}

/** The messages that each state expects, for the error that says so; `""` if none. */
export const WEBSOCKET_EXPECTED: Readonly<Record<WebSocketState, string>> = {
  connecting:
    "'websocket.accept', 'websocket.close' or 'websocket.http.response.start'",
  open: "'websocket.send' or 'websocket.close'",
  denying: "'websocket.http.response.body'",
  closed: "",
};

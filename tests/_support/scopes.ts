/** Scopes, as the server makes them. */
import type {
  ClientAddress,
  HttpScope,
  ServerAddress,
  WebSocketScope,
} from "../../src/asgi.ts";

/** What differs from `GET /` of a client on this machine. */
export interface ScopeParts
  extends Partial<Omit<HttpScope, "type" | "extensions">> {
  /** The other end of the connection. Default: 127.0.0.1. */
  readonly peer?: ClientAddress | null;
  readonly signal?: AbortSignal;
}

const NEVER = new AbortController().signal;

function common({ peer = ["127.0.0.1", 5000], signal = NEVER }: ScopeParts) {
  return {
    asgi: { version: "3.0", spec_version: "2.5" },
    http_version: "1.1",
    path: "/",
    raw_path: "/",
    query_string: "",
    root_path: "",
    headers: [["host", "localhost:8000"]],
    client: ["127.0.0.1", 5000],
    server: ["127.0.0.1", 8000] as ServerAddress,
    state: {},
    extensions: {
      abort_signal: { signal, abort() {} },
      drain_signal: { signal: NEVER },
      connection: { id: "1", requests: 1, alpn: null, peer },
    },
  } as const;
}

/** The scope of a request. */
export function httpScope(parts: ScopeParts = {}): HttpScope {
  const { peer: _peer, signal: _signal, ...fields } = parts;
  return {
    ...common(parts),
    type: "http",
    method: "GET",
    scheme: "http",
    ...fields,
  } as HttpScope;
}

/** The scope of a WebSocket. */
export function webSocketScope(scheme: "ws" | "wss" = "ws"): WebSocketScope {
  return {
    ...common({}),
    type: "websocket",
    scheme,
    subprotocols: [],
  } as unknown as WebSocketScope;
}

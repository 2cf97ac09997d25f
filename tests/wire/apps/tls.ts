/**
 * Tells what it sees of TLS, as JSON: one answer to a request, one message to a WebSocket, which is
 * an echo afterwards. Says on stdout that its lifespan has begun.
 */
import type { AsgiApp, HttpScope, WebSocketScope } from "../../../src/asgi.ts";

/** What is told. */
export interface Seen {
  readonly scheme: string;
  readonly path: string;
  readonly alpn: string | null | undefined;
  /** `null` if the scope has no such extension. */
  readonly tls: HttpScope["extensions"]["tls"] | null;
}

function seen({ scheme, path, extensions }: HttpScope | WebSocketScope): Seen {
  const { tls = null, connection } = extensions;
  return { scheme, path, alpn: connection?.alpn, tls };
}

export const app: AsgiApp = async (scope, receive, send) => {
  if (scope.type === "lifespan") {
    await receive();
    console.log("app lifespan");
    await send({ type: "lifespan.startup.complete" });
    await receive();
    await send({ type: "lifespan.shutdown.complete" });
    return;
  }
  const text = JSON.stringify(seen(scope));
  if (scope.type === "http") {
    await send({ type: "http.response.start", status: 200 });
    await send({ type: "http.response.body", body: text });
    return;
  }
  await receive();
  await send({ type: "websocket.accept" });
  await send({ type: "websocket.send", text });
  for (;;) {
    const event = await receive();
    if (event.type !== "websocket.receive") return;
    await send(
      event.text === null
        ? { type: "websocket.send", bytes: event.bytes }
        : { type: "websocket.send", text: event.text },
    );
  }
};

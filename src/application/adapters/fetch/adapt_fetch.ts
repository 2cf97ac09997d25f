/**
 * Serves fetch applications: `export default { fetch }`, Hono, Elysia, h3, and functions that take
 * a `Request` and return a `Response`.
 */
import type { AsgiApp, Receive, Send, WebSocketScope } from "../../../asgi.ts";
import type { AdapterContext } from "../context.ts";
import { answerRequest } from "./answer_request.ts";
import { type FetchApp, handlerOf } from "./fetch_app.ts";
import { listenAddress } from "./listen_address.ts";
import { rememberBodies } from "./remembered_body.ts";
import { requestMaker } from "./server_request.ts";

/** What an application may have besides its handler. */
interface Members {
  readonly onListen?: unknown;
  readonly websocket?: unknown;
  readonly [Symbol.asyncDispose]?: unknown;
  readonly [Symbol.dispose]?: unknown;
}

/** Turns a fetch application into an ASGI application. */
export function adaptFetch(value: unknown, context: AdapterContext): AsgiApp {
  if (context.isImported) rememberBodies();
  const app: FetchApp = {
    ...handlerOf(value),
    websocketHandlers: (Object(value) as Members).websocket,
    logger: context.logger,
    newRequest: requestMaker(),
  };
  hookUp(value, context);
  // Not `async`: a promise around that of the answer would cost each request.
  return (scope, receive, send) => {
    switch (scope.type) {
      case "http":
        return answerRequest(app, scope, receive, send);
      case "websocket":
        return answerUpgrade(app, scope, receive, send);
      case "lifespan":
        return context.lifespan(scope, receive, send);
    }
  };
}

async function answerUpgrade(
  app: FetchApp,
  scope: WebSocketScope,
  receive: Receive,
  send: Send,
): Promise<void> {
  const { answerHandshake } = await import("./websocket/handshake.ts");
  await answerHandshake(app, scope, receive, send);
}

/**
 * Calls what the application has for the server's start and end. Methods named `close` or `stop`
 * are left alone: in most frameworks they end a server of the framework's own, which never started.
 */
function hookUp(value: unknown, context: AdapterContext): void {
  const members = Object(value) as Members;
  const { onListen } = members;
  if (typeof onListen === "function") {
    context.onListening(([first]) => {
      if (first !== undefined) onListen.call(value, listenAddress(first));
    });
  }
  const { [Symbol.asyncDispose]: disposeAsync, [Symbol.dispose]: dispose } =
    members;
  const end = typeof disposeAsync === "function" ? disposeAsync : dispose;
  if (typeof end === "function") context.onStop(() => end.call(value));
}

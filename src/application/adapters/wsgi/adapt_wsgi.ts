/**
 * Applications in the form of WSGI (PEP 3333): `(environ, startResponse) => Iterable`. There is no
 * pool of threads for them, so that they run on the event loop like any other, and may be `async`.
 */
import type { AsgiApp, HttpScope, Receive, Send } from "../../../asgi.ts";
import type { WsgiApp } from "../../application.ts";
import type { AdapterContext } from "../context.ts";
import { environOf } from "./environ.ts";
import { WsgiErrors } from "./wsgi_errors.ts";
import { WsgiInput } from "./wsgi_input.ts";
import { WsgiResponse } from "./wsgi_response.ts";

/** Longest body that is read before the application is called, in bytes. */
const MAX_READY_BODY = 65536;

/** Turns a WSGI application into an ASGI application. */
export function adaptWsgi(value: unknown, context: AdapterContext): AsgiApp {
  const app = value as WsgiApp;
  return async (scope, receive, send) => {
    switch (scope.type) {
      case "lifespan":
        return await context.lifespan(scope, receive, send);
      case "websocket":
        // The server offers none beside WSGI; another host of this application may.
        return await send({ type: "websocket.close" });
      case "http":
        return await answer(app, context, scope, receive, send);
    }
  };
}

async function answer(
  app: WsgiApp,
  { logger }: AdapterContext,
  scope: HttpScope,
  receive: Receive,
  send: Send,
): Promise<void> {
  const input = new WsgiInput(receive);
  const errors = new WsgiErrors(logger);
  if (isReadFirst(scope)) await input.complete();
  const response = new WsgiResponse(send);
  try {
    const environ = environOf(scope, input, errors);
    await response.sendBody(await app(environ, response.start));
  } finally {
    errors.flush();
  }
}

/** Whether the body is read before the application is called, for those that read it at once. */
function isReadFirst({ headers }: HttpScope): boolean {
  // A client that waits for "100 Continue" lets the application decide.
  if (headers.some(([name]) => name === "expect")) return false;
  const [, length] = headers.find(([name]) => name === "content-length") ?? [];
  const isChunked = headers.some(([name]) => name === "transfer-encoding");
  return length === undefined ? !isChunked : Number(length) <= MAX_READY_BODY;
}

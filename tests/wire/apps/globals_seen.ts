/** Says what had been loaded when it was: an application of ASGI, which needs no `Request`. */
import type { AsgiApp } from "../../../src/asgi.ts";

/** Where undici has its dispatcher, once Node has loaded it. */
const LOADED = Symbol.for("undici.globalDispatcher.1");
const wasLoaded = LOADED in globalThis;

export const app: AsgiApp = async (scope, receive, send) => {
  if (scope.type !== "http") {
    await receive();
    await send({ type: "lifespan.startup.complete" });
    await receive();
    await send({ type: "lifespan.shutdown.complete" });
    return;
  }
  await send({ type: "http.response.start", status: 200 });
  await send({
    type: "http.response.body",
    body: new TextEncoder().encode(`${wasLoaded} ${LOADED in globalThis}`),
  });
};

/** Whether its requests are light: this key is on those of this server alone. */
export default {
  fetch: (request: Request): Response =>
    new Response(
      `${wasLoaded} ${Symbol.for("tricorn.request") in request} ${
        new Request(request).method
      }`,
    ),
};

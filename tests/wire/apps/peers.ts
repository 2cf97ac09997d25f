/** Tells, as JSON, who its client is and where it was reached. */
import type { AsgiApp } from "../../../src/asgi.ts";

export const app: AsgiApp = async (scope, receive, send) => {
  if (scope.type === "lifespan") throw new Error("No lifespan here");
  const { type, scheme, client, server } = scope;
  const text = JSON.stringify({ type, scheme, client, server });
  if (scope.type === "http") {
    await send({
      type: "http.response.start",
      status: 200,
      headers: [["content-length", `${text.length}`]],
    });
    await send({ type: "http.response.body", body: text });
    return;
  }
  await receive();
  await send({ type: "websocket.accept" });
  await send({ type: "websocket.send", text });
  await receive();
};

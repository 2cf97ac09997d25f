/** Tells, as JSON, all that a proxy in front could have told of the request. */
import type { AsgiApp } from "../../../src/asgi.ts";

export const app: AsgiApp = async (scope, receive, send) => {
  if (scope.type === "lifespan") throw new Error("No lifespan here");
  const { type, scheme, client, path, root_path, headers } = scope;
  const text = JSON.stringify({
    type,
    scheme,
    client,
    peer: scope.extensions.connection?.peer,
    host: headers.find(([name]) => name === "host")?.[1],
    path,
    root_path,
  });
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

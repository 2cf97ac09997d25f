/** What passes through a proxy, or does not: addresses, bodies, pieces of a stream, messages. */
import type { AsgiApp } from "../../../src/asgi.ts";

/** Lets the stream that waits go on. */
let go = () => {};

export const app: AsgiApp = async (scope, receive, send) => {
  if (scope.type === "lifespan") throw new Error("No lifespan here");
  if (scope.type === "websocket") {
    await receive();
    await send({ type: "websocket.accept" });
    await send({ type: "websocket.send", text: JSON.stringify(scope.client) });
    await receive();
    return;
  }
  const answer = async (text: string) => {
    await send({ type: "http.response.start", status: 200 });
    await send({ type: "http.response.body", body: text });
  };
  const { path, root_path, scheme, client, headers } = scope;
  switch (path.slice(root_path.length)) {
    case "/length": {
      let length = 0;
      for (let more = true; more;) {
        const message = await receive();
        if (message.type !== "http.request") return;
        length += message.body.length;
        more = message.more_body;
      }
      return await answer(`${length}`);
    }
    case "/stream": {
      await send({ type: "http.response.start", status: 200 });
      const waits = new Promise<void>((resolve) => go = resolve);
      await send({
        type: "http.response.body",
        body: "first\n",
        more_body: true,
      });
      await waits;
      return await send({ type: "http.response.body", body: "second\n" });
    }
    case "/go":
      go();
      return await answer("gone on");
  }
  await answer(JSON.stringify({
    host: headers.find(([name]) => name === "host")?.[1],
    peer: scope.extensions.connection?.peer,
    path,
    root_path,
    scheme,
    client,
  }));
};

/** Tells by HTTP what is published: `GET /listen` streams it, `POST /say` publishes its body. */
import type { AsgiApp, Topics } from "../../../mod.ts";

const TOPIC = "room";
let ownTopics: Topics | undefined;

export const app: AsgiApp = async (scope, receive, send) => {
  if (scope.type === "lifespan") {
    await receive();
    ownTopics = scope.state.topics as Topics;
    await send({ type: "lifespan.startup.complete" });
    await receive();
    await send({ type: "lifespan.shutdown.complete" });
    return;
  }
  if (scope.type !== "http") return;
  const topics = scope.extensions.topics!;
  if (scope.path === "/say") {
    let text = "";
    for (;;) {
      const event = await receive();
      if (event.type !== "http.request") return;
      text += new TextDecoder().decode(event.body);
      if (!event.more_body) break;
    }
    const isSame = ownTopics === topics;
    topics.publish(TOPIC, text === "octets" ? Uint8Array.of(0, 255) : text);
    await send({ type: "http.response.start", status: isSame ? 200 : 500 });
    await send({
      type: "http.response.body",
      body: `${globalThis.process.pid}`,
    });
    return;
  }
  await send({ type: "http.response.start", status: 200 });
  const room = await topics.subscribe(TOPIC);
  scope.extensions.drain_signal.signal.addEventListener(
    "abort",
    () => room.close(),
  );
  const tell = (text: string) =>
    send({ type: "http.response.body", body: `${text}\n`, more_body: true });
  await tell(`listening ${globalThis.process.pid}`);
  for await (const message of room) {
    await tell(typeof message === "string" ? message : `octets ${message}`);
  }
  await send({ type: "http.response.body", body: "(end)\n" });
};

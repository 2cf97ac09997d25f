/**
 * A room on H3, whose WebSockets are hooks of crossws: what one says, the others hear.
 *
 *     curl http://127.0.0.1:8000/
 */
import { defineWebSocketHandler, H3 } from "h3";

export const app: H3 = new H3();

app.get("/", () => "A room: connect a WebSocket to /room?name=Ann");

app.get(
  "/room",
  defineWebSocketHandler({
    upgrade(request) {
      const name = new URL(request.url).searchParams.get("name");
      if (name === null) return new Response("Who?\n", { status: 400 });
      return { context: { name } };
    },
    open(peer) {
      peer.subscribe("room");
      peer.send(`Welcome, ${peer.context.name}`);
    },
    message(peer, message) {
      peer.publish("room", `${peer.context.name}: ${message.text()}`);
    },
    close(peer) {
      peer.publish("room", `${peer.context.name} has left`);
    },
  }),
);

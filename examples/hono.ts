/**
 * A Hono application: routes, JSON, an event stream, the client's address, and a WebSocket.
 *
 *     curl http://127.0.0.1:8000/hello/Ann
 */
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { defineWebSocketHelper } from "hono/ws";
import {
  honoWebSocket,
  type ServerInfo,
} from "../src/application/adapters/fetch/mod.ts";

// In a program of your own: import { honoWebSocket } from "tricorn/adapters/fetch".
const upgradeWebSocket = defineWebSocketHelper(honoWebSocket);

export const app: Hono<{ Bindings: ServerInfo }> = new Hono();

app.get("/hello/:name", (c) => c.text(`Hello, ${c.req.param("name")}!`));

app.post("/sum", async (c) => {
  const numbers: number[] = await c.req.json();
  return c.json({ sum: numbers.reduce((sum, number) => sum + number, 0) });
});

app.get("/me", (c) => c.json(c.env.remoteAddress));

app.get("/ticks", (c) =>
  streamSSE(c, async (stream) => {
    for (let tick = 1; tick <= 3; tick++) {
      await stream.writeSSE({ data: String(tick) });
      await stream.sleep(10);
    }
  }));

app.get(
  "/echo",
  upgradeWebSocket(() => ({
    onMessage: (event, socket) => socket.send(`You said ${event.data}`),
  })),
);

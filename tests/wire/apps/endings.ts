/**
 * Applications to be ended: good ones, and some that do all they can against it. The path says
 * which; the variable `ENDINGS_SHUTDOWN` says how the application itself stops.
 */
import process from "node:process";
import type {
  AsgiApp,
  HttpScope,
  Receive,
  Send,
  WebSocketReceiveEvent,
} from "../../../src/asgi.ts";

type Handler = (
  scope: HttpScope,
  receive: Receive,
  send: Send,
) => Promise<void>;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const PIECE = new Uint8Array(16 * 1024).fill(0x2e);

async function answer(send: Send, body: string): Promise<void> {
  await send({ type: "http.response.start", status: 200 });
  await send({ type: "http.response.body", body });
}

async function length(receive: Receive): Promise<number> {
  for (let sum = 0;;) {
    const event = await receive();
    if (event.type !== "http.request") return -1;
    sum += event.body.length;
    if (!event.more_body) return sum;
  }
}

const handlers: Readonly<Record<string, Handler>> = {
  "/": (_scope, _receive, send) => answer(send, "hello"),
  "/length": async (_scope, receive, send) =>
    answer(send, `${await length(receive)}`),
  "/connection": async (scope, _receive, send) => {
    const { id, requests } = scope.extensions.connection!;
    await answer(send, JSON.stringify({ id, requests, client: scope.client }));
  },
  "/echo": async (_scope, receive, send) => {
    await send({ type: "http.response.start", status: 200 });
    for (;;) {
      const event = await receive();
      if (event.type !== "http.request") return;
      const { body, more_body } = event;
      await send({ type: "http.response.body", body, more_body });
      if (!more_body) return;
    }
  },
  "/mirror": async (_scope, receive, send) => {
    const pieces: Uint8Array[] = [];
    for (let more = true; more;) {
      const event = await receive();
      if (event.type !== "http.request") return;
      pieces.push(event.body);
      more = event.more_body;
    }
    await send({ type: "http.response.start", status: 200 });
    for (const body of pieces) {
      await send({ type: "http.response.body", body, more_body: true });
    }
    await send({ type: "http.response.body" });
  },
  "/slow": async (_scope, _receive, send) => {
    await pause(30);
    await answer(send, "slow");
  },
  "/stream": async (_scope, _receive, send) => {
    await send({ type: "http.response.start", status: 200 });
    for (let piece = 0; piece < 5; piece++) {
      await pause(8);
      await send({
        type: "http.response.body",
        body: "piece",
        more_body: piece < 4,
      });
    }
  },
  "/hang": () => new Promise(() => {}),
  "/deaf": async () => {
    for (;;) await pause(50);
  },
  "/flood": async (_scope, _receive, send) => {
    await send({ type: "http.response.start", status: 200 });
    for (;;) {
      await send({ type: "http.response.body", body: PIECE, more_body: true });
    }
  },
  // Deaf to what send tells, too, but not to the event loop.
  "/shout": async (_scope, _receive, send) => {
    await send({ type: "http.response.start", status: 200 });
    for (;;) {
      for (let piece = 0; piece < 4; piece++) {
        send({ type: "http.response.body", body: PIECE, more_body: true })
          .catch(() => {});
      }
      await pause(20);
    }
  },
  "/trickle": async (_scope, _receive, send) => {
    await send({ type: "http.response.start", status: 200 });
    for (;;) {
      await send({ type: "http.response.body", body: ".", more_body: true });
      await pause(50);
    }
  },
};

async function webSocket(
  path: string,
  receive: Receive<WebSocketReceiveEvent>,
  send: Send,
): Promise<void> {
  if (path === "/undecided") await new Promise(() => {});
  await receive();
  await send({ type: "websocket.accept" });
  if (path === "/hang") await new Promise(() => {});
  for (;;) {
    if (path === "/flood") {
      await send({ type: "websocket.send", bytes: PIECE });
      continue;
    }
    const event = await receive();
    if (event.type === "websocket.disconnect") return;
    if (event.type === "websocket.receive") {
      await send({ type: "websocket.send", text: event.text ?? "" });
    }
  }
}

export const app: AsgiApp = async (scope, receive, send) => {
  switch (scope.type) {
    case "http":
      return await (handlers[scope.path] ?? handlers["/"]!)(
        scope,
        receive,
        send,
      );
    case "websocket":
      return await webSocket(
        scope.path,
        receive as Receive<WebSocketReceiveEvent>,
        send,
      );
    case "lifespan":
      await receive();
      await send({ type: "lifespan.startup.complete" });
      await receive();
      if (process.env.ENDINGS_SHUTDOWN === "hang") await new Promise(() => {});
      await send({ type: "lifespan.shutdown.complete" });
  }
};

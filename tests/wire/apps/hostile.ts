/**
 * An application to be attacked: it reads, answers, streams, echoes, and above all sleeps until it
 * is told. Says on stdout, again and again, how many of its calls have not ended.
 */
import { setInterval } from "node:timers";
import type {
  AsgiApp,
  HttpScope,
  Receive,
  Send,
  WebSocketScope,
} from "../../../src/asgi.ts";

let calls = 0;
let turn = 0;
setInterval(() => console.log(`calls ${calls}`), 250).unref();
const PIECE = new Uint8Array(64 * 1024).fill(0x2e);

function told(scope: HttpScope | WebSocketScope): Promise<void> {
  const { signal } = scope.extensions.abort_signal;
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve());
  });
}

async function readAll(receive: Receive): Promise<boolean> {
  for (;;) {
    const event = await receive();
    if (event.type !== "http.request") return false;
    if (!event.more_body) return true;
  }
}

async function answer(send: Send, body: string): Promise<void> {
  await send({ type: "http.response.start", status: 200 });
  await send({ type: "http.response.body", body });
}

async function disconnected(receive: Receive): Promise<void> {
  while (!(await receive()).type.endsWith(".disconnect"));
}

async function small(
  scope: HttpScope,
  receive: Receive,
  send: Send,
): Promise<void> {
  switch (turn++ % 5) {
    case 0:
      return await answer(send, "at once");
    case 1:
      return await told(scope);
    case 2:
      return await disconnected(receive);
    default:
      if (await readAll(receive)) await answer(send, "ok");
  }
}

async function large(send: Send): Promise<void> {
  await send({ type: "http.response.start", status: 200 });
  for (let i = 0; i < 128; i++) {
    await send({ type: "http.response.body", body: PIECE, more_body: true });
  }
  await send({ type: "http.response.body" });
}

async function webSocket(
  scope: WebSocketScope,
  receive: Receive,
  send: Send,
): Promise<void> {
  await receive();
  await send({ type: "websocket.accept" });
  if (turn++ % 2 === 0) return await told(scope);
  for (;;) {
    const event = await receive();
    if (event.type !== "websocket.receive") return;
    if (event.text != null) {
      await send({ type: "websocket.send", text: event.text });
    } else await send({ type: "websocket.send", bytes: event.bytes! });
  }
}

export const app: AsgiApp = async (scope, receive, send) => {
  if (scope.type === "lifespan") return;
  calls++;
  try {
    if (scope.type === "websocket") await webSocket(scope, receive, send);
    else if (scope.path === "/large") await large(send);
    else await small(scope, receive, send);
  } finally {
    calls--;
  }
};

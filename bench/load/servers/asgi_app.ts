/** What Tricorn serves under load: the same routes as every server it is compared with. */
import process from "node:process";
import type { AsgiApp, HttpReceiveEvent, Receive, Send } from "../../../mod.ts";

const HELLO = new TextEncoder().encode("Hello, world!");
const DOWNLOAD = new TextEncoder().encode("0123456789abcdef".repeat(62_500));
const FILES = process.env.BENCH_FILES;

/** Who hears a broadcast. */
const members = new Set<Send>();

export const app: AsgiApp = async (scope, receive, send) => {
  if (scope.type === "websocket") {
    return await (scope.path === "/broadcast"
      ? broadcast(receive, send)
      : echoMessages(receive, send));
  }
  if (scope.type !== "http") throw new Error("No lifespan here");
  switch (scope.path) {
    case "/":
      return await answer(send, HELLO);
    case "/download":
      return await answer(send, DOWNLOAD);
    case "/files/page":
      return await answerFile(send, `${FILES}/page`);
    case "/files/download":
      return await answerFile(send, `${FILES}/download`);
    case "/echo":
      return await answer(send, await wholeBody(receive));
    case "/discard":
      return await answer(
        send,
        new TextEncoder().encode(String(await bodySize(receive))),
      );
    default:
      await send({
        type: "http.response.start",
        status: 404,
        headers: [["content-length", "0"]],
      });
      await send({ type: "http.response.body" });
  }
};

async function echoMessages(receive: Receive, send: Send): Promise<void> {
  await receive();
  await send({ type: "websocket.accept" });
  for (;;) {
    const event = await receive();
    if (event.type !== "websocket.receive") return;
    await send(
      event.text !== null
        ? { type: "websocket.send", text: event.text }
        : { type: "websocket.send", bytes: event.bytes },
    );
  }
}

async function broadcast(receive: Receive, send: Send): Promise<void> {
  await receive();
  await send({ type: "websocket.accept" });
  members.add(send);
  for (;;) {
    const event = await receive();
    if (event.type !== "websocket.receive") break;
    const message = {
      type: "websocket.send" as const,
      text: event.text ?? "",
    };
    for (const member of members) void member(message);
  }
  members.delete(send);
}

async function answer(send: Send, body: Uint8Array): Promise<void> {
  await send({
    type: "http.response.start",
    status: 200,
    headers: [["content-type", "text/plain"], [
      "content-length",
      String(body.length),
    ]],
  });
  await send({ type: "http.response.body", body });
}

async function answerFile(send: Send, path: string): Promise<void> {
  await send({
    type: "http.response.start",
    status: 200,
    headers: [["content-type", "text/plain"]],
  });
  await send({ type: "http.response.pathsend", path });
}

/** The pieces of the body joined; a body in one piece is not copied. */
async function wholeBody(receive: Receive): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const event = await receive() as HttpReceiveEvent;
    if (event.type === "http.disconnect") return new Uint8Array(0);
    if (event.body.length > 0) pieces.push(event.body);
    size += event.body.length;
    if (!event.more_body) break;
  }
  if (pieces.length === 1) return pieces[0];
  const body = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    body.set(piece, at);
    at += piece.length;
  }
  return body;
}

async function bodySize(receive: Receive): Promise<number> {
  let size = 0;
  for (;;) {
    const event = await receive() as HttpReceiveEvent;
    if (event.type === "http.disconnect") return size;
    size += event.body.length;
    if (!event.more_body) return size;
  }
}

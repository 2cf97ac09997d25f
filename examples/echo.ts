/**
 * Sends every request's body back while it arrives, piece by piece: neither side holds all of it.
 *
 *     curl -T big.iso http://127.0.0.1:8000/ -o copy.iso
 */
import type { AsgiApp } from "../mod.ts";

export const app: AsgiApp = async (scope, receive, send) => {
  if (scope.type !== "http") return;
  await send({
    type: "http.response.start",
    status: 200,
    headers: [["content-type", "application/octet-stream"]],
  });
  for (;;) {
    const event = await receive();
    if (event.type !== "http.request") return; // the client has gone
    const { body, more_body } = event;
    // Resolves when the connection can take more: a client that reads slowly slows its own upload.
    await send({ type: "http.response.body", body, more_body });
    if (!more_body) return;
  }
};

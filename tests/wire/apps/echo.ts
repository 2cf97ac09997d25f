/** Answers every request, whatever its method, with its own body in one piece. */
import type { AsgiApp } from "../../../mod.ts";

export const app: AsgiApp = async (scope, receive, send) => {
  if (scope.type !== "http") return;
  const pieces: Uint8Array[] = [];
  for (;;) {
    const event = await receive();
    if (event.type !== "http.request") return;
    pieces.push(event.body);
    if (!event.more_body) break;
  }
  const body = new Uint8Array(
    await new Blob(pieces as BlobPart[]).arrayBuffer(),
  );
  await send({ type: "http.response.start", status: 200 });
  await send({ type: "http.response.body", body });
};

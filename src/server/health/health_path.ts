/** The option `healthPath`: whether the server is ready, on its ordinary listeners. */
import type { AsgiApp, HttpScope, Send } from "../../asgi.ts";
import { sendAnswer, TEXT } from "./probe_answer.ts";
import type { Readiness } from "./readiness.ts";

/**
 * `app`, but for the requests of one path.
 *
 * @param path As in the request line.
 */
export function withHealthPath(
  app: AsgiApp,
  path: string,
  readiness: () => Promise<Readiness>,
): AsgiApp {
  return (scope, receive, send) =>
    scope.type === "http" && scope.raw_path === path
      ? answer(scope, send, readiness)
      : app(scope, receive, send);
}

async function answer(
  { method }: HttpScope,
  send: Send,
  readiness: () => Promise<Readiness>,
): Promise<void> {
  if (method !== "GET" && method !== "HEAD") {
    await send({
      type: "http.response.start",
      status: 405, // RFC 9110 §15.5.6
      headers: [["allow", "GET, HEAD"], ["content-length", "0"]],
    });
    await send({ type: "http.response.body" });
    return;
  }
  const { isReady } = await readiness();
  await sendAnswer(send, {
    status: isReady ? 200 : 503,
    contentType: TEXT,
    // Without the reason: everybody may ask here.
    body: isReady ? "ready\n" : "not ready\n",
  });
}

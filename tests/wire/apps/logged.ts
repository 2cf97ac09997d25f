/** Answers every request with "ok"; `/throw` throws. */
import type { AsgiApp } from "../../../src/asgi.ts";

export const app: AsgiApp = async (scope, receive, send) => {
  if (scope.type !== "http") return;
  await receive();
  if (scope.path === "/throw") throw new TypeError("not today");
  await send({ type: "http.response.start", status: 200 });
  await send({ type: "http.response.body", body: "ok" });
};

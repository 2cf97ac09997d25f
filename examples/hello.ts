/** The smallest application that answers: run it with `tricorn hello:app`. */
import type { AsgiApp } from "../mod.ts";

export const app: AsgiApp = async (scope, _receive, send) => {
  if (scope.type !== "http") return;
  await send({
    type: "http.response.start",
    status: 200,
    headers: [["content-type", "text/plain"]],
  });
  await send({ type: "http.response.body", body: "Hello, world!\n" });
};

/** Starts a process that outlives the server, and answers with its id. */
import { spawn } from "node:child_process";
import type { AsgiApp } from "../../../src/asgi.ts";

/** In seconds: a test that fails before it ends it leaves it no longer. */
const LIFE = "60";

const child = spawn("sleep", [LIFE], { stdio: "ignore", detached: true });
child.unref();

export const app: AsgiApp = async (scope, receive, send) => {
  if (scope.type !== "http") {
    await receive();
    await send({ type: "lifespan.startup.complete" });
    await receive();
    await send({ type: "lifespan.shutdown.complete" });
    return;
  }
  await send({ type: "http.response.start", status: 200 });
  await send({
    type: "http.response.body",
    body: new TextEncoder().encode(`${child.pid}`),
  });
};

/** An application whose helper leaves a process behind: who asks for `/leave` makes one. */
import { spawn } from "node:child_process";
import type { AsgiApp } from "../../../src/asgi.ts";

/** Ends a moment after its parent has. */
const SCRIPT = "(sleep 0.1) & exit 0";

export const app: AsgiApp = async (scope, _receive, send) => {
  if (scope.type !== "http") throw new TypeError(`No ${scope.type} here`);
  if (scope.path === "/leave") {
    const child = spawn("/bin/sh", ["-c", SCRIPT], { stdio: "ignore" });
    await new Promise((resolve) => child.once("exit", resolve));
  }
  await send({ type: "http.response.start", status: 200 });
  await send({ type: "http.response.body", body: "done" });
};

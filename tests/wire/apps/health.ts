/** An application with a word in its readiness. The variables are those of tests/wire/_health.ts. */
import { existsSync } from "node:fs";
import process from "node:process";
import type { AsgiApp } from "../../../src/asgi.ts";
import { readBody } from "../../../src/helpers/mod.ts";

const { HEALTH_GATE: gate, HEALTH_CHECK: check = "ok" } = process.env;
const CHECKS: Readonly<Record<string, () => unknown>> = {
  ok: () => true,
  no: () => false,
  throw: () => {
    throw new Error("no database");
  },
  hang: () => new Promise(() => {}),
};

export const app: AsgiApp = async (scope, receive, send) => {
  if (scope.type === "lifespan") {
    await receive();
    // Held back until the test has looked.
    while (gate !== undefined && !existsSync(gate)) await sleep(20);
    scope.extensions.health?.checkReadiness(CHECKS[check]!);
    await send({ type: "lifespan.startup.complete" });
    await receive();
    return await send({ type: "lifespan.shutdown.complete" });
  }
  if (scope.type !== "http") return;
  const path = scope.path.slice(scope.root_path.length);
  const [, what, ms] = path.split("/");
  if (what === "block") spin(Number(ms));
  if (what === "body") await readBody(receive);
  await send({ type: "http.response.start", status: 200 });
  await send({ type: "http.response.body", body: `${scope.path}\n` });
};

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function spin(ms: number): void {
  const end = Date.now() + ms;
  while (Date.now() < end);
}

/**
 * A program that serves with `runConfig()` and tells on stdout what happens: `up`, `stopping`, and
 * at last how it ended as JSON. Its argument says how the application's shutdown goes: `good`,
 * `failing` or `hanging`. With `unref` it serves with `serve()` and lets the process end by itself;
 * with `broken` it does so and leaves an exception uncaught.
 */
import process from "node:process";
import type { AsgiApp } from "../../src/asgi.ts";
import { Config } from "../../src/config/config.ts";
import { runConfig } from "../../src/run.ts";
import { serve } from "../../src/serve.ts";

const shutdown = process.argv[2];

const app: AsgiApp = async (_scope, receive, send) => {
  await receive();
  await send({ type: "lifespan.startup.complete" });
  console.log("up");
  await receive();
  console.log("stopping");
  if (shutdown === "hanging") await new Promise(() => {});
  await send({
    type: shutdown === "failing"
      ? "lifespan.shutdown.failed"
      : "lifespan.shutdown.complete",
  });
};

const taken = () =>
  process.listenerCount("SIGINT") + process.listenerCount("SIGTERM");

const options = { port: 0, logLevel: "critical", accessLog: false } as const;

async function main(): Promise<void> {
  const before = taken();
  if (shutdown === "unref") {
    const server = serve(app, options);
    server.unref();
    server.ref();
    await server.listening;
    server.unref();
    return;
  }
  if (shutdown === "broken") {
    await serve(app, options).listening;
    setTimeout(() => {
      throw new Error("not the server's business");
    });
    return;
  }
  const ending = await runConfig(new Config(app, options));
  console.log(JSON.stringify({ ...ending, left: taken() - before }));
}

void main();

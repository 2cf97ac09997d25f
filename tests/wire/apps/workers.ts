/** Applications for several processes; the path says what becomes of the one that answers. */
import process from "node:process";
import type { AsgiApp, Send } from "../../../src/asgi.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

let answered = 0;

async function answer(send: Send, body: string): Promise<void> {
  await send({ type: "http.response.start", status: 200 });
  await send({ type: "http.response.body", body });
}

/** Who answers, and what it was started with. */
function whoAmI(): string {
  return JSON.stringify({
    worker: process.env.TRICORN_WORKER,
    pid: process.pid,
    parent: process.ppid,
    mode: process.env.MODE ?? null,
    argv: process.argv.slice(2),
  });
}

export const app: AsgiApp = async (scope, _receive, send) => {
  if (scope.type !== "http") throw new TypeError(`No ${scope.type} here`);
  answered++;
  const [, word, number] = scope.path.split("/");
  if (word === "block") {
    // The event loop does nothing else meanwhile.
    const end = performance.now() + Number(number);
    while (performance.now() < end);
  } else if (word === "wait") await pause(Number(number));
  else if (word === "exit") process.exit(Number(number));
  await answer(send, whoAmI());
};

/** Dies at its third request. */
export const mortal: AsgiApp = async (scope, receive, send) => {
  if (answered >= 2) process.exit(5);
  await app(scope, receive, send);
};

/** Dies as soon as it serves. */
export const shortLived: AsgiApp = async (scope, receive, send) => {
  if (scope.type !== "lifespan") return await app(scope, receive, send);
  await receive();
  await send({ type: "lifespan.startup.complete" });
  setTimeout(() => process.exit(9), 50);
  await pause(60_000);
};

/** Ends with the text of the variable MODE as its state of health: `bad` cannot start. */
export const moody: AsgiApp = async (scope, receive, send) => {
  if (scope.type !== "lifespan") return await app(scope, receive, send);
  await receive();
  if (process.env.MODE === "bad") {
    return await send({
      type: "lifespan.startup.failed",
      message: "in a bad mood",
    });
  }
  await send({ type: "lifespan.startup.complete" });
  await receive();
  await send({ type: "lifespan.shutdown.complete" });
};

/** Leaves errors uncaught: the path says how. */
import type { AsgiApp } from "../../../src/asgi.ts";

/** Work that is stopped by `signal` and that nobody waits for. */
function detached(signal: AbortSignal): void {
  void new Promise((_, reject) =>
    signal.addEventListener("abort", () => reject(signal.reason))
  );
}

function throwing(signal: AbortSignal, what: string): void {
  signal.addEventListener("abort", () => {
    throw new Error(`${what} listener broke`);
  });
}

function later(): void {
  setTimeout(() => {
    throw new Error("timer broke");
  });
}

let release = (): void => {};

export const app: AsgiApp = async (scope, receive, send) => {
  if (scope.type === "lifespan") return;
  const abort = scope.extensions.abort_signal.signal;
  const drain = scope.extensions.drain_signal.signal;
  if (scope.type === "websocket") {
    throwing(abort, "WebSocket abort");
    await receive();
    await send({ type: "websocket.accept" });
    while ((await receive()).type !== "websocket.disconnect");
    return;
  }
  switch (scope.path) {
    case "/reject":
      void Promise.reject(new Error("promise broke"));
      break;
    case "/timer":
      later();
      break;
    case "/detached":
      detached(abort);
      console.log("app waits");
      while ((await receive()).type !== "http.disconnect");
      return;
    case "/abort":
      throwing(abort, "abort");
      console.log("app waits");
      while ((await receive()).type !== "http.disconnect");
      return;
    case "/drain":
      throwing(drain, "drain");
      break;
    case "/slow":
      console.log("app is slow");
      await new Promise<void>((resolve) => release = resolve);
      break;
    case "/slow-until-drain":
      console.log("app is slow");
      await new Promise<void>((resolve) =>
        drain.addEventListener("abort", () => setTimeout(resolve, 100))
      );
      break;
    case "/release":
      release();
  }
  await send({ type: "http.response.start", status: 200 });
  await send({ type: "http.response.body", body: `ok ${scope.path}` });
};

/** Breaks while it starts: what it waits for never comes. */
export const starting: AsgiApp = async (scope, receive, _send) => {
  if (scope.type !== "lifespan") return;
  await receive();
  later();
  await new Promise(() => {});
};

/** Applications with lives of every kind; all of them answer requests with their state. */
import { type Scope, type Send, UnsupportedScopeError } from "../../../mod.ts";
import type { AsgiApp, LifespanScope, Receive } from "../../../mod.ts";

async function answer(scope: Scope, send: Send): Promise<void> {
  if (scope.type !== "http") throw UnsupportedScopeError.for(scope);
  const state = scope.state as {
    count?: number;
    shared?: string[];
    ownCount?: number;
  };
  // A new value stays with this request, a changed one is seen by all (http:H-021).
  state.ownCount = (state.ownCount ?? 0) + 1;
  state.shared?.push(scope.path);
  const body = JSON.stringify(state);
  await send({ type: "http.response.start", status: 200, headers: [] });
  await send({ type: "http.response.body", body });
}

/** An application whose life is the given function. */
function living(
  live: (scope: LifespanScope, receive: Receive, send: Send) => Promise<void>,
): AsgiApp {
  return async (scope, receive, send) => {
    if (scope.type === "lifespan") await live(scope, receive, send);
    else await answer(scope, send);
  };
}

const started = { type: "lifespan.startup.complete" } as const;
const stopped = { type: "lifespan.shutdown.complete" } as const;

function note(text: string): void {
  console.log(`app ${text}`);
}

export const whole: AsgiApp = living(async (scope, receive, send) => {
  note(`scope ${JSON.stringify(scope)}`);
  Object.assign(scope.state, { count: 1, shared: [] });
  note((await receive()).type);
  await send(started);
  note((await receive()).type);
  (scope.state as { count: number }).count++;
  await send(stopped);
});

export const slow: AsgiApp = living(async (_scope, receive, send) => {
  await receive();
  note("starting");
  await new Promise((resolve) => setTimeout(resolve, 300));
  await send(started);
  await receive();
  note("stopping");
  await new Promise((resolve) => setTimeout(resolve, 300));
  note("stopped");
  await send(stopped);
});

export const unaware: AsgiApp = async (scope, _receive, send) =>
  await answer(scope, send);

export const broken: AsgiApp = living(async (_scope, receive) => {
  await receive();
  throw new Error("no database");
});

export const failing: AsgiApp = living(async (_scope, receive, send) => {
  await receive();
  await send({ type: "lifespan.startup.failed", message: "no database today" });
});

export const silent: AsgiApp = living(async (_scope, receive) => {
  await receive();
});

export const hanging: AsgiApp = living(async (_scope, receive) => {
  await receive();
  note("hangs");
  await new Promise(() => {});
});

export const clinging: AsgiApp = living(async (_scope, receive, send) => {
  await receive();
  await send(started);
  await receive();
  note("clings");
  await new Promise(() => {});
});

export const badEnd: AsgiApp = living(async (_scope, receive, send) => {
  await receive();
  await send(started);
  await receive();
  await send({ type: "lifespan.shutdown.failed", message: "disk was full" });
});

export const throwingEnd: AsgiApp = living(async (_scope, receive, send) => {
  await receive();
  await send(started);
  await receive();
  throw new Error("cannot say goodbye");
});

export const shortLived: AsgiApp = living(async (_scope, receive, send) => {
  await receive();
  await send(started);
});

export const confused: AsgiApp = living(async (_scope, receive, send) => {
  await receive();
  await send(stopped).catch((error: Error) =>
    note(`rejected ${error.name}: ${error.message}`)
  );
  await send(started);
  await send(started).catch((error: Error) =>
    note(`rejected ${error.name}: ${error.message}`)
  );
  await receive();
  await send(stopped);
});

/**
 * Opens what requests need before the first one, and closes it after the last. What startup puts
 * into `state` is in every request's scope.
 */
import type { AsgiApp, LifespanApp } from "../mod.ts";

interface State {
  /** Stands for a pool of database connections. */
  visits: { count: number };
}

const lifespan: LifespanApp<State> = async (scope, receive, send) => {
  await receive(); // lifespan.startup
  scope.state.visits = { count: 0 };
  await send({ type: "lifespan.startup.complete" });

  await receive(); // lifespan.shutdown
  console.log(`Served ${scope.state.visits.count} visits.`);
  await send({ type: "lifespan.shutdown.complete" });
};

export const app: AsgiApp<State> = async (scope, receive, send) => {
  if (scope.type === "lifespan") {
    return await (lifespan as AsgiApp<State>)(scope, receive, send);
  }
  if (scope.type !== "http") return;
  // The state is copied for each request, what it refers to is not.
  const count = ++scope.state.visits.count;
  await send({ type: "http.response.start", status: 200 });
  await send({ type: "http.response.body", body: `Visit ${count}\n` });
};

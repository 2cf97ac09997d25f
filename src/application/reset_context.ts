/** Runs requests outside of the stores of `AsyncLocalStorage` that surround the server. */
import type { AsgiApp } from "../asgi.ts";
import type { RunInContext } from "../runtime/types.ts";

/**
 * Wraps `app` so that it handles each HTTP request in an empty context: stores that are entered
 * during lifespan, or around the server, are not seen. WebSockets and lifespan keep them.
 */
export function withEmptyContext(app: AsgiApp, run: RunInContext): AsgiApp {
  return (scope, receive, send) =>
    scope.type === "http"
      ? run(app, scope, receive, send)
      : app(scope, receive, send);
}

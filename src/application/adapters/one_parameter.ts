/**
 * A function of one parameter is a fetch handler or an ASGI 2 application: nothing tells before it
 * was called. It is taken for a fetch handler until it returns a function.
 */
import type { AsgiApp } from "../../asgi.ts";
import { describeFunction } from "../describe.ts";
import type { Adapt, AdapterContext } from "./context.ts";
import { adaptAsgi2 } from "./asgi2.ts";

/** What a fetch handler does not return: the function of an ASGI 2 application. */
class ReturnedFunction extends Error {}

/**
 * Adapts `value`, which was detected as a fetch handler, by what its first call returns.
 *
 * @param adaptFetch The adapter of fetch handlers.
 */
export async function adaptOneParameter(
  value: unknown,
  adaptFetch: Adapt,
  context: AdapterContext,
): Promise<AsgiApp> {
  const handler = value as (...args: unknown[]) => unknown;
  const returned = new ReturnedFunction();
  const probing = (request: unknown, info: unknown, more: unknown) => {
    const result = handler(request, info, more);
    if (typeof result !== "function") return result;
    if (result.length === 2) throw returned;
    throw new TypeError(
      `Cannot use what the application returned for a Request, ${
        describeFunction(result.length)
      }: if it makes the application, use a function without parameters that calls it, with --factory`,
    );
  };
  const fetchApp = await adaptFetch(Object.assign(probing, value), context);
  let isKnown = false;
  let app: AsgiApp = async (scope, receive, send) => {
    if (scope.type === "lifespan") return await fetchApp(scope, receive, send);
    try {
      await fetchApp(scope, receive, send);
      if (!isKnown) app = fetchApp;
      isKnown = true;
    } catch (error) {
      if (error !== returned) throw error;
      if (!isKnown) {
        isKnown = true;
        app = adaptAsgi2(value);
        context.onWarning(
          "ASGI 2 application detected by what it returned. Using it, but its startup was missed: " +
            "please set the --interface asgi2 flag explicitly.",
        );
      }
      return await app(scope, receive, send);
    }
  };
  return (scope, receive, send) => app(scope, receive, send);
}

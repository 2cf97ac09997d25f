/** Finds the adapter of an interface. Loaded only for applications that need one. */
import type { AsgiApp } from "../../asgi.ts";
import type { Logger } from "../../logging/logger.ts";
import type { CaughtServer } from "../../runtime/types.ts";
import type { InterfaceName, Verdict } from "../verdict.ts";
import { AdaptedLifespan } from "./adapted_lifespan.ts";
import type { Adapt, AdapterContext, OnListening } from "./context.ts";

/** Interfaces that need an adapter. */
export type AdaptedInterface = Exclude<InterfaceName, "asgi3">;

/** The adapter of each interface, loaded on first use. */
export const ADAPTERS: Readonly<
  Record<AdaptedInterface, () => Promise<Adapt>>
> = {
  wsgi: async () => (await import("./wsgi/adapt_wsgi.ts")).adaptWsgi,
  asgi2: async () => (await import("./asgi2.ts")).adaptAsgi2,
  fetch: async () => (await import("./fetch/adapt_fetch.ts")).adaptFetch,
  node: async () => (await import("./node/adapt_node.ts")).adaptNode,
};

/** What the server around an adapted application gives. */
export interface AdapterHost {
  readonly logger: Logger;
  /** The server of the program that is taken over, if the application is one. */
  readonly adopted?: CaughtServer | undefined;
  /** See {@linkcode AdapterContext}. */
  readonly isImported: boolean;
  onWarning(message: string): void;
  /** Registers what is called each time a server of the application listens. */
  onListening(callback: OnListening): void;
}

/**
 * Adapts `value`.
 *
 * @throws AppLoadError in one line if its adapter refuses it.
 */
export async function adapt(
  value: unknown,
  name: AdaptedInterface,
  { shape, isUncertain }: Pick<Verdict, "shape" | "isUncertain">,
  host: AdapterHost,
): Promise<AsgiApp> {
  const adaptTo = await ADAPTERS[name]();
  const context = newContext(shape, host);
  const { adopted } = host;
  if (adopted !== undefined) {
    context.onListening(([first]) => first && adopted.onListening(first));
    context.onStop(() => adopted.onStopped());
  }
  if (isUncertain) {
    const { adaptOneParameter } = await import("./one_parameter.ts");
    return await adaptOneParameter(value, adaptTo, context);
  }
  return await adaptTo(value, context);
}

/** @internal The context of one application. */
export function newContext(
  shape: AdapterContext["shape"],
  { logger, isImported, onWarning, onListening }: AdapterHost,
): AdapterContext {
  const lifespan = new AdaptedLifespan(logger);
  return {
    shape,
    isImported,
    logger,
    onWarning,
    lifespan: (scope, receive, send) => lifespan.run(scope, receive, send),
    onStart: (hook) => lifespan.onStart(hook),
    onStop: (hook) => lifespan.onStop(hook),
    waitUntil: (promise) => lifespan.waitUntil(promise),
    onListening: (callback) =>
      onListening((addresses) => {
        try {
          callback(addresses);
        } catch (error) {
          logger.error("Exception in the application's onListen", { error });
        }
      }),
  };
}

/** The server as a function call. */
import type { AsgiApp } from "./asgi.ts";
import { Config } from "./config/config.ts";
import { checkOptions } from "./config/resolve.ts";
import type { OptionsInput } from "./config/options/mod.ts";
import { Server } from "./server/server.ts";

/** The options of a server, and the signal that stops it. */
export type ServeOptions = OptionsInput & {
  /** Stops the server gracefully when it is raised. */
  readonly signal?: AbortSignal | undefined;
};

/**
 * Starts a server for `app` and returns at once. It takes no signals and never ends the process.
 *
 * @param app The application, or an import string such as `"main:app"`.
 * @throws ConfigError if an option is wrong. What goes wrong later rejects `server.listening`.
 *
 * @example
 * ```ts
 * const server = serve(app, { port: 0 });
 * const [address] = await server.listening;
 * console.log(server.url);
 * await server.stop({ timeout: 5 });
 * ```
 */
export function serve(
  app: AsgiApp | string,
  options: ServeOptions = {},
): Server {
  checkOptions(options);
  const { signal, ...rest } = options;
  const server = new Server(new Config(app, rest));
  if (signal?.aborted) {
    void server.stop();
    return server;
  }
  if (signal !== undefined) {
    const onAbort = () => void server.stop();
    signal.addEventListener("abort", onAbort, { once: true });
    // A signal may outlive many servers.
    const letGo = () => signal.removeEventListener("abort", onAbort);
    void server.finished.then(letGo, letGo);
  }
  server.start();
  return server;
}

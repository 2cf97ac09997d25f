/** The server as a function call. */
import type { Application } from "./application/application.ts";
import { Config } from "./config/config.ts";
import { checkOptions } from "./config/resolve.ts";
import type { Options, OptionsInput } from "./config/options/mod.ts";
import { isSupervised } from "./config/options/processes.ts";
import { ConfigError } from "./errors.ts";
import { Server } from "./server/server.ts";

/** The options of a server, and an abort signal that stops it. */
export type ServeOptions = OptionsInput & {
  /**
   * Stops the server gracefully when it is aborted, as `server.stop()` does. If it is aborted
   * already, the server does not start and `server.listening` rejects. Default: `undefined`.
   */
  readonly signal?: AbortSignal | undefined;
};

/**
 * Starts a server for `app` and returns at once. It listens on `http://127.0.0.1:8000` unless
 * options say otherwise, reads no environment variables for options, handles no signals of the
 * process and never ends it.
 *
 * `server.listening` resolves once connections are accepted. It rejects with
 *
 * - `AppLoadError` if the application cannot be loaded,
 * - `StartupError` if its lifespan startup fails, or the server is stopped before it listens,
 * - `ListenError` if an address cannot be listened on,
 * - `ConfigError` if an option cannot be used here, such as a certificate that cannot be read.
 *
 * The reason is logged too, so a program that does not wait for `listening` need not handle it.
 *
 * @param app The application, or an import string such as `"main:app"`.
 * @param options Any of the options, and the `signal` that stops the server.
 * @throws ConfigError if an option is wrong; UnsupportedRuntimeError if the runtime is too old.
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
  app: Application | string,
  options: ServeOptions = {},
): Server {
  checkOptions(options);
  const { signal, ...rest } = options;
  const config = new Config(app, rest);
  refuseWorkers(config.options);
  refuseProbes(config.options);
  const server = new Server(config);
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

/** @throws ConfigError for what only `run()` and the command can do. */
function refuseWorkers(options: Options): void {
  if (!isSupervised(options)) return;
  const name = options.workers === 1
    ? options.workerMaxAge === undefined ? "workerMaxMemory" : "workerMaxAge"
    : "workers";
  throw new ConfigError(
    `Cannot use the option "${name}" with serve(), which is one process: use run() or the command`,
  );
}

/** @throws ConfigError for what is told of a whole process. */
function refuseProbes({ adminBind }: Options): void {
  if (adminBind === undefined) return;
  throw new ConfigError(
    'Cannot use the option "adminBind" with serve(): use run() or the command',
  );
}

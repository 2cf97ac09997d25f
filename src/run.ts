/** A server as a whole program: signals, log lines and the exit code. */
import type { AsgiApp } from "./asgi.ts";
import { Config } from "./config/config.ts";
import { userStack } from "./config/load_app.ts";
import type { OptionsInput } from "./config/options.ts";
import { usesTls } from "./config/options/tls.ts";
import { AppLoadError, ConfigError } from "./errors.ts";
import { runtime } from "./runtime/mod.ts";
import type { SignalName } from "./runtime/types.ts";
import { loggingFor, Server } from "./server/server.ts";

/** How the program should end. */
export interface Ending {
  /** 0 for a good end, 1 for a failed shutdown, 2 or 3 for a failed start (options section 5). */
  readonly exitCode: number;
  /** The signal to end by: who sent SIGTERM sees that it worked (options:X-005). */
  readonly signal?: SignalName;
}

/**
 * Runs a server until a signal, or `limitMaxRequests`, ends it. The first SIGINT or SIGTERM
 * drains; a second one, whichever it is, forces.
 */
export async function runConfig(config: Config): Promise<Ending> {
  const logging = loggingFor(config);
  const server = new Server(config, logging);
  const taken: SignalName[] = [];
  const onSignal = (signal: SignalName) => () => {
    taken.push(signal);
    if (taken.length === 1) void server.stop();
    else server.forceStop();
  };
  const restores = (["SIGINT", "SIGTERM", "SIGBREAK"] as const).map((name) =>
    runtime.onSignal(name, onSignal(name))
  );
  if (usesTls(config.options)) {
    // What goes wrong is in the log.
    const reload = () => void server.reloadTls().catch(() => {});
    restores.push(runtime.onSignal("SIGHUP", reload));
  }
  try {
    await server.serve();
  } catch (error) {
    // The server has logged its message. Of an application that broke, the stack says where.
    if (error instanceof AppLoadError && error.cause !== undefined) {
      runtime.stderr.write(`${userStack(error.cause)}\n`);
    }
    // What no socket here can do was asked for: wrong usage, though found late.
    return { exitCode: error instanceof ConfigError ? error.exitCode : 3 };
  } finally {
    logging.flush();
    for (const restore of restores) restore();
  }
  if (taken.includes("SIGTERM")) return { exitCode: 143, signal: "SIGTERM" };
  return { exitCode: server.shutdownFailed ? 1 : 0 };
}

/**
 * Serves `app` until the process is told to stop, taking SIGINT and SIGTERM, and resolves to the
 * exit code; the process is left to the caller.
 *
 * @param app The application, or an import string such as `"main:app"`.
 * @throws ConfigError if an option is wrong.
 *
 * @example
 * ```ts
 * const code = await run("main:app", { port: 8000 });
 * ```
 */
export async function run(
  app: AsgiApp | string,
  options: OptionsInput = {},
): Promise<number> {
  const ending = await runConfig(new Config(app, options));
  return ending.exitCode;
}

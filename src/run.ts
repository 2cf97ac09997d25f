/** A server as a whole program: signals, log lines and the exit code. */
import type { AsgiApp } from "./asgi.ts";
import { Config } from "./config/config.ts";
import { userStack } from "./application/load.ts";
import type { Options, OptionsInput } from "./config/options/mod.ts";
import { usesTls } from "./config/options/tls.ts";
import { AppLoadError, ConfigError } from "./errors.ts";
import type { Logging } from "./logging/logging.ts";
import { runtime } from "./runtime/mod.ts";
import type { SignalName, UncaughtKind } from "./runtime/types.ts";
import { loggingFor, Server } from "./server/server.ts";

/** How the program should end. */
export interface Ending {
  /** 0 after an orderly end, 1 after a failed one, 2 for wrong usage, 3 for a failed start. */
  readonly exitCode: number;
  /** The signal to end by, so that a process manager sees that its SIGTERM was handled. */
  readonly signal?: SignalName;
}

/** What is done about an error that nobody caught, by its kind and the option `uncaughtErrors`. */
const REACTIONS = {
  auto: { rejection: "continue", exception: "drain" },
  continue: { rejection: "continue", exception: "continue" },
  drain: { rejection: "drain", exception: "drain" },
  exit: { rejection: "exit", exception: "exit" },
} as const satisfies Record<
  Options["uncaughtErrors"],
  Record<UncaughtKind, "continue" | "drain" | "exit">
>;

const UNCAUGHT: Readonly<Record<UncaughtKind, string>> = {
  rejection: "Unhandled promise rejection in the application.",
  exception: "Uncaught exception in the application.",
};

/**
 * Runs a server until a signal, `limitMaxRequests` or an uncaught error ends it. The first SIGINT
 * or SIGTERM drains; a second one, whichever it is, forces.
 */
export async function runConfig(config: Config): Promise<Ending> {
  const logging = loggingFor(config);
  const server = new Server(config, logging);
  return await runServer(server, logging);
}

async function runServer(server: Server, logging: Logging): Promise<Ending> {
  const { options } = server.config;
  const taken: SignalName[] = [];
  const stop = (signal: SignalName): void => {
    taken.push(signal);
    if (taken.length === 1) void server.stop();
    else server.forceStop();
  };
  const restores = (["SIGINT", "SIGTERM", "SIGBREAK"] as const).map((name) =>
    runtime.onSignal(name, () => stop(name))
  );
  if (usesTls(options)) {
    const hadTerminal = runtime.hasTerminal();
    restores.push(runtime.onSignal("SIGHUP", () => {
      // A terminal that is closed says so with the same signal.
      if (hadTerminal && !runtime.hasTerminal()) stop("SIGHUP");
      // What goes wrong is in the log.
      else void server.reloadTls().catch(() => {});
    }));
  }
  let isBroken = false;
  restores.push(runtime.onUncaught((error, kind) => {
    const reaction = REACTIONS[options.uncaughtErrors][kind];
    const text = UNCAUGHT[kind];
    if (reaction === "continue" || (isBroken && reaction === "drain")) {
      return logging.server.error(text, { error });
    }
    isBroken = true;
    if (reaction === "exit") {
      logging.server.critical(`${text} Exiting.`, { error });
      return runtime.exit(1);
    }
    logging.server.critical(`${text} Draining, then exiting.`, { error });
    // Nobody is served yet, and the start may wait for what has just failed.
    if (server.phase === "starting") server.forceStop();
    else void server.stop();
  }));
  try {
    await server.serve({ quitsOnCtrlC: true });
    // Node and Bun report what the last listeners threw in a later callback.
    await new Promise<void>((resolve) => runtime.afterTurn(resolve));
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
  // Whoever sends a second signal has not waited for the application's shutdown.
  const isForced = taken.length > 1;
  if (isBroken || (server.shutdownFailed && !isForced)) return { exitCode: 1 };
  if (taken.includes("SIGTERM")) return { exitCode: 143, signal: "SIGTERM" };
  if (taken.includes("SIGHUP")) return { exitCode: 129, signal: "SIGHUP" };
  return { exitCode: server.shutdownFailed ? 1 : 0 };
}

/**
 * Serves `app` until the process is told to stop, and resolves to the exit code. It does not end
 * the process, but sets the exit code with which it ends. Reads no environment variables for
 * options.
 *
 * Signals, until it resolves: the first SIGINT, SIGTERM or, on Windows, SIGBREAK shuts down
 * gracefully, a second one at once. SIGHUP reloads certificates if TLS is used; when it means that
 * the terminal was closed, it shuts down.
 *
 * Exit codes:
 *
 * - 0: an orderly end, also after SIGINT.
 * - 1: an uncaught error of the application ended the server (see the option `uncaughtErrors`), or
 *   the application's shutdown failed.
 * - 2: an option cannot be used here; found when the server starts.
 * - 3: the start failed: the application, its startup, or an address to listen on.
 * - 143 after SIGTERM, 129 after SIGHUP.
 *
 * @param app The application, an import string such as `"main:app"`, or a server that has not been
 * started, for programs that use the server meanwhile.
 * @param options Options of the server that is made. Must be empty if `app` is a server.
 * @throws ConfigError if an option is wrong.
 *
 * @example
 * ```ts
 * await run("main:app", { port: 8000 });
 * ```
 *
 * @example
 * ```ts
 * const server = new Server(new Config(app, { port: 0 }));
 * void server.listening.then(() => console.log(server.url));
 * await run(server);
 * ```
 */
export async function run(
  app: AsgiApp | string | Server,
  options: OptionsInput = {},
): Promise<number> {
  if (app instanceof Server && Object.keys(options).length > 0) {
    throw new ConfigError(
      "Cannot use options: the server that is to be run has its own",
    );
  }
  const { exitCode } = app instanceof Server
    ? await runServer(app, loggingFor(app.config))
    : await runConfig(new Config(app, options));
  if (exitCode !== 0) runtime.setExitCode(exitCode);
  return exitCode;
}

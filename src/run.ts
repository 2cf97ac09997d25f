/** A server as a whole program: signals, log lines and the exit code. */
import type { Application } from "./application/application.ts";
import { Config } from "./config/config.ts";
import type { AdminListener } from "./admin/admin_listener.ts";
import type { ServerControl } from "./control/single_process.ts";
import type { OptionsInput } from "./config/options/mod.ts";
import { wantsControl } from "./config/options/control.ts";
import { isSupervised } from "./config/options/processes.ts";
import { IDLE_RELOAD, isIdleReload } from "./config/options/reload.ts";
import { usesTls } from "./config/options/tls.ts";
import { ConfigError } from "./errors.ts";
import { hasLogFiles } from "./logging/logging_options.ts";
import { runtime } from "./runtime/mod.ts";
import type { Ending } from "./server/ending.ts";
import { Server } from "./server/server.ts";
import { SignalTrap } from "./server/signal_trap.ts";
import type { Takeover } from "./supervisor/takeover.ts";
import type { Sources } from "./supervisor/worker_plan.ts";
import { UncaughtErrors } from "./server/uncaught_errors.ts";

export type { Ending } from "./server/ending.ts";

/** What is to be run besides a configuration. */
export interface RunParts {
  /** What has happened before, logged at level info first. Default: nothing. */
  readonly notes?: readonly string[];
  /** Variables of environment files that are for workers only. Default: none. */
  readonly env?: Readonly<Record<string, string>>;
  /** Reads the configuration anew, for new workers. Default: the configuration stays. */
  readonly reread?: () => Promise<Sources>;
  /** Arguments of the command, with which a new version is started. Default: there is no command. */
  readonly args?: readonly string[];
  /** What is taken over from a parent of before. Default: nothing. */
  readonly takeover?: Takeover | undefined;
}

/**
 * Runs a server, with workers or a reload if the options ask for them, until a signal, `limitMaxRequests` or an
 * uncaught error ends it. The first SIGINT or SIGTERM drains; a second one, whichever it is, forces.
 */
export async function runConfig(
  config: Config,
  parts: RunParts = {},
): Promise<Ending> {
  const { notes = [], env = {} } = parts;
  const reread = parts.reread ?? (() => Promise.resolve({ config, env }));
  const isWorkers = isSupervised(config.options) && !config.options.reload;
  if (parts.takeover !== undefined && !isWorkers) {
    throw new ConfigError(
      "Cannot take over: the configuration does not ask for workers, expected --workers",
      3,
    );
  }
  if (config.options.reload) {
    const { runReload } = await import("./supervisor/reload/run_reload.ts");
    return await runReload({ config, notes, env, reread });
  }
  if (isWorkers) {
    const { runSupervised } = await import("./supervisor/run_supervised.ts");
    const { args, takeover } = parts;
    return await runSupervised({ config, notes, env, reread, args, takeover });
  }
  const server = new Server(config);
  for (const note of notes) server.logging.server.info(note);
  if (isIdleReload(config.options)) server.logging.server.warning(IDLE_RELOAD);
  return await runServer(server);
}

async function runServer(server: Server): Promise<Ending> {
  const { logging } = server;
  const { options } = server.config;
  const hasFiles = hasLogFiles(options);
  let control: ServerControl | undefined;
  let admin: AdminListener | undefined;
  const signals = new SignalTrap({
    drain: () => void server.stop(),
    force: () => server.forceStop(),
    reload: usesTls(options) || hasFiles
      // What goes wrong is in the log.
      ? () => void (control?.reload() ?? reload(server)).catch(() => {})
      : undefined,
    reopenLogs: hasFiles ? () => logging.reopen() : undefined,
    upgrade: () =>
      logging.server.warning(
        "Received SIGUSR2: a single process cannot hand over to a new version; use --workers",
      ),
  }, runtime);
  const errors = new UncaughtErrors(server, runtime);
  const endWaiting = runtime.pid === 1
    ? (await import("./server/strangers.ts")).waitForStrangers(logging.server)
    : undefined;
  try {
    control = await openControl(server);
    if (options.adminBind !== undefined) {
      const { openAdmin } = await import("./admin/process_health.ts");
      admin = await openAdmin(server);
    }
    await server.serve({ quitsOnCtrlC: true });
    // Node and Bun report what the last listeners threw in a later callback.
    await new Promise<void>((resolve) => runtime.afterTurn(resolve));
  } catch (error) {
    // A ConfigError found at bind time (no transport supports the combination) exits with 2 too.
    return { exitCode: error instanceof ConfigError ? error.exitCode : 3 };
  } finally {
    await admin?.close();
    await control?.close();
    logging.flush();
    signals.release();
    endWaiting?.();
    errors.release();
  }
  if (control?.failure !== undefined) return { exitCode: 3 };
  // A forced end skips the application's shutdown: that is no failure.
  const hasFailed = server.shutdownFailed && !signals.hasForced;
  if (errors.hasBroken || hasFailed) return { exitCode: 1 };
  const { received } = signals;
  if (received.includes("SIGTERM")) return { exitCode: 143, signal: "SIGTERM" };
  if (received.includes("SIGHUP")) return { exitCode: 129, signal: "SIGHUP" };
  return { exitCode: server.shutdownFailed ? 1 : 0 };
}

/** Opens pid file and control socket, if the options ask for one, and the way to systemd. */
async function openControl(
  server: Server,
): Promise<ServerControl | undefined> {
  const { options } = server.config;
  if (!wantsControl(options, runtime.env("NOTIFY_SOCKET"))) return undefined;
  const { ServerControl } = await import("./control/single_process.ts");
  return await ServerControl.open({ server, reload: () => reload(server) });
}

/**
 * Reads log configuration and certificates anew. What is wrong is in the log, and not used.
 *
 * @returns What has happened. Rejects with the reason, if something was wrong.
 */
async function reload(server: Server): Promise<string> {
  const { logging } = server;
  const { options } = server.config;
  const done: string[] = [];
  let failure: unknown;
  if (hasLogFiles(options)) {
    if (await logging.reconfigure()) {
      logging.server.info("Log configuration reloaded");
      done.push("log configuration");
    } else {
      failure = new ConfigError(
        "Cannot reload the log configuration: the log says why",
      );
    }
  }
  if (usesTls(options)) {
    try {
      await server.reloadTls();
      done.push("certificates");
    } catch (error) {
      failure ??= error;
    }
  }
  if (failure !== undefined) throw failure;
  if (done.length > 0) return `Reloaded: ${done.join(", ")}`;
  throw new ConfigError(
    "Cannot reload: one process without TLS and log files reads nothing again; restart it, or " +
      "use --workers",
  );
}

/**
 * Serves `app` until the process is told to stop, and resolves to the exit code. It does not end
 * the process, but sets the exit code with which it ends. Reads no environment variables for
 * options.
 *
 * Signals, until it resolves: the first SIGINT, SIGTERM or, on Windows, SIGBREAK shuts down
 * gracefully, a second one at once. SIGHUP reloads certificates if TLS is used, and the log
 * configuration if there is one; when it means that the terminal was closed, it shuts down. SIGUSR1
 * opens log files anew.
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
  app: Application | string | Server,
  options: OptionsInput = {},
): Promise<number> {
  if (app instanceof Server && Object.keys(options).length > 0) {
    throw new ConfigError(
      "Cannot use options: the server that is to be run has its own",
    );
  }
  const { exitCode } = app instanceof Server
    ? await runServer(app)
    : await runConfig(new Config(app, options));
  if (exitCode !== 0) runtime.setExitCode(exitCode);
  return exitCode;
}

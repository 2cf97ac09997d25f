/** A server that is started anew when its sources change, as a whole program. */
import { wantsControl } from "../../config/options/control.ts";
import { usesTls } from "../../config/options/tls.ts";
import type { Logger } from "../../logging/logger.ts";
import type { Logging } from "../../logging/logging.ts";
import { hasLogFiles } from "../../logging/logging_options.ts";
import { runtime } from "../../runtime/mod.ts";
import type { CompileCache, SignalName } from "../../runtime/types.ts";
import type { Ending } from "../../server/ending.ts";
import { loggingFor } from "../../server/process_logging.ts";
import {
  CTRL_C_HINT,
  logAddresses,
  processLine,
} from "../../server/ready_line.ts";
import { startTimer } from "../../server/timers.ts";
import type { AdminListener } from "../../admin/admin_listener.ts";
import type { Control } from "../../control/control.ts";
import { HeldSockets } from "../held_sockets.ts";
import { parentFacts } from "../parent_control.ts";
import { measureParent, openParentReports } from "../parent_measuring.ts";
import type { ParentMetrics } from "../parent_metrics.ts";
import { takeParentSignals } from "../parent_signals.ts";
import { isFailedStart, type SupervisedRun } from "../run_supervised.ts";
import { startMessage } from "../start_message.ts";
import type { ChildWatcher } from "./child_watcher.ts";
import { ChildSource } from "./child_source.ts";
import { FileChanges } from "./file_changes.ts";
import { changedText, listText } from "./reload_text.ts";
import { Reloader } from "./reloader.ts";
import { WatchedFiles } from "./watched_files.ts";

/** Names of the ways to find changes, as Uvicorn has them: tools look for them in logs. */
const WATCHER = { events: "WatchFiles", polling: "StatReload" } as const;

/**
 * Watches the sources and serves from another process, until a signal ends both.
 *
 * @throws ConfigError for an application or options that other processes cannot have, for directories
 * that cannot be watched, and for a pid file or control socket that cannot be had.
 */
export async function runReload(run: SupervisedRun): Promise<Ending> {
  const { config } = run;
  startMessage(config, [], "reload"); // throws for what cannot be served so, before anything happens
  const trees = await runtime.loadTrees();
  const files = new WatchedFiles(config.options, trees, runtime);
  const logging = loggingFor(config);
  const logger = logging.server;
  const cache = await runtime.openCompileCache();
  const parent = new ReloadingParent(run, files, logging, cache);
  try {
    for (const note of run.notes) logger.info(note);
    if (config.options.workers !== 1) {
      logger.warning('"workers" flag is ignored when reloading is enabled.');
    }
    await logging.open();
    return await parent.live();
  } catch (error) {
    if (!isFailedStart(error)) throw error;
    logger.error(error.message);
    return { exitCode: 3 };
  } finally {
    await parent.close();
    cache.close();
    logging.flush();
  }
}

/** The process that watches. */
class ReloadingParent {
  readonly #run: SupervisedRun;
  readonly #files: WatchedFiles;
  readonly #logging: Logging;
  readonly #cache: CompileCache;
  readonly #watchers: ChildWatcher[] = [];
  #sockets: HeldSockets | undefined;
  #admin: AdminListener | undefined;
  /** `undefined` if nothing is measured. */
  #metrics: ParentMetrics | undefined;
  #closeMetrics: () => void = () => {};
  #control: Control | undefined;
  #reloader: Reloader | undefined;
  /** Whether it was told to end. */
  #isStopping = false;
  /** Whether the pid file could not be written. */
  #hasFailed = false;
  /** The signal that ends it. */
  #received: SignalName | undefined;

  constructor(
    run: SupervisedRun,
    files: WatchedFiles,
    logging: Logging,
    cache: CompileCache,
  ) {
    this.#run = run;
    this.#files = files;
    this.#logging = logging;
    this.#cache = cache;
  }

  /** Resolves when both processes are to end, and the one that serves has. @throws ListenError, ConfigError */
  async live(): Promise<Ending> {
    const logger = this.#logging.server;
    await this.#openControl();
    logger.info(
      `Will watch for changes in these directories: ${
        listText(this.#files.roots)
      }`,
    );
    await this.#measure();
    await this.#openAdmin();
    const sockets = this.#sockets = await HeldSockets.open(this.#run.config);
    await this.#serve(sockets);
    logProcess("Stopping", "", logger);
    if (this.#hasFailed) return { exitCode: 3 };
    return this.#received === "SIGHUP"
      ? { exitCode: 129, signal: "SIGHUP" }
      : { exitCode: 0 };
  }

  /** Lets go of all that it holds. */
  async close(): Promise<void> {
    await this.#sockets?.close();
    await this.#admin?.close();
    this.#closeMetrics();
    await this.#control?.close();
  }

  /** Pid file, control socket and systemd, if there are any. @throws ConfigError */
  async #openControl(): Promise<void> {
    const { options } = this.#run.config;
    if (!wantsControl(options, runtime.env("NOTIFY_SOCKET"))) return;
    const { Control } = await import("../../control/control.ts");
    const { ChildStatus } = await import("./child_status.ts");
    const { monotonicMs } = runtime;
    const isStopping = () => this.#isStopping;
    const status = new ChildStatus({ monotonicMs, startTimer, isStopping });
    this.#watchers.push(status);
    this.#control = await Control.open(
      options,
      {
        status: () =>
          status.status(parentFacts(this.#run.config, this.#sockets)),
        stop: (isForced) => this.#stop(isForced),
        reload: () => this.#restart(),
      },
      this.#logging.server,
    );
  }

  /** Counts the server processes, if that is asked for. @throws ConfigError */
  async #measure(): Promise<void> {
    const { options } = this.#run.config;
    const metrics = this.#metrics = await measureParent(options);
    if (metrics === undefined) return;
    const { ChildMetrics } = await import("./child_metrics.ts");
    const watcher = new ChildMetrics(metrics, runtime.every);
    this.#watchers.push(watcher);
    const reports = await openParentReports(
      options,
      this.#logging,
      () => watcher.workers.length,
    );
    this.#closeMetrics = () => {
      watcher.close();
      reports?.close();
    };
  }

  /** The listener for probes, if there is to be one. @throws ListenError */
  async #openAdmin(): Promise<void> {
    const { adminBind, timeoutLiveness } = this.#run.config.options;
    if (adminBind === undefined) return;
    const { ChildHealth } = await import("./child_health.ts");
    const { AdminListener } = await import("../../admin/admin_listener.ts");
    const health = new ChildHealth({
      livenessMs: timeoutLiveness * 1000,
      monotonicMs: runtime.monotonicMs,
      startTimer,
    });
    this.#watchers.push(health);
    const sources = { health, metrics: this.#metrics };
    const logger = this.#logging.server;
    this.#admin = await AdminListener.open(adminBind, sources, logger);
  }

  /** Serves, with one process after the other, until it is told to end. */
  async #serve(sockets: HeldSockets): Promise<void> {
    const logger = this.#logging.server;
    const { options } = this.#run.config;
    const scheme = usesTls(options) ? "https" : "http";
    logAddresses(sockets.bound, scheme, CTRL_C_HINT, logger);
    const watcher = options.reloadPoll ? WATCHER.polling : WATCHER.events;
    logProcess("Started", ` using ${watcher}`, logger);
    const changes = this.#changes();
    const source = new ChildSource({
      run: this.#run,
      cache: this.#cache,
      sockets,
      files: this.#files,
      logger,
      watchers: this.#watchers,
      isMeasured: this.#metrics !== undefined,
    });
    const { reloadTimeout, timeoutGracefulShutdown } = options;
    const reloader = this.#reloader = new Reloader({
      start: (isFresh) => source.start(isFresh, () => void reloader.restart()),
      changes,
      describe: (paths) => changedText(paths, this.#files.cwd),
      watcher,
      logger,
      reloadMs: Math.min(reloadTimeout, timeoutGracefulShutdown) * 1000,
      startTimer,
    });
    if (this.#isStopping) reloader.stop();
    const release = this.#takeSignals(reloader, source);
    // A watcher that fails, and the channel to a process that has ended, let this one end.
    const stayAlive = startTimer(Infinity, () => {});
    try {
      await changes.begin();
      this.#announce();
      await reloader.run();
    } finally {
      stayAlive();
      release();
      await source.close();
    }
  }

  #changes(): FileChanges {
    const files = this.#files;
    const { reloadPoll, reloadDelay } = this.#run.config.options;
    return new FileChanges({
      look: () => files.look(),
      watch: reloadPoll ? undefined : files.watch.bind(files),
      onFailure: (reason) =>
        this.#logging.server.warning(
          `Cannot watch all files for changes: ${reason}. Looking at them every ` +
            `${reloadDelay} seconds instead.`,
        ),
      delayMs: reloadDelay * 1000,
      nowMs: runtime.monotonicMs,
      startTimer,
    });
  }

  /**
   * From now on it can be found. Whether the application starts is another matter: whoever connects
   * waits for it, and the operator may ask.
   */
  #announce(): void {
    try {
      this.#control?.announce();
    } catch (error) {
      this.#hasFailed = true;
      this.#logging.server.error((error as Error).message);
      this.#stop(false);
    }
  }

  #stop(isForced: boolean): void {
    this.#isStopping = true;
    this.#control?.stopping();
    if (isForced) this.#reloader?.forceStop();
    else this.#reloader?.stop();
  }

  /** Another server process, although nothing has changed. Rejects if it does not serve. */
  async #restart(): Promise<string> {
    if (this.#reloader === undefined) {
      throw new Error("Cannot restart the server process: it is starting");
    }
    if (await this.#reloader.restart()) return "Restarted: the server process";
    throw new Error("Cannot restart the server process: the log says why");
  }

  #takeSignals(reloader: Reloader, source: ChildSource): () => void {
    const logger = this.#logging.server;
    const { options } = this.#run.config;
    const cannot = (signal: SignalName, why: string): void =>
      logger.warning(`Received ${signal}: a server that reloads ${why}`);
    return takeParentSignals({
      end: (signal) => {
        this.#received = signal;
        this.#stop(false);
      },
      endNow: () => this.#stop(true),
      restart: () => {
        // What goes wrong is in the log.
        void (this.#control?.reload() ?? reloader.restart()).catch(() => {});
      },
      grow: () => cannot("SIGTTIN", "has no workers"),
      shrink: () => cannot("SIGTTOU", "has no workers"),
      reopenLogs: () => {
        if (hasLogFiles(options)) this.#logging.reopen();
        source.reopenLogs();
      },
      upgrade: () =>
        cannot(
          "SIGUSR2",
          "cannot hand over to a new version; use --workers",
        ),
    }, runtime);
  }
}

function logProcess(
  event: "Started" | "Stopping",
  how: string,
  logger: Logger,
): void {
  const line = processLine(event, runtime.pid, "reloader", how);
  logger.info(line.message, line);
}

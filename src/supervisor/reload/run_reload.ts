/** A server that is started anew when its sources change, as a whole program. */
import type { Config } from "../../config/config.ts";
import { type SslIdentity, usesTls } from "../../config/options/tls.ts";
import { ListenError } from "../../errors.ts";
import type { Logger } from "../../logging/logger.ts";
import type { Logging } from "../../logging/logging.ts";
import { hasLogFiles } from "../../logging/logging_options.ts";
import { runtime } from "../../runtime/mod.ts";
import type { Child, CompileCache, SignalName } from "../../runtime/types.ts";
import type { Ending } from "../../server/ending.ts";
import { loggingFor } from "../../server/process_logging.ts";
import {
  CTRL_C_HINT,
  logAddresses,
  processLine,
} from "../../server/ready_line.ts";
import { startTimer } from "../../server/timers.ts";
import type { AdminListener } from "../../admin/admin_listener.ts";
import type { MetricsSource } from "../../metrics/metrics_source.ts";
import type { HealthSource } from "../../admin/health_source.ts";
import type { ChildWatcher } from "./child_watcher.ts";
import { measureParent, openParentReports } from "../parent_measuring.ts";
import { HeldSockets } from "../held_sockets.ts";
import { fromWorker, type StartMessage } from "../messages.ts";
import { takeParentSignals } from "../parent_signals.ts";
import type { SupervisedRun } from "../run_supervised.ts";
import { startMessage } from "../start_message.ts";
import { FileChanges } from "./file_changes.ts";
import { changedText, listText } from "./reload_text.ts";
import { Reloader, type ServerChild } from "./reloader.ts";
import { WatchedFiles } from "./watched_files.ts";

/** Names of the ways to find changes, as Uvicorn has them: tools look for them in logs. */
const WATCHER = { events: "WatchFiles", polling: "StatReload" } as const;

/**
 * Watches the sources and serves from another process, until a signal ends both.
 *
 * @throws ConfigError for an application or options that other processes cannot have, and for
 * directories that cannot be watched.
 */
export async function runReload(run: SupervisedRun): Promise<Ending> {
  const { config } = run;
  startMessage(config, [], "reload"); // throws for what cannot be served so, before anything happens
  const trees = await runtime.loadTrees();
  const files = new WatchedFiles(config.options, trees, runtime);
  const logging = loggingFor(config);
  const logger = logging.server;
  const { pidFile, controlSocket, workers } = config.options;
  const cache = await runtime.openCompileCache();
  let sockets: HeldSockets | undefined;
  let admin: AdminListener | undefined;
  let measured: MeasuredChild | undefined;
  try {
    for (const note of run.notes) logger.info(note);
    if (workers !== 1) {
      logger.warning('"workers" flag is ignored when reloading is enabled.');
    }
    if (pidFile !== undefined || controlSocket) {
      logger.warning(
        "--pid-file and --control-socket are ignored when reloading is enabled.",
      );
    }
    await logging.open();
    logger.info(
      `Will watch for changes in these directories: ${listText(files.roots)}`,
    );
    const health = await healthFor(config);
    measured = await measureChild(config, logging);
    admin = await openAdmin(config, health, measured?.source, logger);
    sockets = await HeldSockets.open(config);
    const watchers = [health, measured?.watcher].filter((one) =>
      one !== undefined
    );
    const isMeasured = measured !== undefined;
    return await reload(
      { ...run, cache, watchers, isMeasured },
      files,
      logging,
      sockets,
    );
  } catch (error) {
    if (!(error instanceof ListenError)) throw error;
    logger.error(error.message);
    return { exitCode: 3 };
  } finally {
    await sockets?.close();
    await admin?.close();
    measured?.close();
    cache.close();
    logging.flush();
  }
}

/** What is to be run, where it is compiled, and who follows that. */
interface ReloadRun extends SupervisedRun {
  readonly cache: CompileCache;
  readonly watchers: readonly ChildWatcher[];
  /** Whether one of them counts, whatever the options are by then. */
  readonly isMeasured: boolean;
}

/** What counts the server processes. */
interface MeasuredChild {
  readonly source: MetricsSource;
  readonly watcher: ChildWatcher;
  close(): void;
}

/** The health of the server process, if somebody may ask for it. */
async function healthFor(
  { options: { adminBind, timeoutLiveness } }: Config,
): Promise<(HealthSource & ChildWatcher) | undefined> {
  if (adminBind === undefined) return undefined;
  const { ChildHealth } = await import("./child_health.ts");
  return new ChildHealth({
    livenessMs: timeoutLiveness * 1000,
    monotonicMs: runtime.monotonicMs,
    startTimer,
  });
}

/** What is measured; `undefined` if nothing is. */
async function measureChild(
  { options }: Config,
  logging: Logging,
): Promise<MeasuredChild | undefined> {
  const source = await measureParent(options);
  if (source === undefined) return undefined;
  const { ChildMetrics } = await import("./child_metrics.ts");
  const watcher = new ChildMetrics(source, runtime.every);
  const reports = await openParentReports(
    options,
    logging,
    () => watcher.workers.length,
  );
  return {
    source,
    watcher,
    close() {
      watcher.close();
      reports?.close();
    },
  };
}

/** @throws ListenError */
async function openAdmin(
  { options: { adminBind } }: Config,
  health: HealthSource | undefined,
  metrics: MetricsSource | undefined,
  logger: Logger,
): Promise<AdminListener | undefined> {
  if (adminBind === undefined || health === undefined) return undefined;
  const { AdminListener } = await import("../../admin/admin_listener.ts");
  return await AdminListener.open(adminBind, { health, metrics }, logger);
}

async function reload(
  run: ReloadRun,
  files: WatchedFiles,
  logging: Logging,
  sockets: HeldSockets,
): Promise<Ending> {
  const logger = logging.server;
  const { options } = run.config;
  const scheme = usesTls(options) ? "https" : "http";
  logAddresses(sockets.bound, scheme, CTRL_C_HINT, logger);
  const watcher = options.reloadPoll ? WATCHER.polling : WATCHER.events;
  logProcess("Started", ` using ${watcher}`, logger);
  const changes = new FileChanges({
    look: () => files.look(),
    watch: options.reloadPoll ? undefined : files.watch.bind(files),
    onFailure: (reason) =>
      logger.warning(
        `Cannot watch all files for changes: ${reason}. Looking at them every ` +
          `${options.reloadDelay} seconds instead.`,
      ),
    delayMs: options.reloadDelay * 1000,
    nowMs: runtime.monotonicMs,
    startTimer,
  });
  const source = new ChildSource(run, sockets, logger);
  const { reloadTimeout, timeoutGracefulShutdown } = options;
  const reloader = new Reloader({
    start: () => source.start(() => reloader.restart()),
    changes,
    describe: (paths) => changedText(paths, files.cwd),
    watcher,
    logger,
    reloadMs: Math.min(reloadTimeout, timeoutGracefulShutdown) * 1000,
    startTimer,
  });
  let received: SignalName | undefined;
  const release = takeParentSignals({
    end(signal) {
      received = signal;
      reloader.stop();
    },
    endNow: () => reloader.forceStop(),
    restart: () => reloader.restart(),
    grow() {},
    shrink() {},
    reopenLogs() {
      if (hasLogFiles(options)) logging.reopen();
      source.reopenLogs();
    },
    upgrade() {},
  }, runtime);
  // A watcher that fails, and the channel to a process that has ended, let this one end.
  const stayAlive = startTimer(Infinity, () => {});
  try {
    await changes.begin();
    await reloader.run();
  } finally {
    stayAlive();
    release();
  }
  logProcess("Stopping", "", logger);
  return received === "SIGHUP"
    ? { exitCode: 129, signal: "SIGHUP" }
    : { exitCode: 0 };
}

/** Starts server processes, each with the configuration as it is then. */
class ChildSource {
  readonly #run: ReloadRun;
  readonly #sockets: HeldSockets;
  readonly #logger: Logger;
  #child: Child | undefined;
  /** The certificate for development: browsers ask about each one only once. */
  #development: SslIdentity | undefined;

  constructor(run: ReloadRun, sockets: HeldSockets, logger: Logger) {
    this.#run = run;
    this.#sockets = sockets;
    this.#logger = logger;
  }

  /**
   * Starts one, which waits for its beginning.
   *
   * @param onSpent Called when it has served as many requests as it may.
   */
  async start(onSpent: () => void): Promise<ServerChild> {
    const { config, env } = this.#child === undefined
      ? this.#run
      : await this.#run.reread();
    const { places, descriptors } = this.#sockets;
    if (config.options.sslDev) await this.#certify(config);
    const message = {
      ...startMessage(config, places, "reload"),
      isMeasured: this.#run.isMeasured,
      ...config.options.sslDev ? { development: this.#development } : {},
    };
    const child = this.#child = await runtime.spawnChild({
      args: [message.app],
      env: { ...this.#run.cache.env, ...env, TRICORN_WORKER: "0" },
      descriptors,
    });
    return new SpawnedServer(child, message, onSpent, this.#run.watchers);
  }

  async #certify(config: Config): Promise<void> {
    if (this.#development !== undefined) return;
    const { makeDevelopmentIdentity } = await import(
      "../../server/tls/open_certificates.ts"
    );
    this.#development = makeDevelopmentIdentity(config, this.#logger);
  }

  reopenLogs(): void {
    this.#child?.send({ kind: "reopenLogs" });
  }
}

/** A server process as the reloader sees it. */
class SpawnedServer implements ServerChild {
  readonly #child: Child;
  readonly #message: StartMessage;
  readonly #watchers: readonly ChildWatcher[];

  constructor(
    child: Child,
    message: StartMessage,
    onSpent: () => void,
    watchers: readonly ChildWatcher[],
  ) {
    this.#child = child;
    this.#message = message;
    this.#watchers = watchers;
    child.onMessage = (data) => {
      const message = fromWorker(data);
      if (message === undefined) return;
      for (const watcher of watchers) watcher.onMessage(child, message);
      if (message.kind === "spent") onSpent();
    };
    void child.exited.then(() => {
      for (const watcher of watchers) watcher.onGone(child);
    });
  }

  get pid(): number {
    return this.#child.pid;
  }

  get exited(): ServerChild["exited"] {
    return this.#child.exited;
  }

  begin(): void {
    for (const watcher of this.#watchers) watcher.onStart(this.#child);
    this.#child.send(this.#message);
  }

  drain(timeoutMs: number | undefined): void {
    const isReplaced = timeoutMs !== undefined;
    for (const watcher of this.#watchers) {
      watcher.onDrain(this.#child, isReplaced);
    }
    this.#child.send(
      timeoutMs === undefined ? { kind: "drain", isReplaced: false } : {
        kind: "drain",
        isReplaced: true,
        timeout: timeoutMs / 1000,
        abandonsStart: true,
      },
    );
  }

  kill(): void {
    this.#child.kill("SIGKILL");
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

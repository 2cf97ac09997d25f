/** A server with workers as a whole program: the parent, its signals, log lines and exit code. */
import type { Config } from "../config/config.ts";
import { wantsControl } from "../config/options/control.ts";
import { isSupervised } from "../config/options/processes.ts";
import { type SslIdentity, usesTls } from "../config/options/tls.ts";
import { ConfigError, ListenError } from "../errors.ts";
import { hasLogFiles } from "../logging/logging_options.ts";
import type { Logging } from "../logging/logging.ts";
import { runtime } from "../runtime/mod.ts";
import type { SignalName } from "../runtime/types.ts";
import type { Ending } from "../server/ending.ts";
import { loggingFor } from "../server/process_logging.ts";
import {
  CTRL_C_HINT,
  logAddresses,
  processLine,
} from "../server/ready_line.ts";
import { waitForStrangers } from "../server/strangers.ts";
import { startTimer } from "../server/timers.ts";
import type { AdminSources } from "../admin/admin_app.ts";
import type { Control } from "../control/control.ts";
import { parentFacts, parentStatus } from "./parent_control.ts";
import { HeldSockets } from "./held_sockets.ts";
import type { ToldMetrics } from "../metrics/totals.ts";
import { measureParent, openParentReports } from "./parent_measuring.ts";
import type { ParentMetrics } from "./parent_metrics.ts";
import { startMessage } from "./start_message.ts";
import type { LegacyReports } from "./legacy_reports.ts";
import type { HandedOverMessage, Takeover } from "./takeover.ts";
import { type StartedSuccessor, startSuccessor } from "./upgrade.ts";
import type { ParentAdmin } from "./parent_admin.ts";
import { takeParentSignals } from "./parent_signals.ts";
import type { WorkerPlan } from "./pool.ts";
import { Supervisor, type SupervisorHost } from "./supervisor.ts";
import { type Sources, workerPlan } from "./worker_plan.ts";

/** For the answer to the probe of a new version, in milliseconds. */
const PROBE_MS = 30_000;
/** For a new parent to start, beside its workers, in milliseconds. */
const SUCCESSOR_MS = 30_000;

/** What is to be run. */
export interface SupervisedRun extends Sources {
  /** What has happened before, logged at level info first. */
  readonly notes: readonly string[];
  /** Reads the sources anew, at SIGHUP. @throws ConfigError if they are wrong. */
  readonly reread: () => Promise<Sources>;
  /** Arguments of the command; `undefined` if a program runs it. */
  readonly args?: readonly string[] | undefined;
  /** What is taken over from a parent of before. */
  readonly takeover?: Takeover | undefined;
}

/**
 * Serves with workers until a signal ends it.
 *
 * @throws ConfigError for an application or options that other processes cannot have.
 */
export async function runSupervised(run: SupervisedRun): Promise<Ending> {
  const { config } = run;
  startMessage(config, [], "workers"); // throws for what cannot be served so, before anything happens
  const logging = loggingFor(config);
  const logger = logging.server;
  runtime.shareOutput();
  const parent = new Parent(run, logging);
  const endWaiting = waitForStrangers(logger);
  try {
    for (const note of run.notes) logger.info(note);
    await logging.open();
    return await parent.live();
  } catch (error) {
    if (!isFailedStart(error)) throw error;
    logger.error(error.message);
    return { exitCode: 3 };
  } finally {
    endWaiting();
    await parent.close();
    logging.flush();
  }
}

/**
 * Whether `error` is a start that fails for what is around it, as a single process tells it: an address,
 * a pid file or a control socket that cannot be had. Where that was found says nothing to an operator.
 */
export function isFailedStart(error: unknown): error is Error {
  return error instanceof ListenError ||
    error instanceof ConfigError && error.exitCode === 3;
}

/** The process that the workers belong to. */
class Parent {
  readonly #run: SupervisedRun;
  readonly #logging: Logging;
  readonly #releaseSignals: () => void;
  #config: Config;
  #sockets: HeldSockets | undefined;
  #supervisor: Supervisor | undefined;
  /** `undefined` if nothing is measured. */
  #metrics: ParentMetrics | undefined;
  #development: SslIdentity | undefined;
  /** How messages of this server's workers are told from those of other hosts. */
  readonly #hostId: string = crypto.randomUUID();
  #control: Control | undefined;
  #admin: ParentAdmin | undefined;
  /** Once it has handed over, if the new parent goes on counting. */
  #legacy: LegacyReports | undefined;
  #isUpgrading = false;
  /** Whether the pid file could not be written. */
  #hasFailed = false;
  /** The signal that ends it. */
  #received: SignalName | undefined;

  constructor(run: SupervisedRun, logging: Logging) {
    this.#run = run;
    this.#config = run.config;
    this.#logging = logging;
    this.#releaseSignals = this.#takeSignals();
  }

  /** Resolves when all workers have ended. @throws ListenError, ConfigError */
  async live(): Promise<Ending> {
    const { takeover } = this.#run;
    if (takeover === undefined) this.#control = await this.#openControl(false);
    this.#metrics = await measureParent(this.#config.options);
    await this.#openAdmin();
    const sockets = this.#sockets = await HeldSockets.open(
      this.#config,
      takeover ?? runtime,
    );
    takeover?.checkUsed();
    const plan = await this.#plan(this.#run);
    if (this.#received !== undefined) return { exitCode: 0 };
    this.#announce(sockets);
    const logger = this.#logging.server;
    const supervisor = this.#supervisor = new Supervisor(
      plan,
      this.#host(sockets),
      logger,
    );
    this.#metrics?.watch(supervisor.pool);
    supervisor.pool.observer = this.#metrics;
    const reports = await openParentReports(
      this.#config.options,
      this.#logging,
      () => supervisor.pool.workers.length,
    );
    // Timers of the supervisor let the process end, and so may channels to workers.
    const stayAlive = startTimer(Infinity, () => {});
    supervisor.start();
    void supervisor.running.then(() => this.#onRunning());
    const exitCode = await supervisor.finished;
    // What an even older parent counts goes through this one.
    await this.#legacy?.end(takeover?.drained);
    stayAlive();
    reports?.close();
    this.#logPid("Stopping");
    if (this.#hasFailed) return { exitCode: 3 };
    return this.#received === "SIGHUP" && exitCode === 0
      ? { exitCode: 129, signal: "SIGHUP" }
      : { exitCode };
  }

  /** Lets go of all that it holds. */
  async close(): Promise<void> {
    this.#releaseSignals();
    this.#run.takeover?.close();
    await this.#sockets?.close();
    await this.#admin?.close();
    await this.#control?.close();
  }

  /** The listener for probes, if there is to be one. @throws ListenError */
  async #openAdmin(): Promise<void> {
    const { adminBind } = this.#config.options;
    if (adminBind === undefined) return;
    const { ParentAdmin } = await import("./parent_admin.ts");
    const admin = this.#admin = new ParentAdmin(
      adminBind,
      await this.#adminSources(),
      this.#logging.server,
      startTimer,
    );
    await admin.open(this.#run.takeover !== undefined);
  }

  async #adminSources(): Promise<AdminSources> {
    const { ParentHealth } = await import("./parent_health.ts");
    const seats = () => this.#supervisor?.pool.seats ?? [];
    const isStopping = () => this.#received !== undefined;
    const health = new ParentHealth({
      get seats() {
        return seats();
      },
      get isStopping() {
        return isStopping();
      },
      livenessMs: this.#config.options.timeoutLiveness * 1000,
      startTimer,
    });
    return { health, metrics: this.#metrics };
  }

  /** Pid file, control socket and systemd, if there are any. */
  async #openControl(takesOver: boolean): Promise<Control | undefined> {
    const { options } = this.#config;
    if (!wantsControl(options, runtime.env("NOTIFY_SOCKET"))) return undefined;
    const { Control } = await import("../control/control.ts");
    return await Control.open(
      options,
      {
        status: () => this.#status(),
        stop: (isForced) => {
          this.#beginEnd("SIGTERM");
          if (isForced) this.#supervisor?.stop();
          else this.#supervisor?.drain();
        },
        reload: () => this.#restart(),
      },
      this.#logging.server,
      takesOver,
    );
  }

  #status(): ReturnType<typeof parentStatus> {
    if (this.#supervisor === undefined) {
      throw new Error("Cannot tell the status: the server is starting");
    }
    const facts = parentFacts(this.#config, this.#sockets);
    return parentStatus(this.#supervisor, facts);
  }

  /** All workers have been ready. */
  async #onRunning(): Promise<void> {
    const { takeover } = this.#run;
    try {
      if (takeover !== undefined) {
        await this.#checkProbe();
        await takeover.complete(this.#metrics);
        this.#control = await this.#openControl(true);
        await this.#admin?.takeOver();
      }
      this.#control?.announce(takeover !== undefined);
    } catch (error) {
      this.#hasFailed = true;
      this.#logging.server.error((error as Error).message);
      this.#beginEnd("SIGTERM");
      this.#supervisor?.drain();
    }
  }

  /** @throws ConfigError if the application does not answer as it is expected to. */
  async #checkProbe(): Promise<void> {
    const { upgradeProbe: path } = this.#config.options;
    if (path === undefined) return;
    const worker = this.#supervisor!.pool.seats[0]!.current!;
    const late = Promise.withResolvers<number>();
    const stopTimer = startTimer(PROBE_MS, () => late.resolve(-1));
    const status = await Promise.race([worker.probe(path), late.promise]);
    stopTimer();
    if (status >= 200 && status < 500) return;
    const found = status > 0
      ? `with ${status}`
      : status === 0
      ? "with nothing"
      : `not within ${PROBE_MS / 1000} seconds`;
    throw new ConfigError(
      `Cannot take over: GET ${path} (--upgrade-probe) is answered ${found}`,
      3,
    );
  }

  /** Starts a new version; once that is ready, this one drains. */
  async #upgrade(): Promise<void> {
    const logger = this.#logging.server;
    const supervisor = this.#supervisor;
    const { args } = this.#run;
    const why = this.#isUpgrading
      ? "one is under way already"
      : supervisor?.phase !== "running"
      ? "not all workers have been ready yet, or it stops"
      : args === undefined
      ? "this server was started by a program, not by the command"
      : undefined;
    if (why !== undefined) return logger.warning(`Cannot upgrade: ${why}`);
    this.#isUpgrading = true;
    const { timeoutWorkerReady } = this.#config.options;
    const successor = await startSuccessor(
      {
        args: args!,
        sockets: this.#sockets!,
        limitMs: timeoutWorkerReady * 1000 + PROBE_MS + SUCCESSOR_MS,
      },
      logger,
      { spawnChild: runtime.spawnChild, env: runtime.env, startTimer },
    );
    this.#isUpgrading = false;
    if (successor === undefined) return;
    const { child } = successor;
    if (this.#received !== undefined) return child.kill("SIGTERM");
    logger.info(`New parent process [${child.pid}] takes over, exiting.`);
    this.#received = "SIGTERM";
    await Promise.all([
      this.#control?.handOver(child.pid),
      this.#admin?.close(),
    ]);
    await runtime.leaveUnixPaths();
    // Asked for when nobody can look here any more: the new counters are not below any that were seen.
    const counted = await this.#bequeath(successor);
    child.send(
      {
        kind: "handedOver",
        ...counted === undefined ? {} : { counted },
      } satisfies HandedOverMessage,
    );
    void this.#sockets?.close();
    supervisor!.drain(true);
  }

  /** What was counted until now, if the new parent goes on counting: it is told the rest, too. */
  async #bequeath(
    { child, goesOnCounting }: StartedSuccessor,
  ): Promise<ToldMetrics | undefined> {
    const metrics = this.#metrics;
    if (metrics === undefined || !goesOnCounting) return undefined;
    const { LegacyReports } = await import("./legacy_reports.ts");
    await metrics.ask();
    const { legacy } = metrics;
    this.#legacy = new LegacyReports(child, metrics, {
      every: runtime.every,
      startTimer,
    });
    return legacy;
  }

  /** A rolling restart. Rejects if the workers stay as they are. */
  async #restart(): Promise<string> {
    const supervisor = this.#supervisor;
    const isDone = await supervisor?.restart(() => this.#reread());
    if (!isDone) {
      throw new Error("Cannot restart all workers: the log says why");
    }
    return `Restarted: ${supervisor!.pool.seats.length} workers`;
  }

  #beginEnd(signal: SignalName): void {
    this.#received = signal;
    this.#control?.stopping();
    // Whoever connects from now on reaches the workers, as long as they accept.
    void this.#sockets?.close();
  }

  #announce(sockets: HeldSockets): void {
    const logger = this.#logging.server;
    const scheme = usesTls(this.#config.options) ? "https" : "http";
    logAddresses(sockets.bound, scheme, CTRL_C_HINT, logger);
    this.#logPid("Started");
    sockets.tellShared(logger);
  }

  #logPid(event: "Started" | "Stopping"): void {
    const line = processLine(event, runtime.pid, "parent");
    this.#logging.server.info(line.message, line);
  }

  #host({ descriptors }: HeldSockets): SupervisorHost {
    return {
      spawn: (index, { message, env }) =>
        runtime.spawnChild({
          args: [message.app],
          env: { ...env, TRICORN_WORKER: String(index) },
          descriptors,
        }),
      monotonicMs: runtime.monotonicMs,
      every: runtime.every,
      startTimer,
      random: Math.random,
    };
  }

  #takeSignals(): () => void {
    const logger = this.#logging.server;
    return takeParentSignals({
      end: (signal) => {
        logger.info(`Received ${signal}, exiting.`);
        this.#beginEnd(signal);
        this.#supervisor?.drain();
        this.#legacy?.hurry();
      },
      endNow: (signal) => {
        logger.info(`Received ${signal}, exiting without waiting.`);
        this.#beginEnd(signal);
        this.#supervisor?.stop();
        this.#legacy?.hurry();
      },
      restart: () => {
        logger.info("Received SIGHUP, restarting processes.");
        // What goes wrong is in the log.
        void (this.#control?.reload() ?? this.#restart()).catch(() => {});
      },
      grow: () => {
        logger.info("Received SIGTTIN, increasing the number of processes.");
        this.#supervisor?.grow();
      },
      shrink: () => {
        logger.info("Received SIGTTOU, decreasing number of processes.");
        if (this.#supervisor?.shrink() !== false) return;
        logger.info(
          "Already reached one process, cannot decrease the number of processes anymore.",
        );
      },
      reopenLogs: () => {
        if (hasLogFiles(this.#config.options)) this.#logging.reopen();
        this.#supervisor?.broadcast({ kind: "reopenLogs" });
      },
      upgrade: () => {
        logger.info("Received SIGUSR2, starting a new version.");
        void this.#upgrade();
      },
    }, runtime);
  }

  /** What workers are started with, checked. @throws ConfigError if they could not. */
  async #plan(sources: Sources): Promise<WorkerPlan> {
    const logger = this.#logging.server;
    if (sources.config.options.sslDev && this.#development === undefined) {
      const { makeDevelopmentIdentity } = await import(
        "../server/tls/open_certificates.ts"
      );
      this.#development = makeDevelopmentIdentity(sources.config, logger);
    }
    const fixed = {
      sockets: this.#sockets!.places,
      development: this.#development,
      hostId: this.#hostId,
    };
    return await workerPlan(sources, fixed, logger, runtime);
  }

  /** Reads all sources, and uses them for the log of this process. */
  async #reread(): Promise<WorkerPlan> {
    const logger = this.#logging.server;
    const sources = await this.#run.reread();
    const { config } = sources;
    const plan = await this.#plan(sources);
    if (!await this.#logging.reconfigure(config.options)) {
      throw new ConfigError("the log configuration cannot be used");
    }
    this.#config = config;
    if (!isSupervised(config.options)) {
      logger.warning(
        "The configuration asks for a single process: until the next start it has a parent",
      );
    }
    return plan;
  }
}

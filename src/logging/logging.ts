/** The logs of a server: from options, or from a log configuration, to loggers. */
import { accessFilter } from "./access/access_filter.ts";
import { accessFormat } from "./access/access_format.ts";
import { AccessRouter } from "./access/access_router.ts";
import { ConfigError } from "../errors.ts";
import { defaultRoutes, type LogRoutes, NO_ROUTES } from "./default_routes.ts";
import { EarlyRecords } from "./early_records.ts";
import { printable } from "../text/printable.ts";
import { FailureReport } from "./handler.ts";
import type { Logger, MessageObserver } from "./logger.ts";
import {
  type AllLoggingOptions,
  hasLogConfig,
  hasLogFiles,
} from "./logging_options.ts";
import type { LogFile, LoggingOutput } from "./logging_output.ts";
import { NO_ROUTE, RecordLogger } from "./record_logger.ts";
import type { RecordNeeds, RequestObserver } from "./access/request_record.ts";

/** The logs of one server. */
export interface Logging {
  /** Messages of the server; named `tricorn`. */
  readonly server: Logger;
  /** Messages to and from the application; named `tricorn.asgi`. */
  readonly asgi: Logger;
  /**
   * The access log; `undefined` if nothing would be written. A configuration is read later, so that
   * with one the access log is there unless `accessLog` is off.
   */
  readonly access: RequestObserver | undefined;
  /**
   * Reads the log configuration and opens its files, if there is one. What is logged before waits.
   * Call it before the server listens; later calls return the same promise.
   *
   * @throws ConfigError in one line; the log is the usual one then.
   */
  open(): Promise<void>;
  /** Tells `observer` of messages of the server, instead of the one before; `undefined` tells nobody. */
  observe(observer: MessageObserver | undefined): void;
  /** Opens log files again, after they were renamed. */
  reopen(): void;
  /**
   * Logs as `options` say from now on; by default as the options of the start, whose file is read
   * again. If they are wrong, the log says so, and stays what it is.
   *
   * @returns Whether they are in use.
   */
  reconfigure(options?: AllLoggingOptions): Promise<boolean>;
  /** Writes what is buffered. Call it before the process ends. */
  flush(): void;
}

/** Makes the logs. */
export function createLogging(
  options: AllLoggingOptions,
  out: LoggingOutput,
): Logging {
  return new RoutedLogging(options, out);
}

class RoutedLogging implements Logging {
  readonly server: RecordLogger;
  readonly asgi: RecordLogger;
  readonly #access: AccessRouter;
  #options: AllLoggingOptions;
  readonly #out: LoggingOutput;
  readonly #failures: FailureReport;
  /** By path. */
  #files: ReadonlyMap<string, LogFile> = new Map();
  /** What is logged before the configuration is read. */
  #early: EarlyRecords | undefined;
  #opening: Promise<void> | undefined;

  constructor(options: AllLoggingOptions, out: LoggingOutput) {
    this.#options = options;
    this.#out = out;
    this.#access = new AccessRouter(
      (callback) => out.afterTurn(callback),
      this.#expectedNeeds(),
    );
    const flushAccess = (): void => this.#access.flush();
    // Both streams often go to the same terminal or file: keep the order of events.
    this.server = new RecordLogger("tricorn", NO_ROUTE, flushAccess);
    this.asgi = new RecordLogger("tricorn.asgi", NO_ROUTE, flushAccess);
    this.#failures = new FailureReport((text) => out.stderr.write(text));
    if (hasLogFiles(options)) {
      this.#early = new EarlyRecords();
      this.server.reroute(this.#early.route);
    } else this.#use(options, this.#plainRoutes(options));
  }

  get access(): RequestObserver | undefined {
    const { accessLog } = this.#options;
    const isOff = hasLogFiles(this.#options) ? !accessLog : this.#access.isOff;
    return isOff ? undefined : this.#access;
  }

  /** Asked once, before files are opened and a configuration is read, which may want all of it. */
  #expectedNeeds(): RecordNeeds | undefined {
    if (hasLogConfig(this.#options)) {
      return { firstByte: true, responseFields: true };
    }
    const { accessLogFile, accessLogFormat } = this.#options;
    return accessLogFile === undefined
      ? undefined
      : accessFormat(accessLogFormat, { ...this.#out, isColored: false }).needs;
  }

  open(): Promise<void> {
    if (this.#early === undefined) return this.#opening ?? Promise.resolve();
    return this.#opening ??= this.#apply(this.#options).catch((error) => {
      this.#leaveEarly();
      throw error;
    });
  }

  observe(observer: MessageObserver | undefined): void {
    this.server.observer = observer;
  }

  reopen(): void {
    this.#access.flush();
    let hasFailed = false;
    for (const [path, file] of this.#files) {
      const problem = file.reopen();
      if (problem === undefined) continue;
      hasFailed = true;
      this.server.error(
        `Cannot reopen log file '${path}': ${problem}. Writing on to the one of before.`,
      );
    }
    if (!hasFailed) this.server.info("Log files reopened");
  }

  async reconfigure(
    options: AllLoggingOptions = this.#options,
  ): Promise<boolean> {
    try {
      await this.#apply(options);
      this.#options = options;
      return true;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.server.error(
        `${error.message}. Logging goes on as configured before.`,
      );
      return false;
    }
  }

  flush(): void {
    this.#leaveEarly();
    this.#access.flush();
    for (const [path, file] of this.#files) {
      const lines = file.flush();
      // Not to the log, which may be this file.
      if (lines > 0) {
        this.#out.stderr.write(`WARNING:  ${droppedText(lines, path)}\n`);
      }
    }
    this.#failures.finish();
  }

  /** Logs as `options` say; throws, and changes nothing, if they cannot be used. */
  async #apply(options: AllLoggingOptions): Promise<void> {
    if (!hasLogConfig(options)) {
      const { accessLogFile: path, accessLog } = options;
      const file = path === undefined || !accessLog
        ? undefined
        : await openAccessFile(path, this.#out);
      const files = file === undefined ? undefined : new Map([[path!, file]]);
      this.#use(options, this.#plainRoutes(options, file), files);
      return;
    }
    const { loadRoutes } = await import("./config/load.ts");
    const { routes, files } = await loadRoutes(options, this.#out, this.#fail);
    this.#use(options, routes, files);
  }

  readonly #fail = (error: unknown): void => this.#failures.add(error);

  #plainRoutes(options: AllLoggingOptions, accessFile?: LogFile): LogRoutes {
    return options.logConfig === null
      ? NO_ROUTES
      : defaultRoutes(options, this.#out, this.#fail, accessFile);
  }

  #use(
    options: AllLoggingOptions,
    routes: LogRoutes,
    files: ReadonlyMap<string, LogFile> = new Map(),
  ): void {
    this.#access.reroute(
      routes.access,
      accessFilter({
        exclude: options.accessLogExclude,
        sample: options.accessLogSample,
      }),
    );
    this.server.reroute(routes.server);
    this.asgi.reroute(routes.asgi);
    const early = this.#early;
    this.#early = undefined;
    const lost = early?.deliverTo(routes.server) ?? 0;
    if (lost > 0) {
      this.server.warning(
        `Dropped ${lost} log records: they came before the log configuration was read`,
      );
    }
    const before = this.#files;
    this.#files = files;
    for (const [path, file] of files) {
      file.onDropped = (lines) => this.server.warning(droppedText(lines, path));
      file.onFailure = (reason) =>
        this.#out.stderr.write(
          `ERROR:    Cannot write to log file '${path}': ${
            printable(reason)
          }. Lines are dropped until it takes them again.\n`,
        );
    }
    for (const file of before.values()) file.close();
  }

  /** Logs as without a configuration what waits for one that will not come. */
  #leaveEarly(): void {
    if (this.#early === undefined) return;
    const options = this.#options;
    this.#use(options, defaultRoutes(options, this.#out, this.#fail));
  }
}

function droppedText(lines: number, path: string): string {
  return `Dropped ${lines} line${
    lines === 1 ? "" : "s"
  } of log file '${path}': it took no more`;
}

/** @throws ConfigError if it cannot be opened. */
async function openAccessFile(
  path: string,
  out: LoggingOutput,
): Promise<LogFile> {
  try {
    return await out.openLogFile(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(
      `Cannot open access log file '${printable(path)}' (--access-log-file): ${
        printable(reason)
      }`,
      3,
    );
  }
}

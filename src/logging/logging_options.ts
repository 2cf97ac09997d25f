/** Options of logging. */
import type { LogConfig } from "./config/log_config.ts";
import type { LogLevel } from "./logger.ts";
import type { LogSink } from "./record.ts";

/** Options of logging: checked and complete. */
export interface LoggingOptions {
  /**
   * Least severe level that is logged. Default: `undefined`, which is info, or what `logConfig`
   * says; if given, it wins over the levels of the loggers there.
   */
  readonly logLevel: LogLevel | undefined;
  /**
   * Whether the log is lines of text as Uvicorn's, or JSON, an object a line. Default: `"text"`.
   */
  readonly logFormat: "text" | "json";
  /** Whether lines of text begin with the time; JSON always has it. Default: false. */
  readonly logTimestamps: boolean;
  /**
   * Formatters, handlers and loggers in place of the usual ones: the path of a `.json`, `.yaml`,
   * `.yml` or `.ini` file, or the configuration itself, in the shape of Python's `dictConfig`.
   * `null` logs nothing. Default: `undefined`, the usual ones.
   */
  readonly logConfig: string | LogConfig | null | undefined;
  /**
   * Receives every record that `logLevel` lets through, in place of the standard streams. Default:
   * `undefined`.
   */
  readonly logSink: LogSink | undefined;
  /**
   * Whether log lines are coloured. Default: `undefined`, decided for each stream: by
   * `FORCE_COLOR`, then `NO_COLOR`, then whether it is a terminal.
   */
  readonly useColors: boolean | undefined;
}

/** What decides on access lines; config/options/access_log.ts says what each means. */
export interface AccessLoggingOptions {
  readonly accessLog: boolean;
  readonly accessLogFile: string | undefined;
  readonly accessLogFormat: string;
  readonly accessLogExclude: readonly string[];
  readonly accessLogSample: number;
}

/** All of them. */
export type AllLoggingOptions = LoggingOptions & AccessLoggingOptions;

/** Whether a configuration has to be read. */
export function hasLogConfig({ logConfig }: AllLoggingOptions): boolean {
  return logConfig !== undefined && logConfig !== null;
}

/** Whether something has to be read or opened for the logs, and can be anew. */
export function hasLogFiles(options: AllLoggingOptions): boolean {
  return hasLogConfig(options) || options.accessLogFile !== undefined;
}

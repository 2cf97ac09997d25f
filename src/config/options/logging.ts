/** Options of logging. */
import { type OptionTable, PAIR } from "./definition.ts";

/** Levels of log messages, the most severe first. */
export type LogLevelName =
  | "critical"
  | "error"
  | "warning"
  | "info"
  | "debug"
  | "trace";

/** Options of logging: checked and complete. */
export interface LoggingOptions {
  /** Least severe level that is logged. Default: `"info"`. */
  readonly logLevel: LogLevelName;
  /** Whether each response gets a line on standard output. Default: true. */
  readonly accessLog: boolean;
  /**
   * Whether log lines are coloured. Default: `undefined`, decided for each stream: by
   * `FORCE_COLOR`, then `NO_COLOR`, then whether it is a terminal.
   */
  readonly useColors: boolean | undefined;
}

/** See {@linkcode LoggingOptions}. */
export const LOGGING_OPTIONS: OptionTable<LoggingOptions> = {
  logLevel: {
    group: "Logging",
    flag: "--log-level",
    type: {
      kind: "choice",
      choices: ["critical", "error", "warning", "info", "debug", "trace"],
      ignoresCase: true,
    },
    default: "info",
    help: "Least severe level to log.",
  },
  accessLog: {
    group: "Logging",
    flag: "--access-log",
    type: PAIR,
    default: true,
    help: "Log a line for each response, on standard output.",
  },
  useColors: {
    group: "Logging",
    flag: "--use-colors",
    type: PAIR,
    default: undefined,
    defaultText: "on terminals",
    help:
      "Colour log lines. If unset, FORCE_COLOR and NO_COLOR decide, then whether the stream is " +
      "a terminal.",
  },
};

/** What is logged, and how it looks. */
import { type OptionTable, PAIR } from "./definition.ts";

/** How much is logged, from little to much (process:P-105). */
export type LogLevelName =
  | "critical"
  | "error"
  | "warning"
  | "info"
  | "debug"
  | "trace";

/** What is logged, and how it looks: checked and complete. */
export interface LoggingOptions {
  /** Least important level that is logged (options:O-028). */
  readonly logLevel: LogLevelName;
  /** Whether there is a line for every response (options:O-029). */
  readonly accessLog: boolean;
  /** Whether log lines are coloured; `undefined` decides by stream (options:O-030). */
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
    help: "Least important level to log.",
  },
  accessLog: {
    group: "Logging",
    flag: "--access-log",
    type: PAIR,
    default: true,
    help: "Log a line for every response, on standard output.",
  },
  useColors: {
    group: "Logging",
    flag: "--use-colors",
    type: PAIR,
    default: undefined,
    defaultText: "on terminals",
    help:
      "Colour log lines. Without it NO_COLOR and FORCE_COLOR are looked at.",
  },
};

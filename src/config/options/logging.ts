/** Options of logging. */
import type { LoggingOptions } from "../../logging/logging.ts";
import { type OptionTable, PAIR } from "./definition.ts";

// Defined there, because logging/ does not import this folder.
export type { LoggingOptions };

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

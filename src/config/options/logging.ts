/** Options of logging. */
import type { LoggingOptions } from "../../logging/logging_options.ts";
import { type OptionTable, PAIR } from "./definition.ts";
import { quote, type Verdict } from "./value_types.ts";

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
      // As Python's logging has them.
      aliases: {
        "50": "critical",
        "40": "error",
        "30": "warning",
        "20": "info",
        "10": "debug",
        "5": "trace",
      },
    },
    default: undefined,
    defaultText: "info",
    help:
      "Least severe level to log. Given together with --log-config, it wins over the levels of " +
      "the loggers there.",
  },
  logFormat: {
    group: "Logging",
    flag: "--log-format",
    type: { kind: "choice", choices: ["text", "json"], ignoresCase: true },
    default: "text",
    help: "Log lines of text as Uvicorn's, or JSON, one object a line.",
  },
  logTimestamps: {
    group: "Logging",
    flag: "--log-timestamps",
    type: PAIR,
    default: false,
    help:
      "Begin lines of text with the time, such as 2026-11-29T10:46:13.123Z. JSON always has it.",
  },
  logConfig: {
    group: "Logging",
    flag: "--log-config",
    type: {
      kind: "text",
      metavar: "FILE",
      orProgram: {
        noun: "a path, an object or null",
        accepts: (value) => typeof value === "object" && !Array.isArray(value),
      },
    },
    default: undefined,
    check: checkLogConfig,
    help:
      "Formatters, handlers and loggers in place of the usual ones, in the shape of Python's " +
      "dictConfig (.json, .yaml) or fileConfig (.ini).",
  },
  logSink: {
    group: "Logging",
    flag: "--log-sink",
    type: {
      kind: "program",
      noun: "a function",
      accepts: (value) => typeof value === "function",
    },
    default: undefined,
    excludes: ["logConfig"],
    excludesBecause: "a handler of the configuration can have the sink",
    help:
      "A function that receives every log record, in place of the standard streams.",
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

type Config = NonNullable<LoggingOptions["logConfig"]>;

/** Checks the name of a file: its end says how it is read. Its content is checked at the start. */
function checkLogConfig(config: Config): Verdict<Config> {
  if (
    typeof config !== "string" || /\.(json|ya?ml|ini|conf|cfg)$/i.test(config)
  ) {
    return { value: config };
  }
  return {
    problem: `${quote(config)} is not a .json, .yaml, .yml or .ini file.`,
  };
}

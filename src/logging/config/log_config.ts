/** The shape of a log configuration: that of Python's `logging.config.dictConfig`, version 1. */
import type { LogFormatter, LogSink } from "../record.ts";

/** A level: its name in any case, or its number. `NOTSET` of a logger leaves it to its parent. */
export type LogConfigLevel = string | number;

/** How records become text. */
export interface FormatterConfig {
  /**
   * The class: `tricorn.TextFormatter`, `tricorn.AccessFormatter` or `tricorn.JsonFormatter`; or a
   * function that returns the lines of a record. Default: `tricorn.TextFormatter`.
   */
  readonly class?: string | LogFormatter;
  /** Another name of `class`. */
  readonly "()"?: string | LogFormatter;
  /** In Python's `%` style, such as `%(asctime)s %(levelname)s %(message)s`. */
  readonly format?: string;
  /** Another name of `format`. */
  readonly fmt?: string;
  /** How `asctime` is written, as for `strftime`. Default: `%Y-%m-%d %H:%M:%S,` and milliseconds. */
  readonly datefmt?: string;
  /** Only `%`. */
  readonly style?: string;
  /** Whether lines are coloured. Default: as the option `useColors`; never in a file. */
  readonly use_colors?: boolean | null;
  /** Of JSON: other names for fields. */
  readonly rename_fields?: Readonly<Record<string, string>>;
  /** Of JSON: fields that every line has. */
  readonly static_fields?: Readonly<Record<string, unknown>>;
}

/** Where records go. */
export interface HandlerConfig {
  /**
   * `tricorn.StreamHandler`, `tricorn.FileHandler` or `tricorn.NullHandler`. Not with `sink`.
   */
  readonly class?: string;
  /** A function that receives records as they are. Only in a program. */
  readonly sink?: LogSink;
  /** Least severe level that it takes. Default: all. */
  readonly level?: LogConfigLevel;
  /** Name of the formatter. Default: Uvicorn's text. */
  readonly formatter?: string;
  /** Of a stream: `ext://sys.stdout` or `ext://sys.stderr`. Default: standard error. */
  readonly stream?: string;
  /** Of a file: its path, relative to the working directory. */
  readonly filename?: string;
  /** Of a file: only `a`, it is appended to. */
  readonly mode?: string;
  /** Of a file: only UTF-8. */
  readonly encoding?: string | null;
}

/** What a logger logs, and where to. */
export interface LoggerConfig {
  /** Default: that of the parent. */
  readonly level?: LogConfigLevel;
  /** Names of handlers. Default: none. */
  readonly handlers?: readonly string[];
  /** Whether the handlers of the parent receive its records too. Default: true. */
  readonly propagate?: boolean;
}

/**
 * Formatters, handlers and loggers, in the shape of Python's `dictConfig`. Loggers are `tricorn`,
 * below it `tricorn.access` for responses and `tricorn.asgi` for messages of the application, and
 * above it the root.
 */
export interface LogConfig {
  /** Only 1. */
  readonly version?: 1;
  /** Without effect: there are no loggers but those here. */
  readonly disable_existing_loggers?: boolean;
  /** By name. */
  readonly formatters?: Readonly<Record<string, FormatterConfig>>;
  /** By name. */
  readonly handlers?: Readonly<Record<string, HandlerConfig>>;
  /** By name; `uvicorn` stands for `tricorn`. */
  readonly loggers?: Readonly<Record<string, LoggerConfig>>;
  /** The root logger; also `loggers` with the name `""`. */
  readonly root?: LoggerConfig;
}

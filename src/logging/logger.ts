/** Log levels, and the interface that the rest of the server logs through. */

/** Levels of log messages, the most severe first. */
export type LogLevel =
  | "critical"
  | "error"
  | "warning"
  | "info"
  | "debug"
  | "trace";

/**
 * Numbers of the levels, higher is more severe: those of Python's logging, and Uvicorn's 5 for
 * trace.
 */
export const LEVEL_NUMBERS: Readonly<Record<LogLevel, number>> = {
  critical: 50,
  error: 40,
  warning: 30,
  info: 20,
  debug: 10,
  trace: 5,
};

/** A value inside a message, for formats that highlight it or write it as data. */
export interface LogField {
  /** Such as `pid`. */
  readonly name: string;
  /** What the message says there. */
  readonly value: string | number;
  /** Offset in the message where the value, as text, begins. */
  readonly at: number;
}

/** What may accompany a message. */
export interface LogDetails {
  /** What was thrown: written below the message, with its stack and causes. */
  readonly error?: unknown;
  /** Values inside the message, in order of `at`, not overlapping. */
  readonly fields?: readonly LogField[];
}

/** A message and its fields. */
export interface LogMessage {
  readonly message: string;
  readonly fields: readonly LogField[];
}

/** Builds the message `before value after`, whose only field is the value. */
export function messageWithField(
  before: string,
  name: string,
  value: string | number,
  after: string,
): LogMessage {
  return {
    message: `${before}${value}${after}`,
    fields: [{ name, value, at: before.length }],
  };
}

/** Takes messages. The caller escapes what a peer sent. */
export interface Logger {
  /** Such as `tricorn`. */
  readonly name: string;
  /** Whether messages of this level are written: ask before building an expensive one. */
  isEnabled(level: LogLevel): boolean;
  /** The server cannot go on. */
  critical(message: string, details?: LogDetails): void;
  /** An operation failed that should not have. */
  error(message: string, details?: LogDetails): void;
  /** The operator should look at it. */
  warning(message: string, details?: LogDetails): void;
  /** Normal events in the life of the server. */
  info(message: string, details?: LogDetails): void;
  /** Details for diagnosis. */
  debug(message: string, details?: LogDetails): void;
  /** Every event. */
  trace(message: string, details?: LogDetails): void;
}

/** Is told of each message of level warning and up, whether or not it is written. Must not throw. */
export type MessageObserver = (
  level: "critical" | "error" | "warning",
  details: LogDetails | undefined,
) => void;

/** Takes no lines. */
export const SILENT: Logger = {
  name: "tricorn",
  isEnabled: () => false,
  critical() {},
  error() {},
  warning() {},
  info() {},
  debug() {},
  trace() {},
};

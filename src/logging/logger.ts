/** Levels, and the interface that everything else logs through. */

/** From worst to chattiest (process:P-105). */
export type LogLevel =
  | "critical"
  | "error"
  | "warning"
  | "info"
  | "debug"
  | "trace";

/** Numbers of the levels, higher is worse: those of Python, with 5 for trace (process:P-105). */
export const LEVEL_NUMBERS: Readonly<Record<LogLevel, number>> = {
  critical: 50,
  error: 40,
  warning: 30,
  info: 20,
  debug: 10,
  trace: 5,
};

/** What may come with a message. */
export interface LogDetails {
  /** What was thrown: printed below the message with its stack and causes. */
  readonly error?: unknown;
  /** The same message with ANSI styles, used only when colours are on (process:P-108). */
  readonly styled?: string;
}

/** Takes messages. The caller quotes what a peer sent. */
export interface Logger {
  /** Such as `tricorn` or `tricorn.asgi` (process:P-101). */
  readonly name: string;
  /** Whether a message of this level would go anywhere: ask before building an expensive one. */
  isEnabled(level: LogLevel): boolean;
  /** The server cannot go on. */
  critical(message: string, details?: LogDetails): void;
  /** Something failed that should not have. */
  error(message: string, details?: LogDetails): void;
  /** Somebody should look at it. */
  warning(message: string, details?: LogDetails): void;
  /** The ordinary life of the server. */
  info(message: string, details?: LogDetails): void;
  /** For finding out what the server does. */
  debug(message: string, details?: LogDetails): void;
  /** Every event. */
  trace(message: string, details?: LogDetails): void;
}

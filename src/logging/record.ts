/** A log message as data: a logger makes it, a formatter turns it into text, a sink writes that. */
import type { LogField, LogLevel } from "./logger.ts";

/** One message. */
export interface LogRecord {
  /** Milliseconds since 1970 (UTC). */
  readonly time: number;
  readonly level: LogLevel;
  /** Name of the logger. */
  readonly logger: string;
  /** Without level and colours; may hold control characters, which a formatter escapes. */
  readonly message: string;
  /** Values inside the message, in order of `at`, not overlapping. */
  readonly fields?: readonly LogField[] | undefined;
  /** What was thrown. The key is absent if nothing was: `undefined` can be thrown. */
  readonly error?: unknown;
}

/** Returns the whole lines of one record, with the final line end. */
export type LogFormatter = (record: LogRecord) => string;

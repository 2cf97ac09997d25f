/** A log message as data: a logger makes it, a formatter turns it into text, a sink takes it. */
import type { LogField, LogLevel } from "./logger.ts";

/** A value that belongs to a message. */
export type LogValue = string | number | boolean;

/** One message. Made once for all who receive it: do not change it. */
export interface LogRecord {
  /** Milliseconds since 1970 (UTC). */
  readonly time: number;
  /** How severe it is. */
  readonly level: LogLevel;
  /** Name of the logger: `tricorn`, `tricorn.access` or `tricorn.asgi`. */
  readonly logger: string;
  /** Without level and colours; may hold control characters, which a formatter escapes. */
  readonly message: string;
  /** Values that belong to the message, by name, such as `pid`. Empty if there are none. */
  readonly fields: Readonly<Record<string, LogValue>>;
  /** Where values stand in the message, in order of `at`, not overlapping: for colours. */
  readonly spans?: readonly LogField[] | undefined;
  /** What was thrown. The key is absent if nothing was: `undefined` can be thrown. */
  readonly error?: unknown;
}

/** Returns the whole lines of one record, with the final line end. */
export type LogFormatter = (record: LogRecord) => string;

/**
 * Receives every record that its level lets through, while the server waits: a sink that has much to
 * do does it later. What it throws, or rejects with, is caught, and reported once.
 */
export type LogSink = (record: LogRecord) => unknown;

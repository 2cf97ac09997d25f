/** The logger: makes a record of each message that its level lets through. */
import {
  LEVEL_NUMBERS,
  type LogDetails,
  type Logger,
  type LogLevel,
} from "./logger.ts";
import type { LogFormatter } from "./record.ts";

/** Level, format and destination of one logger. */
export interface RecordLoggerOptions {
  /** Least severe level that is written. */
  readonly level: LogLevel;
  readonly format: LogFormatter;
  /** The sink: takes whole lines. */
  write(text: string): void;
}

/** Makes records, formats them and hands the text to the sink. */
export class RecordLogger implements Logger {
  readonly name: string;
  readonly #options: RecordLoggerOptions;
  readonly #threshold: number;

  constructor(name: string, options: RecordLoggerOptions) {
    this.name = name;
    this.#options = options;
    this.#threshold = LEVEL_NUMBERS[options.level];
  }

  isEnabled(level: LogLevel): boolean {
    return LEVEL_NUMBERS[level] >= this.#threshold;
  }

  critical(message: string, details?: LogDetails): void {
    this.#log("critical", message, details);
  }

  error(message: string, details?: LogDetails): void {
    this.#log("error", message, details);
  }

  warning(message: string, details?: LogDetails): void {
    this.#log("warning", message, details);
  }

  info(message: string, details?: LogDetails): void {
    this.#log("info", message, details);
  }

  debug(message: string, details?: LogDetails): void {
    this.#log("debug", message, details);
  }

  trace(message: string, details?: LogDetails): void {
    this.#log("trace", message, details);
  }

  #log(
    level: LogLevel,
    message: string,
    details: LogDetails | undefined,
  ): void {
    if (!this.isEnabled(level)) return;
    const { format, write } = this.#options;
    write(format({
      ...details,
      time: Date.now(),
      level,
      logger: this.name,
      message,
    }));
  }
}

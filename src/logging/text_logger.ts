/** One line per message, in Uvicorn's default format (process:P-102). */
import { errorText } from "./error_text.ts";
import { printable } from "./escape.ts";
import {
  LEVEL_NUMBERS,
  type LogDetails,
  type Logger,
  type LogLevel,
} from "./logger.ts";
import { levelPrefix } from "./styles.ts";

/** How lines look and where they go. */
export interface TextLoggerOptions {
  /** Least important level that is written. */
  readonly level: LogLevel;
  readonly isColored: boolean;
  /** Takes whole lines. */
  write(text: string): void;
}

/** Writes `LEVEL:    message`, and below it the stack of what was thrown. */
export class TextLogger implements Logger {
  readonly name: string;
  readonly #options: TextLoggerOptions;
  readonly #threshold: number;

  constructor(name: string, options: TextLoggerOptions) {
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
    const { isColored, write } = this.#options;
    // `styled` is ours and holds escapes on purpose; a message may hold an application's words.
    const text = (isColored ? details?.styled : undefined) ??
      printable(message);
    let lines = `${levelPrefix(level, isColored)} ${text}\n`;
    if (details !== undefined && "error" in details) {
      lines += `${errorText(details.error)}\n`;
    }
    write(lines);
  }
}

/** Where the records of a logger go: formatted to a stream or file, or to a function as they are. */
import type { AccessFormat } from "./access/access_line.ts";
import { errorText } from "./error_text.ts";
import { LEVEL_NUMBERS } from "./logger.ts";
import type { LogFormatter, LogRecord, LogSink } from "./record.ts";

/** How access lines are written. */
export interface AccessLineOutput {
  readonly format: AccessFormat;
  /** Takes whole lines. Never throws. */
  write(text: string): void;
}

/** Takes records. */
export interface LogHandler {
  /** Number of the least severe level that it takes. */
  readonly threshold: number;
  /** Takes a record whose level it takes. Never throws. */
  handle(record: LogRecord): void;
  /** Set if access lines have a format of their own, which needs no log record. */
  readonly accessLines?: AccessLineOutput | undefined;
}

/** Number of the level below all others: a handler that takes every record. */
export const EVERY_LEVEL: number = LEVEL_NUMBERS.trace;

/** What a {@linkcode TextHandler} is made of. */
export interface TextHandlerParts {
  readonly threshold?: number;
  readonly format: LogFormatter;
  /** Takes whole lines. Never throws. */
  write(text: string): void;
  /** See {@linkcode LogHandler.accessLines}. */
  readonly accessLines?: AccessLineOutput | undefined;
  /** Called with what a formatter of the program threw. */
  onFailure?(error: unknown): void;
}

/** Formats records and writes them. */
export class TextHandler implements LogHandler {
  readonly threshold: number;
  readonly accessLines: AccessLineOutput | undefined;
  readonly #parts: TextHandlerParts;

  constructor(parts: TextHandlerParts) {
    this.#parts = parts;
    this.threshold = parts.threshold ?? EVERY_LEVEL;
    this.accessLines = parts.accessLines;
  }

  handle(record: LogRecord): void {
    const { format, onFailure } = this.#parts;
    let text: string;
    try {
      text = format(record);
    } catch (error) {
      onFailure?.(error);
      return;
    }
    if (text !== "") this.#parts.write(text);
  }

  /** Writes whole lines. */
  write(text: string): void {
    this.#parts.write(text);
  }

  /** The same handler, but it writes to `target`. */
  writingTo(target: { write(text: string): void }): TextHandler {
    return new TextHandler({
      ...this.#parts,
      threshold: this.threshold,
      write: (text) => target.write(text),
    });
  }
}

/** Hands records to a function of the program. */
export class SinkHandler implements LogHandler {
  readonly threshold: number;
  readonly #sink: LogSink;
  readonly #onFailure: (error: unknown) => void;
  /** Whether the sink is being called: what it causes to be logged must not call it again. */
  #isBusy = false;

  constructor(
    sink: LogSink,
    onFailure: (error: unknown) => void,
    threshold: number = EVERY_LEVEL,
  ) {
    this.#sink = sink;
    this.#onFailure = onFailure;
    this.threshold = threshold;
  }

  handle(record: LogRecord): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      const result = this.#sink(record);
      if (isThenable(result)) result.then(undefined, this.#onFailure);
    } catch (error) {
      this.#onFailure(error);
    } finally {
      this.#isBusy = false;
    }
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null &&
    typeof (value as { readonly then?: unknown }).then === "function";
}

/** Counts what sinks and formatters of the program fail at, and reports it twice: first and last. */
export class FailureReport {
  readonly #write: (text: string) => void;
  #count = 0;

  /** @param write Takes whole lines; not the log itself, which may be what fails. */
  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /** Counts one failure; reports the first with its stack. */
  add(error: unknown): void {
    if (this.#count++ > 0) return;
    this.#write(
      "ERROR:    Cannot log: a sink or formatter of the program failed; its further failures are " +
        `counted\n${errorText(error)}\n`,
    );
  }

  /** Reports how many records failed after the first. Call it at the end. */
  finish(): void {
    const more = this.#count - 1;
    this.#count = 0;
    if (more <= 0) return;
    this.#write(
      `WARNING:  Lost ${more} more log record${
        more === 1 ? "" : "s"
      }: a sink or formatter of the program failed\n`,
    );
  }
}

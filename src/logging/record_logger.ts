/** The logger: makes a record of each message that its level lets through. */
import type { LogHandler } from "./handler.ts";
import {
  LEVEL_NUMBERS,
  type LogDetails,
  type LogField,
  type Logger,
  type LogLevel,
  type MessageObserver,
} from "./logger.ts";
import type { LogRecord, LogValue } from "./record.ts";

/** Level and destinations of one logger. */
export interface LogRoute {
  /** Number of the least severe level that is logged. */
  readonly threshold: number;
  readonly handlers: readonly LogHandler[];
}

/** A route to nowhere. */
export const NO_ROUTE: LogRoute = { threshold: Infinity, handlers: [] };

/** Number of the least severe level that reaches one of the handlers; Infinity if none does. */
export function reachOf({ threshold, handlers }: LogRoute): number {
  const lowest = handlers.reduce(
    (least, handler) => Math.min(least, handler.threshold),
    Infinity,
  );
  return Math.max(threshold, lowest);
}

const NO_FIELDS: Readonly<Record<string, LogValue>> = Object.freeze({});

/** Makes records and hands them to the handlers of its route. */
export class RecordLogger implements Logger {
  readonly name: string;
  /** See {@linkcode MessageObserver}. */
  observer: MessageObserver | undefined;
  readonly #beforeRecord: () => void;
  #route: LogRoute;
  #reach: number;

  /**
   * @param beforeRecord Called before each record: writes what happened before it and is buffered.
   */
  constructor(
    name: string,
    route: LogRoute,
    beforeRecord: () => void = () => {},
  ) {
    this.name = name;
    this.#beforeRecord = beforeRecord;
    this.#route = route;
    this.#reach = reachOf(route);
  }

  /** Sends what is logged from now on to other handlers. */
  reroute(route: LogRoute): void {
    this.#route = route;
    this.#reach = reachOf(route);
  }

  isEnabled(level: LogLevel): boolean {
    return LEVEL_NUMBERS[level] >= this.#reach;
  }

  critical(message: string, details?: LogDetails): void {
    this.observer?.("critical", details);
    this.#log("critical", message, details);
  }

  error(message: string, details?: LogDetails): void {
    this.observer?.("error", details);
    this.#log("error", message, details);
  }

  warning(message: string, details?: LogDetails): void {
    this.observer?.("warning", details);
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
    this.#beforeRecord();
    const spans = details?.fields;
    deliver({
      time: Date.now(),
      level,
      logger: this.name,
      message,
      fields: spans === undefined ? NO_FIELDS : fieldsOf(spans),
      spans,
      ...(details !== undefined && "error" in details
        ? { error: details.error }
        : {}),
    }, this.#route.handlers);
  }
}

/** Hands a record to each of the handlers that take its level. */
export function deliver(
  record: LogRecord,
  handlers: readonly LogHandler[],
): void {
  const number = LEVEL_NUMBERS[record.level];
  for (const handler of handlers) {
    if (number >= handler.threshold) handler.handle(record);
  }
}

function fieldsOf(
  spans: readonly LogField[],
): Readonly<Record<string, LogValue>> {
  return Object.fromEntries(spans.map(({ name, value }) => [name, value]));
}

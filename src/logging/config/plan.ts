/** Reads a log configuration: checks all of it, and finds what each logger needs. Opens nothing. */
import { EVERY_LEVEL } from "../handler.ts";
import { LEVEL_NUMBERS, type LogLevel } from "../logger.ts";
import type { LogSink } from "../record.ts";
import {
  type FormatterContext,
  type FormatterPlan,
  readClass,
  readFormatter,
  TEXT,
} from "./formatters.ts";
import {
  below,
  booleanAt,
  type ConfigOrigin,
  type Entries,
  objectAt,
  type Place,
  problemAt,
  shown,
  suggestion,
  textAt,
} from "./problems.ts";

/** A handler that is to be made. */
export interface HandlerPlan {
  /** As in the configuration. */
  readonly place: Place;
  /** Number of the least severe level that it takes. */
  readonly threshold: number;
  readonly formatter: FormatterPlan;
  readonly output:
    | { readonly kind: "stdout" | "stderr" | "null" }
    | { readonly kind: "file"; readonly filename: string }
    | { readonly kind: "sink"; readonly sink: LogSink };
}

/** Level and handlers of a logger, those of its parents included. */
export interface RoutePlan {
  readonly threshold: number;
  readonly handlers: readonly HandlerPlan[];
}

/** What a configuration says of the loggers there are. */
export interface LogPlan {
  readonly server: RoutePlan;
  readonly access: RoutePlan;
  readonly asgi: RoutePlan;
}

/** Options that a configuration gives way to. */
export interface PlanOptions {
  /** The level that was asked for, whatever the configuration says. */
  readonly logLevel: LogLevel | undefined;
  readonly accessLog: boolean;
}

/** Every logger and its parent. `tricorn.error` is where Uvicorn logs what is not a response. */
const PARENTS: Readonly<Record<string, string | undefined>> = {
  "": undefined,
  "tricorn": "",
  "tricorn.error": "tricorn",
  "tricorn.access": "tricorn",
  "tricorn.asgi": "tricorn",
};

const HANDLER_CLASSES = [
  "tricorn.StreamHandler",
  "tricorn.FileHandler",
  "tricorn.NullHandler",
];
const ROTATION = "tricorn.FileHandler, rotated by logrotate and SIGUSR1";
/** Classes of Python, by what does their work here. */
const INSTEAD: Readonly<Record<string, string>> = {
  "logging.StreamHandler": "tricorn.StreamHandler",
  "logging.FileHandler": "tricorn.FileHandler",
  "logging.NullHandler": "tricorn.NullHandler",
  "logging.handlers.WatchedFileHandler": "tricorn.FileHandler",
  "logging.handlers.RotatingFileHandler": ROTATION,
  "logging.handlers.TimedRotatingFileHandler": ROTATION,
  "handlers.WatchedFileHandler": "tricorn.FileHandler",
  "handlers.RotatingFileHandler": ROTATION,
  "handlers.TimedRotatingFileHandler": ROTATION,
};
/** Keys of a handler, and the class that they belong to. */
const HANDLER_KEYS: Readonly<Record<string, string | undefined>> = {
  class: undefined,
  sink: undefined,
  level: undefined,
  formatter: undefined,
  stream: "tricorn.StreamHandler",
  filename: "tricorn.FileHandler",
  mode: "tricorn.FileHandler",
  encoding: "tricorn.FileHandler",
  delay: "tricorn.FileHandler",
};

/**
 * Reads a configuration.
 *
 * @throws ConfigError for the first thing that is wrong.
 */
export function readPlan(
  value: unknown,
  origin: ConfigOrigin,
  options: PlanOptions,
  context: FormatterContext,
): LogPlan {
  const top: Place = { origin, path: [] };
  const config = objectAt(value, top, [
    "version",
    "disable_existing_loggers",
    "incremental",
    "formatters",
    "filters",
    "handlers",
    "loggers",
    "root",
  ]);
  checkFrame(config, top);
  const formatters = readEach(
    config,
    "formatters",
    top,
    (entry, place) => readFormatter(entry, place, context),
  );
  const handlers = readEach(
    config,
    "handlers",
    top,
    (entry, place) => readHandler(entry, place, formatters),
  );
  const loggers = readLoggers(config, top, handlers);
  return {
    server: routeOf("tricorn.error", loggers, options),
    access: routeOf("tricorn.access", loggers, options),
    asgi: routeOf("tricorn.asgi", loggers, options),
  };
}

function checkFrame(config: Entries, top: Place): void {
  const { version = 1 } = config;
  if (String(version) !== "1") {
    throw problemAt(below(top, "version"), `expected 1, got ${shown(version)}`);
  }
  booleanAt(config, "disable_existing_loggers", top);
  if (booleanAt(config, "incremental", top) === true) {
    throw problemAt(below(top, "incremental"), "expected false");
  }
  const filters = objectAt(config.filters ?? {}, below(top, "filters"));
  const [filter] = Object.keys(filters);
  if (filter !== undefined) {
    throw problemAt(
      below(below(top, "filters"), filter),
      "there are no filters here; use the level of a handler, or a sink",
    );
  }
}

function readEach<T>(
  config: Entries,
  key: string,
  top: Place,
  read: (entry: unknown, place: Place) => T,
): ReadonlyMap<string, T> {
  const place = below(top, key);
  const entries = objectAt(config[key] ?? {}, place);
  return new Map(
    Object.entries(entries).map(([name, entry]) => [
      name,
      read(entry, below(place, name)),
    ]),
  );
}

function readHandler(
  value: unknown,
  place: Place,
  formatters: ReadonlyMap<string, FormatterPlan>,
): HandlerPlan {
  const entries = objectAt(value, place, Object.keys(HANDLER_KEYS));
  const name = textAt(entries, "formatter", place);
  const formatter = name === undefined ? TEXT : formatters.get(name);
  if (formatter === undefined) {
    throw problemAt(
      below(place, "formatter"),
      `there is no formatter '${name}'${
        suggestion(name!, [...formatters.keys()])
      }`,
    );
  }
  const threshold = readLevel(entries, place) ?? EVERY_LEVEL;
  return { place, threshold, formatter, output: readOutput(entries, place) };
}

function readOutput(entries: Entries, place: Place): HandlerPlan["output"] {
  const { sink } = entries;
  if (sink !== undefined && sink !== null) {
    checkKeys(entries, "a sink", place);
    if (typeof sink !== "function") {
      throw problemAt(
        below(place, "sink"),
        `expected a function, got ${shown(sink)}`,
      );
    }
    if (entries.class !== undefined) {
      throw problemAt(below(place, "class"), "expected none beside a sink");
    }
    return { kind: "sink", sink: sink as LogSink };
  }
  if (entries.class === undefined) {
    throw problemAt(
      below(place, "class"),
      `it is missing; expected ${HANDLER_CLASSES.join(", ")}`,
    );
  }
  const name = readClass(
    entries.class,
    below(place, "class"),
    HANDLER_CLASSES,
    INSTEAD,
  );
  checkKeys(entries, name, place);
  if (name === "tricorn.NullHandler") return { kind: "null" };
  if (name === "tricorn.StreamHandler") {
    return { kind: readStream(entries, place) };
  }
  return { kind: "file", filename: readFilename(entries, place) };
}

/** Checks that no key belongs to another class. */
function checkKeys(entries: Entries, name: string, place: Place): void {
  for (const key of Object.keys(entries)) {
    const owner = HANDLER_KEYS[key];
    if (owner === undefined || owner === name) continue;
    throw problemAt(
      below(place, key),
      `it belongs to ${owner}, not to ${name}`,
    );
  }
}

function readStream(entries: Entries, place: Place): "stdout" | "stderr" {
  const stream = textAt(entries, "stream", place) ?? "stderr";
  const word = /^(?:(?:ext:\/\/)?sys\.)?(stdout|stderr)$/.exec(stream)?.[1];
  if (word !== undefined) return word as "stdout" | "stderr";
  throw problemAt(
    below(place, "stream"),
    `expected 'ext://sys.stdout' or 'ext://sys.stderr', got ${shown(stream)}`,
  );
}

function readFilename(entries: Entries, place: Place): string {
  const filename = textAt(entries, "filename", place);
  if (filename === undefined || filename === "") {
    throw problemAt(below(place, "filename"), "it is missing; expected a path");
  }
  if (filename.includes("\0")) {
    throw problemAt(below(place, "filename"), "it holds a null character");
  }
  const mode = textAt(entries, "mode", place) ?? "a";
  if (mode !== "a") {
    throw problemAt(
      below(place, "mode"),
      `expected 'a', the file is appended to; got ${shown(mode)}`,
    );
  }
  const encoding = textAt(entries, "encoding", place) ?? "utf-8";
  if (!/^utf-?8$/i.test(encoding)) {
    throw problemAt(
      below(place, "encoding"),
      `expected 'utf-8', got ${shown(encoding)}`,
    );
  }
  booleanAt(entries, "delay", place);
  return filename;
}

interface LoggerPlan {
  /** `undefined` leaves it to the parent. */
  readonly threshold: number | undefined;
  readonly handlers: readonly HandlerPlan[];
  readonly propagates: boolean;
}

function readLoggers(
  config: Entries,
  top: Place,
  handlers: ReadonlyMap<string, HandlerPlan>,
): ReadonlyMap<string, LoggerPlan> {
  const found = new Map<string, LoggerPlan>();
  const place = below(top, "loggers");
  const entries = objectAt(config.loggers ?? {}, place);
  for (const [given, entry] of Object.entries(entries)) {
    const name = given === "root"
      ? ""
      : given.replace(/^uvicorn(?=$|\.)/, "tricorn");
    const at = below(place, given);
    if (!Object.hasOwn(PARENTS, name)) {
      throw problemAt(
        at,
        `unknown logger '${given}'${
          suggestion(name, Object.keys(PARENTS)) ||
          "; expected tricorn, tricorn.access, tricorn.asgi or root"
        }`,
      );
    }
    if (found.has(name)) throw problemAt(at, "this logger is there already");
    found.set(name, readLogger(entry, at, handlers));
  }
  if (config.root !== undefined && config.root !== null) {
    const at = below(top, "root");
    if (found.has("")) throw problemAt(at, "this logger is there already");
    found.set("", readLogger(config.root, at, handlers));
  }
  return found;
}

function readLogger(
  value: unknown,
  place: Place,
  handlers: ReadonlyMap<string, HandlerPlan>,
): LoggerPlan {
  const entries = objectAt(value, place, ["level", "handlers", "propagate"]);
  const names = entries.handlers ?? [];
  const at = below(place, "handlers");
  if (!Array.isArray(names)) {
    throw problemAt(at, `expected an array of names, got ${shown(names)}`);
  }
  const own = names.map((name: unknown) => {
    const handler = handlers.get(String(name));
    if (handler !== undefined) return handler;
    const word = typeof name === "string" ? name : shown(name);
    throw problemAt(
      at,
      `there is no handler '${word}'${suggestion(word, [...handlers.keys()])}`,
    );
  });
  return {
    threshold: readLevel(entries, place),
    handlers: own,
    propagates: booleanAt(entries, "propagate", place) ?? true,
  };
}

const LEVEL_WORDS: Readonly<Record<string, number>> = {
  ...LEVEL_NUMBERS,
  warn: LEVEL_NUMBERS.warning,
  fatal: LEVEL_NUMBERS.critical,
};

/** Reads a level as its number; `undefined` if there is none, or `NOTSET`. */
function readLevel(entries: Entries, place: Place): number | undefined {
  const { level } = entries;
  if (level === undefined || level === null || level === "") return undefined;
  const word = String(level).trim().toLowerCase();
  if (word === "notset" || word === "0") return undefined;
  if (Object.hasOwn(LEVEL_WORDS, word)) return LEVEL_WORDS[word];
  if (/^\d{1,4}$/.test(word)) return Number(word);
  const names = Object.keys(LEVEL_NUMBERS);
  throw problemAt(
    below(place, "level"),
    `unknown level ${shown(level)}${
      suggestion(word, names) || `; expected ${names.join(", ")}`
    }`,
  );
}

/** Collects level and handlers from the logger up to the root. */
function routeOf(
  name: string,
  loggers: ReadonlyMap<string, LoggerPlan>,
  { logLevel, accessLog }: PlanOptions,
): RoutePlan {
  let threshold = logLevel === undefined ? undefined : LEVEL_NUMBERS[logLevel];
  // As Uvicorn: without an access log, its logger has no handlers and does not propagate.
  if (name === "tricorn.access" && !accessLog) {
    return { threshold: threshold ?? Infinity, handlers: [] };
  }
  const handlers = new Set<HandlerPlan>();
  let propagates = true;
  for (
    let at: string | undefined = name;
    at !== undefined;
    at = PARENTS[at]
  ) {
    const logger = loggers.get(at);
    if (logger === undefined) continue;
    threshold ??= logger.threshold;
    if (propagates) {
      for (const handler of logger.handlers) handlers.add(handler);
    }
    propagates &&= logger.propagates;
  }
  return {
    // What Python's root logger has where nothing says otherwise is warning; a server tells of its start.
    threshold: threshold ?? LEVEL_NUMBERS.info,
    handlers: [...handlers],
  };
}

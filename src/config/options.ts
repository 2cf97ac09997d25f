/**
 * The one table of options. The command line, the environment, the API, the help text and
 * docs/settings.md are all read from it: a new option is a field of {@linkcode Options} and an
 * entry of {@linkcode OPTIONS}.
 */
import type { OptionType, Verdict } from "./option_types.ts";
import {
  checkHeaders,
  checkHost,
  checkRootPath,
  checkUds,
  readHeader,
} from "./option_checks.ts";

/** How much is logged, from little to much (process:P-105). */
export type LogLevelName =
  | "critical"
  | "error"
  | "warning"
  | "info"
  | "debug"
  | "trace";

/** Every option, checked and complete. Frozen. */
export interface Options {
  /** Address or name to listen on; `""` is every IPv4 interface (options:O-010). */
  readonly host: string;
  /** 0 to 65535; 0 lets the kernel choose (options:O-011). */
  readonly port: number;
  /** UNIX socket to listen on in place of host and port (options:O-012). */
  readonly uds: string | undefined;
  /** Connections the kernel holds before they are accepted; at least 1 (options:O-015). */
  readonly backlog: number;
  /** Whether the application is a function that makes the application (options:O-002). */
  readonly factory: boolean;
  /** Where import strings begin; `undefined` or `""` is the working directory (options:O-003). */
  readonly appDir: string | undefined;
  /** Whether the application is told of startup and shutdown (options:O-005). */
  readonly lifespan: "auto" | "on" | "off";
  /** Seconds for each of startup and shutdown of the application (asgi:A-166). */
  readonly timeoutLifespan: number;
  /** Whose sockets carry the bytes: the runtime's own, or those of `node:net` (options:O-031). */
  readonly loop: "auto" | "native" | "node";
  /** The HTTP implementation (options:O-032). */
  readonly http: "auto" | "h1";
  /** Where the application is mounted: begins with `/`, does not end with it; `""` is the root. */
  readonly rootPath: string;
  /** Whether `rootPath` is put in front of `path`, or already there (asgi:A-229). */
  readonly rootPathMode: "prefix" | "as-is";
  /** Further fields of every response, names in lower case, values trimmed (options:O-046). */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Whether responses name the server (options:O-044). */
  readonly serverHeader: boolean;
  /** Whether responses carry the date (options:O-045). */
  readonly dateHeader: boolean;
  /** Whether HTTP/1.1 applications may send 103 responses (asgi:A-181). */
  readonly earlyHints: boolean;
  /** What `send` does once the client has gone (asgi:A-208). */
  readonly sendAfterDisconnect: "raise" | "ignore";
  /** Whether upgrade requests become WebSockets (options:O-034). */
  readonly ws: "auto" | "none";
  /** Bytes of one incoming message, inflated (options:O-035). */
  readonly wsMaxSize: number;
  /** Messages that wait for the application before reading stops (options:O-036). */
  readonly wsMaxQueue: number;
  /** Seconds between pings; 0 sends none (options:O-037). */
  readonly wsPingInterval: number;
  /** Seconds for a pong; 0 waits for ever (options:O-038). */
  readonly wsPingTimeout: number;
  /** Whether compression is agreed on where a client offers it (options:O-039). */
  readonly wsPerMessageDeflate: boolean;
  /** Seconds for the client's close frame after ours. */
  readonly wsCloseTimeout: number;
  /** Seconds for the application to answer a handshake. */
  readonly wsHandshakeTimeout: number;
  /** Seconds that an idle connection is kept; 0 closes after each response (options:O-047). */
  readonly timeoutKeepAlive: number;
  /** Seconds that requests in progress get when the server stops; 0 cuts them off at once. */
  readonly timeoutGracefulShutdown: number;
  /** Seconds from the first byte of a request to the end of its head (wishes:N-010). */
  readonly timeoutRequestHead: number;
  /** Seconds without a byte of the request body (wishes:N-010). */
  readonly timeoutRequestBody: number;
  /** Bytes of request line and header fields together (options:O-040). */
  readonly limitRequestHead: number;
  /** Requests in progress, WebSockets included, at which further ones get 503 (options:O-026). */
  readonly limitConcurrency: number | undefined;
  /** Responses after which the process ends (options:O-024). */
  readonly limitMaxRequests: number | undefined;
  /** Largest random addition to `limitMaxRequests` (options:O-025). */
  readonly limitMaxRequestsJitter: number;
  /** Least important level that is logged (options:O-028). */
  readonly logLevel: LogLevelName;
  /** Whether there is a line for every response (options:O-029). */
  readonly accessLog: boolean;
  /** Whether log lines are coloured; `undefined` decides by stream (options:O-030). */
  readonly useColors: boolean | undefined;
}

/** What a caller may give: any of the options; `undefined` means the default. */
export type OptionsInput = {
  readonly [K in keyof Options]?: Options[K] | undefined;
};

/** Chapters of the help text, in their order. */
export const OPTION_GROUPS = [
  "Application",
  "Binding",
  "HTTP",
  "WebSocket",
  "Timeouts",
  "Limits",
  "Logging",
] as const;

/** One of {@linkcode OPTION_GROUPS}. */
export type OptionGroup = typeof OPTION_GROUPS[number];

/** One option, wherever it is given. */
export interface OptionSpec<T = unknown> {
  readonly group: OptionGroup;
  /** The long flag. Its variable is `TRICORN_` and the option's name, or this, in capitals. */
  readonly flag: `--${string}`;
  /** Other spellings of the flag, short ones with one dash. */
  readonly aliases?: readonly string[];
  readonly type: OptionType;
  /** Used where nothing is given. Not checked: it must be right. */
  readonly default: T;
  /** How the help shows the default where its value says too little. */
  readonly defaultText?: string;
  /** Foreign variables read when ours are unset. */
  readonly fallbackVariables?: readonly string[];
  /** Options that make no sense beside this one. */
  readonly excludes?: readonly (keyof Options)[];
  /** Checks beyond the type, and brings the value into its normal form. */
  readonly check?: (value: NonNullable<T>) => Verdict<NonNullable<T>>;
  /** One or two sentences, without default and range: those are added. */
  readonly help: string;
}

/** Largest 32-bit integer: what `listen()` and timers take. */
export const MAX_INT: number = 2 ** 31 - 1;
/** Longest time, in seconds, that a timer of a JavaScript runtime can wait: 24 days. */
export const MAX_SECONDS: number = Math.floor(MAX_INT / 1000);

const SECONDS = {
  kind: "number",
  min: 0,
  max: MAX_SECONDS,
  unit: "seconds",
} as const;
/** Where 0 would end everything before it began. The clock ticks four times a second. */
const SOME_SECONDS = { ...SECONDS, min: 0.1 } as const;
const PAIR = { kind: "boolean", isNegatable: true } as const;

/** All options, in the order of the help text. */
export const OPTIONS: {
  readonly [K in keyof Options]: OptionSpec<Options[K]>;
} = {
  factory: {
    group: "Application",
    flag: "--factory",
    type: { kind: "boolean" },
    default: false,
    help: "APP is a function without parameters that returns the application.",
  },
  appDir: {
    group: "Application",
    flag: "--app-dir",
    type: { kind: "text", metavar: "DIRECTORY" },
    default: undefined,
    defaultText: "the working directory",
    help: "Look for APP in this directory.",
  },
  lifespan: {
    group: "Application",
    flag: "--lifespan",
    type: { kind: "choice", choices: ["auto", "on", "off"] },
    default: "auto",
    help:
      "Tell the application of startup and shutdown: try it, insist on it, or never.",
  },
  timeoutLifespan: {
    group: "Application",
    flag: "--timeout-lifespan",
    type: SOME_SECONDS,
    default: 60,
    help: "Time for the application's startup, and again for its shutdown.",
  },
  host: {
    group: "Binding",
    flag: "--host",
    aliases: ["--hostname"],
    type: { kind: "text", metavar: "TEXT" },
    default: "127.0.0.1",
    check: checkHost,
    help:
      "Address or name to listen on. 0.0.0.0 is every IPv4 interface, :: every IPv6 one.",
  },
  port: {
    group: "Binding",
    flag: "--port",
    aliases: ["-p"],
    type: { kind: "integer", min: 0, max: 65535 },
    default: 8000,
    fallbackVariables: ["PORT"],
    help: "Port to listen on. 0 picks a free one, which is logged.",
  },
  uds: {
    group: "Binding",
    flag: "--uds",
    type: { kind: "text", metavar: "PATH" },
    default: undefined,
    excludes: ["host", "port"],
    check: checkUds,
    help: "Listen on a UNIX socket in place of host and port.",
  },
  backlog: {
    group: "Binding",
    flag: "--backlog",
    type: { kind: "integer", min: 1, max: MAX_INT, unit: "connections" },
    default: 2048,
    help: "Connections that may wait to be accepted.",
  },
  loop: {
    group: "Binding",
    flag: "--loop",
    type: { kind: "choice", choices: ["auto", "native", "node"] },
    default: "auto",
    help:
      "Which sockets carry the bytes: the runtime's own or those of node:net.",
  },
  http: {
    group: "HTTP",
    flag: "--http",
    type: { kind: "choice", choices: ["auto", "h1"] },
    default: "auto",
    help: "HTTP implementation.",
  },
  rootPath: {
    group: "HTTP",
    flag: "--root-path",
    type: { kind: "text", metavar: "PATH" },
    default: "",
    defaultText: "none",
    check: checkRootPath,
    help: "Where a proxy has mounted the application.",
  },
  rootPathMode: {
    group: "HTTP",
    flag: "--root-path-mode",
    type: { kind: "choice", choices: ["prefix", "as-is"] },
    default: "prefix",
    help:
      "Put the root path in front of the request's path, because the proxy took it away, or " +
      "leave the path as it is.",
  },
  headers: {
    group: "HTTP",
    flag: "--header",
    type: { kind: "list", metavar: "NAME:VALUE", readItem: readHeader },
    default: Object.freeze([]),
    defaultText: "none",
    check: checkHeaders,
    help: "Field to add to every response. May be repeated.",
  },
  serverHeader: {
    group: "HTTP",
    flag: "--server-header",
    type: PAIR,
    default: true,
    help: "Send the server field.",
  },
  dateHeader: {
    group: "HTTP",
    flag: "--date-header",
    type: PAIR,
    default: true,
    help: "Send the date field.",
  },
  earlyHints: {
    group: "HTTP",
    flag: "--early-hints",
    type: PAIR,
    default: false,
    help: "Let applications send 103 responses over HTTP/1.1.",
  },
  sendAfterDisconnect: {
    group: "HTTP",
    flag: "--send-after-disconnect",
    type: { kind: "choice", choices: ["raise", "ignore"] },
    default: "raise",
    help:
      "What sending does once the client has gone: throw ClientDisconnected, or nothing.",
  },
  ws: {
    group: "WebSocket",
    flag: "--ws",
    type: { kind: "choice", choices: ["auto", "none"] },
    default: "auto",
    help: "Serve WebSockets, or answer upgrade requests as ordinary ones.",
  },
  wsMaxSize: {
    group: "WebSocket",
    flag: "--ws-max-size",
    type: { kind: "integer", min: 1, max: MAX_INT, unit: "bytes" },
    default: 16 * 1024 * 1024,
    help: "Size of one incoming message, all fragments together, inflated.",
  },
  wsMaxQueue: {
    group: "WebSocket",
    flag: "--ws-max-queue",
    type: { kind: "integer", min: 1, max: MAX_INT, unit: "messages" },
    default: 32,
    help: "Messages that wait for the application before reading stops.",
  },
  wsPingInterval: {
    group: "WebSocket",
    flag: "--ws-ping-interval",
    type: SECONDS,
    default: 20,
    help: "Time between pings. 0 sends none.",
  },
  wsPingTimeout: {
    group: "WebSocket",
    flag: "--ws-ping-timeout",
    type: SECONDS,
    default: 20,
    help: "Time for the answer to a ping. 0 waits for ever.",
  },
  wsPerMessageDeflate: {
    group: "WebSocket",
    flag: "--ws-per-message-deflate",
    type: { kind: "switch" },
    default: true,
    help: "Compress messages where the client offers it.",
  },
  wsCloseTimeout: {
    group: "WebSocket",
    flag: "--ws-close-timeout",
    type: SECONDS,
    default: 10,
    help: "Time for the client to answer a close frame.",
  },
  wsHandshakeTimeout: {
    group: "WebSocket",
    flag: "--ws-handshake-timeout",
    type: SOME_SECONDS,
    default: 60,
    help: "Time for the application to accept or refuse.",
  },
  timeoutKeepAlive: {
    group: "Timeouts",
    flag: "--timeout-keep-alive",
    type: SECONDS,
    default: 5,
    help:
      "Time that an idle connection is kept after a response. 0 closes at once.",
  },
  timeoutRequestHead: {
    group: "Timeouts",
    flag: "--timeout-request-head",
    type: SOME_SECONDS,
    default: 30,
    help: "Time for request line and header fields to arrive.",
  },
  timeoutRequestBody: {
    group: "Timeouts",
    flag: "--timeout-request-body",
    type: SOME_SECONDS,
    default: 60,
    help: "Time that may pass without a byte of the request body.",
  },
  timeoutGracefulShutdown: {
    group: "Timeouts",
    flag: "--timeout-graceful-shutdown",
    type: SECONDS,
    default: 30,
    help:
      "Time for requests in progress when the server stops. 0 cuts them off at once.",
  },
  limitRequestHead: {
    group: "Limits",
    flag: "--limit-request-head",
    aliases: ["--h11-max-incomplete-event-size"],
    // The smallest still holds a request of a browser's health check, the largest bounds what
    // one connection can make us keep.
    type: { kind: "integer", min: 256, max: 16 * 1024 * 1024, unit: "bytes" },
    default: 65536,
    help: "Size of request line and header fields together.",
  },
  limitConcurrency: {
    group: "Limits",
    flag: "--limit-concurrency",
    type: { kind: "integer", min: 1, max: MAX_INT, unit: "requests" },
    default: undefined,
    defaultText: "none",
    help: "Answer 503 to further requests while this many are in progress.",
  },
  limitMaxRequests: {
    group: "Limits",
    flag: "--limit-max-requests",
    type: { kind: "integer", min: 1, max: MAX_INT, unit: "requests" },
    default: undefined,
    defaultText: "none",
    help: "Shut down after this many responses.",
  },
  limitMaxRequestsJitter: {
    group: "Limits",
    flag: "--limit-max-requests-jitter",
    type: { kind: "integer", min: 0, max: MAX_INT, unit: "requests" },
    default: 0,
    help: "Add up to this many, at random, to --limit-max-requests.",
  },
  logLevel: {
    group: "Logging",
    flag: "--log-level",
    type: {
      kind: "choice",
      choices: ["critical", "error", "warning", "info", "debug", "trace"],
      ignoresCase: true,
    },
    default: "info",
    help: "Least important level to log.",
  },
  accessLog: {
    group: "Logging",
    flag: "--access-log",
    type: PAIR,
    default: true,
    help: "Log a line for every response, on standard output.",
  },
  useColors: {
    group: "Logging",
    flag: "--use-colors",
    type: PAIR,
    default: undefined,
    defaultText: "on terminals",
    help:
      "Colour log lines. Without it NO_COLOR and FORCE_COLOR are looked at.",
  },
};

/** The names of all options, in the order of the table. */
export const OPTION_NAMES: readonly (keyof Options)[] = Object.keys(
  OPTIONS,
) as (keyof Options)[];

/**
 * The variables of an option, first the one to recommend (options:E-001). A repeatable flag is
 * read in the plural and in the singular; an alias of a flag has its variable too.
 */
export function variablesOf(name: keyof Options): readonly string[] {
  const { flag, aliases = [] } = OPTIONS[name];
  const words = [name.replace(/[A-Z]/g, "_$&")];
  for (const spelling of [flag, ...aliases]) {
    if (spelling.startsWith("--")) {
      words.push(spelling.slice(2).replaceAll("-", "_"));
    }
  }
  return [...new Set(words.map((word) => `TRICORN_${word.toUpperCase()}`))];
}

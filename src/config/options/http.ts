/** How requests are understood and answered. */
import {
  checkHeaders,
  checkPeers,
  checkRootPath,
  readHeader,
} from "./checks.ts";
import { type OptionTable, PAIR } from "./definition.ts";

/** How requests are understood and answered: checked and complete. */
export interface HttpOptions {
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
  /**
   * Peers that are believed when they tell who their client is: addresses, networks, `unix:`,
   * `unix:/path`, or `*` alone (options:O-043).
   */
  readonly forwardedAllowIps: readonly string[];
  /** What `send` does once the client has gone (asgi:A-208). */
  readonly sendAfterDisconnect: "raise" | "ignore";
}

/** See {@linkcode HttpOptions}. */
export const HTTP_OPTIONS: OptionTable<HttpOptions> = {
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
  forwardedAllowIps: {
    group: "HTTP",
    flag: "--forwarded-allow-ips",
    type: {
      kind: "list",
      metavar: "LIST",
      takesOne: true,
      readItem: (text) => ({ value: text }),
    },
    default: Object.freeze(["127.0.0.1", "::1"]),
    fallbackVariables: ["FORWARDED_ALLOW_IPS"],
    check: checkPeers,
    help:
      "Peers that are believed when they tell who their client is: addresses and networks with " +
      "commas between, 'unix:' for UNIX sockets, '*' for everybody. May be repeated.",
  },
  sendAfterDisconnect: {
    group: "HTTP",
    flag: "--send-after-disconnect",
    type: { kind: "choice", choices: ["raise", "ignore"] },
    default: "raise",
    help:
      "What sending does once the client has gone: throw ClientDisconnected, or nothing.",
  },
};

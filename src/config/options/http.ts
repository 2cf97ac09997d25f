/** Options of HTTP: paths, default fields, trusted proxies. */
import type { ForwardedHeader } from "../../proxy/x_forwarded.ts";
import {
  checkForwardedHeaders,
  checkHeaders,
  checkPeers,
  checkRootPath,
  readHeader,
} from "./checks.ts";
import { type OptionTable, PAIR } from "./definition.ts";

/** Options of HTTP: checked and complete. */
export interface HttpOptions {
  /** HTTP implementation; both values mean the same today. Default: `"auto"`. */
  readonly http: "auto" | "h1";
  /**
   * Path that the application is mounted at: begins with `/`, does not end with it; `""` is the
   * root. Default: `""`.
   */
  readonly rootPath: string;
  /**
   * How `rootPath` gets into `scope.path`: `prefix` adds it, because the proxy has removed it,
   * `as-is` expects it there (ASGI HTTP: HTTP Connection Scope). Default: `"prefix"`.
   */
  readonly rootPathMode: "prefix" | "as-is";
  /** Fields added to every response, names in lower case, values trimmed. Default: `[]`. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Whether responses have a `server` field. Default: true. */
  readonly serverHeader: boolean;
  /** Whether responses have a `date` field. Default: true. */
  readonly dateHeader: boolean;
  /**
   * Whether applications may send 103 responses over HTTP/1.1 (ASGI Extensions: Early Hints).
   * Default: false.
   */
  readonly earlyHints: boolean;
  /**
   * Whether what trusted proxies say of their clients is used: address and port, scheme, and
   * whatever else `forwardedHeaders` names. Default: true.
   */
  readonly proxyHeaders: boolean;
  /**
   * Fields of trusted proxies that are used: `"x-forwarded-for"`, `"x-forwarded-proto"`,
   * `"x-forwarded-host"`, `"x-forwarded-port"`, `"x-forwarded-prefix"`, or `"forwarded"` alone. Name
   * only those that the proxy sets in every request: it passes others on as clients send them.
   * Default: `["x-forwarded-for", "x-forwarded-proto"]`.
   */
  readonly forwardedHeaders: readonly ForwardedHeader[];
  /**
   * Trusted proxies: peers whose statement about their client is used. Addresses, networks,
   * `unix:`, `unix:/path`, or `*` alone. Default: `["127.0.0.1", "::1"]`.
   */
  readonly forwardedAllowIps: readonly string[];
  /**
   * What `send` does after the client has disconnected: reject with `ClientDisconnected`, or
   * resolve (ASGI HTTP: Disconnected Client). Default: `"raise"`.
   */
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
    help: "Path that a proxy mounts the application at.",
  },
  rootPathMode: {
    group: "HTTP",
    flag: "--root-path-mode",
    type: { kind: "choice", choices: ["prefix", "as-is"] },
    default: "prefix",
    help:
      "Add the root path to the request's path, because the proxy has removed it (prefix), or " +
      "leave the path unchanged (as-is).",
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
    help: "Add a server field to responses.",
  },
  dateHeader: {
    group: "HTTP",
    flag: "--date-header",
    type: PAIR,
    default: true,
    help: "Add a date field to responses.",
  },
  earlyHints: {
    group: "HTTP",
    flag: "--early-hints",
    type: PAIR,
    default: false,
    help: "Let applications send 103 (Early Hints) responses over HTTP/1.1.",
  },
  proxyHeaders: {
    group: "HTTP",
    flag: "--proxy-headers",
    type: PAIR,
    default: true,
    help:
      "Take the client's address and scheme from the X-Forwarded-For and X-Forwarded-Proto fields " +
      "of trusted proxies, or from those that --forwarded-headers names.",
  },
  forwardedHeaders: {
    group: "HTTP",
    flag: "--forwarded-headers",
    type: {
      kind: "list",
      metavar: "LIST",
      takesOne: true,
      readItem: (text) => ({ value: text }),
    },
    default: Object.freeze(["x-forwarded-for", "x-forwarded-proto"] as const),
    check: checkForwardedHeaders,
    help:
      "Fields of trusted proxies that are used, separated by commas: x-forwarded-for, -proto, " +
      "-host, -port, -prefix, or forwarded alone. Name those that the proxy sets in every request. " +
      "May be repeated.",
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
      "Trusted proxies: peers whose statement about their client is used. Addresses and networks " +
      "separated by commas, 'unix:' for UNIX sockets, '*' for every peer. May be repeated.",
  },
  sendAfterDisconnect: {
    group: "HTTP",
    flag: "--send-after-disconnect",
    type: { kind: "choice", choices: ["raise", "ignore"] },
    default: "raise",
    help:
      "What send() does after the client has disconnected: reject with ClientDisconnected " +
      "(raise), or resolve (ignore).",
  },
};

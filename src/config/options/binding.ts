/** Where to listen. */
import { checkBinds, DEFAULT_PORT, readBind } from "./bind_address.ts";
import { checkHost, checkSockets, checkUds } from "./checks.ts";
import type { Verdict } from "./value_types.ts";
import { MAX_INT, type OptionTable, PAIR } from "./definition.ts";

/** Where to listen: checked and complete. */
export interface BindingOptions {
  /**
   * Address or name to listen on. A name means all of its addresses, `""` every interface, IPv4 and
   * IPv6. Default: `"127.0.0.1"`.
   */
  readonly host: string;
  /** Port to listen on, 0 to 65535; 0 lets the kernel choose. Default: 8000. */
  readonly port: number;
  /** Path of a UNIX socket to listen on instead of host and port. Default: `undefined`. */
  readonly uds: string | undefined;
  /** Permissions of UNIX sockets created by the server, 0 to `0o777`. Default: `0o666`. */
  readonly udsMode: number;
  /**
   * Inherited file descriptor to listen on instead of host and port; 0 is standard input. Default:
   * `undefined`.
   */
  readonly fd: number | undefined;
  /**
   * Addresses to listen on instead of host and port: `host:port`, `[v6]:port`, `:port`, `host`,
   * `unix:path`, `fd://number`. Default: `undefined`.
   */
  readonly bind: readonly string[] | undefined;
  /**
   * Sockets to listen on instead of host and port: inherited file descriptors, and listening
   * servers of `node:net` without connection listeners. The server closes them when it stops.
   * Default: `undefined`.
   */
  readonly sockets: readonly (number | object)[] | undefined;
  /**
   * Whether other processes may listen on the same TCP addresses and share the connections
   * (`SO_REUSEPORT`). Default: false.
   */
  readonly reusePort: boolean;
  /**
   * Whether `::` and `""` listen on IPv6 alone (`IPV6_V6ONLY`); unsupported on Deno. Default:
   * false.
   */
  readonly ipv6Only: boolean;
  /** Connections that the kernel queues until they are accepted; at least 1. Default: 2048. */
  readonly backlog: number;
  /**
   * Whether every connection begins with a PROXY header; only peers in `forwardedAllowIps` may
   * connect then. Default: false.
   */
  readonly proxyProtocol: boolean;
  /**
   * Which sockets are used: the runtime's own (`native`), those of `node:net` (`node`), or the
   * faster of those that support the other options. Default: `"auto"`.
   */
  readonly loop: "auto" | "native" | "node";
}

/** See {@linkcode BindingOptions}. */
export const BINDING_OPTIONS: OptionTable<BindingOptions> = {
  host: {
    group: "Binding",
    flag: "--host",
    aliases: ["--hostname"],
    type: { kind: "text", metavar: "TEXT" },
    default: "127.0.0.1",
    check: checkHost,
    help:
      "Address or name to listen on; a name means all of its addresses. 0.0.0.0 is every IPv4 " +
      "interface, :: every interface.",
  },
  port: {
    group: "Binding",
    flag: "--port",
    aliases: ["-p"],
    type: { kind: "integer", min: 0, max: 65535 },
    default: DEFAULT_PORT,
    fallbackVariables: ["PORT"],
    help: "Port to listen on. 0 picks a free one and logs it.",
  },
  uds: {
    group: "Binding",
    flag: "--uds",
    type: { kind: "text", metavar: "PATH" },
    default: undefined,
    excludes: ["host", "port"],
    check: checkUds,
    help: "Listen on a UNIX socket instead of host and port.",
  },
  udsMode: {
    group: "Binding",
    flag: "--uds-mode",
    type: { kind: "octal", max: 0o777 },
    default: 0o666,
    defaultText: "666",
    help: "Permissions of UNIX sockets created by the server, in octal.",
  },
  fd: {
    group: "Binding",
    flag: "--fd",
    type: { kind: "integer", min: 0, max: MAX_INT },
    default: undefined,
    excludes: ["host", "port", "uds"],
    help: "Listen on an inherited socket, given by its file descriptor.",
  },
  bind: {
    group: "Binding",
    flag: "--bind",
    aliases: ["-b"],
    type: {
      kind: "list",
      metavar: "ADDRESS",
      takesOne: true,
      readItem: readBindItem,
    },
    default: undefined,
    excludes: ["host", "port", "uds", "fd"],
    check: checkBinds,
    help:
      "Listen on this address instead of host and port: host:port, [v6]:port, :port, host, " +
      "unix:path or fd://number. May be repeated.",
  },
  sockets: {
    group: "Binding",
    flag: "--sockets",
    type: {
      kind: "program",
      noun: "an array of descriptors and servers of node:net",
      accepts: (value) => Array.isArray(value),
    },
    default: undefined,
    excludes: ["host", "port", "uds", "fd", "bind"],
    check: checkSockets,
    help:
      "Inherited file descriptors, or listening servers of node:net without connection " +
      "listeners, to listen on. The server closes them when it stops.",
  },
  reusePort: {
    group: "Binding",
    flag: "--reuse-port",
    type: PAIR,
    default: false,
    help:
      "Let other processes listen on the same TCP addresses and share the connections " +
      "(SO_REUSEPORT).",
  },
  ipv6Only: {
    group: "Binding",
    flag: "--ipv6-only",
    type: PAIR,
    default: false,
    help: "Bind :: for IPv6 only (unsupported on Deno).",
  },
  backlog: {
    group: "Binding",
    flag: "--backlog",
    type: { kind: "integer", min: 1, max: MAX_INT, unit: "connections" },
    default: 2048,
    help: "Connections that the kernel queues until they are accepted.",
  },
  proxyProtocol: {
    group: "Binding",
    flag: "--proxy-protocol",
    type: { kind: "boolean" },
    default: false,
    help:
      "Require a PROXY header, version 1 or 2, at the start of every connection, and take the " +
      "client's address from it. Only peers in --forwarded-allow-ips may connect.",
  },
  loop: {
    group: "Binding",
    flag: "--loop",
    type: { kind: "choice", choices: ["auto", "native", "node"] },
    default: "auto",
    help:
      "Socket implementation: the runtime's own (native), that of node:net (node), or the faster " +
      "one that supports the other options (auto).",
  },
};

/** Checks one `--bind`; the value stays text, as in the API. */
function readBindItem(text: string): Verdict<string> {
  const verdict = readBind(text);
  return "problem" in verdict ? verdict : { value: text };
}

/** Where to listen. */
import { checkBinds, DEFAULT_PORT, readBind } from "./bind_address.ts";
import { checkHost, checkSockets, checkUds } from "./checks.ts";
import type { Verdict } from "./value_types.ts";
import { MAX_INT, type OptionTable, PAIR } from "./definition.ts";

/** Where to listen: checked and complete. */
export interface BindingOptions {
  /**
   * Address or name to listen on; a name stands for all of its addresses, `""` for every interface,
   * IPv4 and IPv6 (options:O-010).
   */
  readonly host: string;
  /** 0 to 65535; 0 lets the kernel choose (options:O-011). */
  readonly port: number;
  /** UNIX socket to listen on in place of host and port (options:O-012). */
  readonly uds: string | undefined;
  /** Permissions of UNIX sockets made here, such as `0o660` (options:O-012). */
  readonly udsMode: number;
  /** Inherited descriptor to listen on in place of host and port; 0 is one (options:O-013). */
  readonly fd: number | undefined;
  /**
   * Addresses to listen on in place of host and port: `host:port`, `[v6]:port`, `:port`, `host`,
   * `unix:path`, `fd://number` (wishes:N-007).
   */
  readonly bind: readonly string[] | undefined;
  /**
   * Sockets to listen on in place of host and port: inherited descriptors, and listening servers
   * of `node:net` without connection listeners. They are closed at the end.
   */
  readonly sockets: readonly (number | object)[] | undefined;
  /** Whether other processes may listen on the same TCP addresses and share the connections. */
  readonly reusePort: boolean;
  /** Whether `::` and no host at all leave IPv4 alone. */
  readonly ipv6Only: boolean;
  /** Connections the kernel holds before they are accepted; at least 1 (options:O-015). */
  readonly backlog: number;
  /** Whether connections begin with a PROXY header, of a peer in `forwardedAllowIps`. */
  readonly proxyProtocol: boolean;
  /** Whose sockets carry the bytes: the runtime's own, or those of `node:net` (options:O-031). */
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
      "Address or name to listen on; a name stands for all of its addresses. 0.0.0.0 is every " +
      "IPv4 interface, :: every interface.",
  },
  port: {
    group: "Binding",
    flag: "--port",
    aliases: ["-p"],
    type: { kind: "integer", min: 0, max: 65535 },
    default: DEFAULT_PORT,
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
  udsMode: {
    group: "Binding",
    flag: "--uds-mode",
    type: { kind: "octal", max: 0o777 },
    default: 0o666,
    defaultText: "666",
    help: "Permissions of UNIX sockets that are made here, in octal.",
  },
  fd: {
    group: "Binding",
    flag: "--fd",
    type: { kind: "integer", min: 0, max: MAX_INT },
    default: undefined,
    excludes: ["host", "port", "uds"],
    help:
      "Listen on the socket with this descriptor, inherited from a parent process.",
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
      "Listen here in place of host and port: host:port, [v6]:port, :port, host, unix:path or " +
      "fd://number. May be given several times.",
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
      "Inherited descriptors, or listening servers of node:net without connection listeners, to " +
      "listen on. They are closed at the end.",
  },
  reusePort: {
    group: "Binding",
    flag: "--reuse-port",
    type: PAIR,
    default: false,
    help:
      "Let other processes listen on the same TCP addresses and share the connections.",
  },
  ipv6Only: {
    group: "Binding",
    flag: "--ipv6-only",
    type: PAIR,
    default: false,
    help: "Let :: take IPv6 alone. Not on Deno.",
  },
  backlog: {
    group: "Binding",
    flag: "--backlog",
    type: { kind: "integer", min: 1, max: MAX_INT, unit: "connections" },
    default: 2048,
    help: "Connections that may wait to be accepted.",
  },
  proxyProtocol: {
    group: "Binding",
    flag: "--proxy-protocol",
    type: { kind: "boolean" },
    default: false,
    help:
      "Read a PROXY header, version 1 or 2, at the start of every connection, and take the " +
      "client's address from it. Only peers of --forwarded-allow-ips are let in.",
  },
  loop: {
    group: "Binding",
    flag: "--loop",
    type: { kind: "choice", choices: ["auto", "native", "node"] },
    default: "auto",
    help:
      "Which sockets carry the bytes: the runtime's own (native), those of node:net (node), or " +
      "the better of those that can do what is asked for.",
  },
};

/** Checked as text, kept as text: the API gives the same. */
function readBindItem(text: string): Verdict<string> {
  const verdict = readBind(text);
  return "problem" in verdict ? verdict : { value: text };
}

/** Where to listen. */
import { checkHost, checkUds } from "../option_checks.ts";
import { MAX_INT, type OptionTable } from "../option_spec.ts";

/** Where to listen: checked and complete. */
export interface BindingOptions {
  /** Address or name to listen on; `""` is every IPv4 interface (options:O-010). */
  readonly host: string;
  /** 0 to 65535; 0 lets the kernel choose (options:O-011). */
  readonly port: number;
  /** UNIX socket to listen on in place of host and port (options:O-012). */
  readonly uds: string | undefined;
  /** Connections the kernel holds before they are accepted; at least 1 (options:O-015). */
  readonly backlog: number;
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
};

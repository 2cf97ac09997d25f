/** Log lines about the process and its addresses. */
import {
  type Logger,
  type LogMessage,
  messageWithField,
} from "../logging/logger.ts";
import type { Address, ListenTarget } from "../runtime/types.ts";
import { hostPort } from "../text/host_port.ts";
import { VERSION } from "../version.ts";

/** Where CTRL+C reaches the server: the hint of {@linkcode readyLine}. */
export const CTRL_C_HINT = " (Press CTRL+C to quit)";

/** `http://host:port`, IPv6 in brackets; or the path of a UNIX socket. */
export function urlText(address: Address, scheme: "http" | "https"): string {
  return address.kind === "unix"
    ? address.path
    : `${scheme}://${hostPort(address.host, address.port)}`;
}

/**
 * Builds the line for one address, which is its field `address`.
 *
 * @param target The address as it was configured.
 * @param address The address that it was bound to.
 * @param hint How to stop the server, such as ` (Press CTRL+C to quit)`; or `""`.
 */
export function readyLine(
  target: ListenTarget,
  address: Address,
  scheme: "http" | "https",
  hint: string,
): LogMessage {
  const [kind, where] = place(target, address, scheme);
  return messageWithField(`Tricorn running on ${kind}`, "address", where, hint);
}

/** Logs {@linkcode readyLine} for each of the addresses in `bound`. */
export function logAddresses(
  bound: readonly {
    readonly target: ListenTarget;
    readonly address: Address;
  }[],
  scheme: "http" | "https",
  hint: string,
  logger: Logger,
): void {
  for (const { target, address } of bound) {
    const line = readyLine(target, address, scheme, hint);
    logger.info(line.message, line);
  }
}

/**
 * The line that tells versions, such as `Tricorn 1.2.3 on node 24.22.3`. If Bun has started the
 * command on Node, as `bunx` does by its first line, it says how to have Bun.
 *
 * @param userAgent Value of `npm_config_user_agent`, by which package managers name themselves.
 */
export function versionLine(
  runtime: { readonly name: string; readonly version: string },
  userAgent: string | undefined,
): string {
  const line = `Tricorn ${VERSION} on ${runtime.name} ${runtime.version}`;
  return runtime.name === "node" && userAgent?.startsWith("bun/")
    ? `${line}; "bunx --bun" or "bun --bun run" would run it on Bun`
    : line;
}

/**
 * Builds the line `Started server process [1]`, whose number is its field `pid`.
 *
 * @param kind What the process is for.
 * @param how What follows the number, such as ` using WatchFiles`.
 */
export function processLine(
  event: "Started" | "Finished" | "Stopping",
  pid: number,
  kind: "server" | "parent" | "reloader" = "server",
  how: string = "",
): LogMessage {
  return messageWithField(`${event} ${kind} process [`, "pid", pid, `]${how}`);
}

function place(
  target: ListenTarget,
  address: Address,
  scheme: "http" | "https",
): readonly [kind: string, where: string] {
  if (target.kind === "fd" || target.kind === "server") {
    if (address.kind === "tcp") return ["socket ", urlText(address, scheme)];
    const unnamed = target.kind === "fd" ? `fd://${target.fd}` : "without name";
    return ["socket ", address.path || unnamed];
  }
  const where = urlText(address, scheme);
  return address.kind === "unix" ? ["unix socket ", where] : ["", where];
}

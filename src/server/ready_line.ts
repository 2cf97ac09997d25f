/** Log lines about the process and its addresses. */
import { type LogMessage, messageWithField } from "../logging/logger.ts";
import type { Address, ListenTarget } from "../runtime/types.ts";

/** `http://host:port`, IPv6 in brackets; or the path of a UNIX socket. */
export function urlText(address: Address, scheme: "http" | "https"): string {
  return address.kind === "unix"
    ? address.path
    : `${scheme}://${hostAndPort(address)}`;
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

/** Builds the line `Started server process [1]`, whose number is its field `pid`. */
export function processLine(
  event: "Started" | "Finished",
  pid: number,
): LogMessage {
  return messageWithField(`${event} server process [`, "pid", pid, "]");
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

function hostAndPort(address: Address & { kind: "tcp" }): string {
  const { host, port } = address;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

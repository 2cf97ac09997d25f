/** Addresses in words: the line that says where a server runs. */
import type { Address, ListenTarget } from "../runtime/types.ts";

/** `http://host:port`, IPv6 in brackets; or the path of a UNIX socket. */
export function urlText(address: Address, scheme: "http" | "https"): string {
  return address.kind === "unix"
    ? address.path
    : `${scheme}://${hostAndPort(address)}`;
}

/**
 * The line for one address, plain and with the address in bold (process:P-007 to P-009).
 *
 * @param target What was asked for.
 * @param address What it was bound to.
 * @param hint How to end the server, such as ` (Press CTRL+C to quit)`; or `""`.
 */
export function readyLine(
  target: ListenTarget,
  address: Address,
  scheme: "http" | "https",
  hint: string,
): { readonly text: string; readonly styled: string } {
  const [kind, where] = place(target, address, scheme);
  const line = (shown: string) => `Tricorn running on ${kind}${shown}${hint}`;
  return { text: line(where), styled: line(`\x1b[1m${where}\x1b[0m`) };
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

/** Addresses as the server shows them, and listen targets as an operator writes them. */
import { hostPort } from "../../text/host_port.ts";
import type { Address, ListenTarget } from "../types.ts";

const MAPPED_PREFIX = "::ffff:";

/** The unnamed end of a UNIX connection: a client that did not bind. */
export const UNNAMED: Address = { kind: "unix", path: "" };

/**
 * A TCP address, or `undefined` if the runtime does not know it. A listener on `::` sees IPv4 peers
 * as IPv4-mapped IPv6; they are shown as IPv4 (RFC 4291 §2.5.5.2).
 */
export function tcpAddress(
  host: string | undefined,
  port: number | undefined,
): Address | undefined {
  if (host === undefined || port === undefined) return undefined;
  const isMapped = host.startsWith(MAPPED_PREFIX) && host.includes(".");
  return {
    kind: "tcp",
    host: isMapped ? host.slice(MAPPED_PREFIX.length) : host,
    port,
  };
}

/**
 * The local address of every connection to a listener on `address`, when that is known in advance:
 * not on a wildcard, where it differs from one connection to the next.
 */
export function sharedLocalAddress(address: Address): Address | undefined {
  if (address.kind === "unix") return address;
  return address.host === "::" || address.host === "0.0.0.0"
    ? undefined
    : address;
}

/** `127.0.0.1:8000`, `[::1]:8000`, `unix:/run/app.sock` or `file descriptor 3`; an empty host is `*`. */
export function describeTarget(target: ListenTarget): string {
  switch (target.kind) {
    case "tcp":
      return hostPort(target.host || "*", target.port);
    case "unix":
      return `unix:${target.path}`;
    case "fd":
      return target.shared === undefined
        ? `file descriptor ${target.fd}`
        : describeTarget(target.shared);
    case "server":
      return "a server object";
  }
}

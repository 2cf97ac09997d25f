/** Addresses by `transport`, the form that fetch applications expect. */
import type { Address } from "../../../runtime/types.ts";

/** An end of a TCP connection. */
export interface NetAddr {
  /** Discriminates the addresses. */
  readonly transport: "tcp";
  /** IP address. */
  readonly hostname: string;
  /** From 0 to 65535. */
  readonly port: number;
}

/** A UNIX socket. */
export interface UnixAddr {
  /** Discriminates the addresses. */
  readonly transport: "unix";
  /** Of the socket. */
  readonly path: string;
}

/** The form of `address` that `onListen` is given. */
export function listenAddress(address: Address): NetAddr | UnixAddr {
  return address.kind === "tcp"
    ? { transport: "tcp", hostname: address.host, port: address.port }
    : { transport: "unix", path: address.path };
}

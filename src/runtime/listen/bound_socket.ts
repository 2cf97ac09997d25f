/** What a transport hands over when it has bound an address. */
import type { Address, GivenTarget } from "../types.ts";

/** A bound socket, as a transport hands it over. */
export interface BoundSocket {
  /** The port the kernel chose; 0 on a UNIX socket. */
  readonly port: number;
  /** Stops accepting. Called once. Resolves when the address is free. */
  close(): Promise<void>;
  ref(): void;
  unref(): void;
}

/** A socket that somebody else has bound. */
export interface GivenSocket extends BoundSocket {
  /** What it is bound to. */
  readonly address: Address;
}

/** The ways to bind, as one transport does them. */
export interface Binder {
  /** `host` is an IP address. */
  tcp(host: string, port: number): Promise<BoundSocket>;
  unix(path: string): Promise<BoundSocket>;
  /** Absent where `Transport.unsupported` says so. */
  given?(target: GivenTarget): Promise<GivenSocket>;
}

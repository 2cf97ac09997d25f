/** The contract between a transport, which binds, and listen.ts, which decides what to bind. */
import type { Address, GivenTarget, Socket, SocketHandler } from "../types.ts";

/** Takes a new connection; returns its first handler. */
export type OnAccept = (socket: Socket) => SocketHandler;

/** A socket that a transport has bound. Nothing is accepted until `accept` is called. */
export interface BoundSocket {
  /** The port the kernel chose; 0 on a UNIX socket. */
  readonly port: number;
  /** Begins to accept, with the connections that wait. Called once at most, and not after `close`. */
  accept(onAccept: OnAccept): void;
  /** Stops accepting and closes what waits. Called once. Resolves when the address is free. */
  close(): Promise<void>;
  ref(): void;
  unref(): void;
}

/** A socket that was bound outside of this server. */
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

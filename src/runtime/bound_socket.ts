/** What a transport hands over when it has bound an address. */

/** A bound socket, as a transport hands it over. */
export interface BoundSocket {
  /** The port the kernel chose; 0 on a UNIX socket. */
  readonly port: number;
  /** Stops accepting. Called once. Resolves when the address is free. */
  close(): Promise<void>;
  ref(): void;
  unref(): void;
}

/** The two ways to bind, as one transport does them. `host` is an IP address. */
export interface Binder {
  tcp(host: string, port: number): Promise<BoundSocket>;
  unix(path: string): Promise<BoundSocket>;
}

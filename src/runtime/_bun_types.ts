/**
 * What we use of Bun's global, in our own words: the sources then compile without Bun's ambient
 * types.
 */

/** A connection that carries a `Data` of ours. */
export interface BunConn<Data> {
  data: Data;
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  /** Bytes the kernel took, the rest stays with the caller; -1 once closed. */
  write(bytes: Uint8Array): number;
  pause(): void;
  resume(): void;
  /** Enables TCP keep-alive probes; the idle time before them is in milliseconds. */
  setKeepAlive(enable: boolean, delayMs: number): boolean;
  /** Sends FIN and goes on reading; `end()` would close both directions. */
  shutdown(): void;
  /** Closes at once; calls the `close` handler before it returns. */
  close(): void;
  /** The same with a reset, where the socket has one. */
  terminate(): void;
}

/** The one set of functions that all connections of a listener share. */
export interface BunHandlers<Data> {
  open(conn: BunConn<Data>): void;
  data(conn: BunConn<Data>, bytes: Uint8Array): void;
  drain(conn: BunConn<Data>): void;
  end(conn: BunConn<Data>): void;
  close(conn: BunConn<Data>, error?: Error): void;
  error(conn: BunConn<Data>, error: Error): void;
}

/** A listening socket. */
export interface BunListener {
  readonly port: number;
  readonly fd: number;
  /** Stops accepting; open connections are left alone unless `closeConnections`. */
  stop(closeConnections?: boolean): void;
  ref(): void;
  unref(): void;
}

/** The global `Bun`. */
export interface BunApi {
  readonly version: string;
  /** What the console shows of a value. */
  inspect(value: unknown): string;
  readonly YAML: { parse(text: string): unknown };
  /** The class of its client of Redis. */
  readonly RedisClient: unknown;
  listen<Data>(
    options:
      & { socket: BunHandlers<Data>; allowHalfOpen: boolean }
      & (
        | {
          hostname: string;
          port: number;
          reusePort: boolean;
          ipv6Only: boolean;
        }
        | { unix: string }
        | { fd: number }
      ),
  ): BunListener;
}

/** Bun's global, or `undefined` elsewhere. */
export const bun: BunApi | undefined = (globalThis as { Bun?: BunApi }).Bun;

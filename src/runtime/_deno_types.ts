/**
 * What we use of Deno's global, in our own words: the sources then compile with and without
 * Deno's ambient types.
 */

/** One end of a connection as Deno gives it; `path` is `null` for an unnamed UNIX socket. */
export interface DenoAddress {
  readonly transport: string;
  readonly hostname?: string;
  readonly port?: number;
  readonly path?: string | null;
}

/** A connection. One `read` and one `write` at a time. */
export interface DenoConn {
  readonly localAddr: DenoAddress;
  readonly remoteAddr: DenoAddress;
  /** Resolves to the bytes read, at least 1; `null` after the peer's FIN. */
  read(into: Uint8Array): Promise<number | null>;
  /** Resolves to the bytes the kernel took, which may be fewer than given. */
  write(bytes: Uint8Array): Promise<number>;
  /** Sends FIN. */
  closeWrite(): Promise<void>;
  /** Interrupts pending reads and writes. Throws `BadResource` the second time. */
  close(): void;
  /** TCP only. */
  setNoDelay?(noDelay?: boolean): void;
  /** TCP only. The idle time before a probe is the system's default: two hours on Linux. */
  setKeepAlive?(keepAlive?: boolean): void;
}

/** A listening socket. */
export interface DenoListener {
  readonly addr: DenoAddress;
  accept(): Promise<DenoConn>;
  close(): void;
  ref(): void;
  unref(): void;
}

/** What may be asked of Deno's permissions. */
export type DenoPermission =
  | { readonly name: "net"; readonly host?: string }
  | { readonly name: "read" | "write"; readonly path?: string }
  | { readonly name: "env"; readonly variable?: string }
  | { readonly name: "run"; readonly command?: string }
  | { readonly name: "sys"; readonly kind?: string }
  | { readonly name: "ffi" | "import" };

/** The answer of a query. */
export interface DenoPermissionStatus {
  readonly state: string;
  /** Whether a part of what is granted is denied. */
  readonly partial?: boolean;
}

/** Standard input, output or error. */
export interface DenoStream {
  isTerminal(): boolean;
}

/** Events of files, until it is closed. */
export interface DenoFsWatcher
  extends AsyncIterable<{ readonly kind: string }> {
  close(): void;
}

/** The global `Deno`. */
export interface DenoApi {
  readonly version: { readonly deno: string };
  readonly build: { readonly os: string };
  readonly pid: number;
  readonly args: readonly string[];
  readonly stdin: DenoStream;
  readonly stdout: DenoStream;
  readonly stderr: DenoStream;
  readonly env: {
    get(name: string): string | undefined;
    set(name: string, value: string): void;
    delete(name: string): void;
    toObject(): Record<string, string>;
  };
  cwd(): string;
  /** Demands `--allow-ffi`. */
  dlopen(name: string, symbols: object): { readonly symbols: unknown };
  exit(code: number): never;
  readTextFileSync(path: string): string;
  statSync(
    path: string,
  ): { readonly isFile: boolean; readonly isDirectory: boolean };
  watchFs(
    path: string,
    options: { readonly recursive: boolean },
  ): DenoFsWatcher;
  addSignalListener(signal: string, listener: () => void): void;
  removeSignalListener(signal: string, listener: () => void): void;
  readonly permissions: {
    querySync(permission: DenoPermission): DenoPermissionStatus;
    requestSync(permission: DenoPermission): DenoPermissionStatus;
  };
  listen(
    options:
      | { transport: "tcp"; hostname: string; port: number; tcpBacklog: number }
      | { transport: "unix"; path: string },
  ): DenoListener;
}

/** Deno's global, or `undefined` elsewhere. */
export const deno: DenoApi | undefined =
  (globalThis as { Deno?: DenoApi }).Deno;

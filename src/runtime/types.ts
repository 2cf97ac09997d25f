/**
 * Contracts between the server and the place it runs in. Types only: nothing
 * here names a runtime, and everything outside this folder sees only this file
 * and what mod.ts found.
 */

/** One end of a connection, or what a listener is bound to. */
export type Address =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  /**
   * `path` is `""` for the unnamed end of a client, and where an inherited socket does not tell its
   * path; that of an abstract socket begins with `@`.
   */
  | { readonly kind: "unix"; readonly path: string };

/** One connected peer. Every method is safe after close, and then does nothing. */
export interface Socket {
  /** Receives bytes and endings. Replaced on a protocol upgrade. */
  handler: SocketHandler;
  /**
   * IPv4-mapped IPv6 is shown as IPv4 (RFC 4291 §2.5.5.2). Read on first use, which is a system
   * call, and kept; after close, if it was never read, that of the listener.
   */
  readonly localAddress: Address;
  /** As `localAddress`; `undefined` if the peer disconnected before it was read. */
  readonly remoteAddress: Address | undefined;
  /** What was agreed with the peer; `undefined` on a plain connection. */
  readonly tls: TlsConnection | undefined;
  /**
   * Bytes written here that the kernel has not taken yet; `node:net` counts a buffer whole until
   * the last of it is taken. 0 after close.
   */
  readonly queuedBytes: number;
  /** Whether the buffer given to `onData` is reused; if not, the handler may keep it. */
  readonly isLending: boolean;
  /**
   * Sends `bytes` after what was written before. `true`: they have left, and are
   * the caller's again. `false`: they are held, and must not change, until
   * `onDrain`, or the socket is closed and they are dropped. After `end` or close nothing is sent
   * and nothing held: `true`.
   */
  write(bytes: Uint8Array): boolean;
  /**
   * Sends `head` and `body` behind it, as two calls of `write` would, and in one system call where
   * the runtime can. Returns what the second call would: whether both have left.
   */
  writePair(head: Uint8Array, body: Uint8Array): boolean;
  /**
   * Stops `onData`; TCP then slows the peer. Idempotent. `onEnd` and `onClose` may come while
   * paused or only after `resume`: runtimes differ in what they notice without reading.
   */
  pause(): void;
  /** Restarts `onData`, never from inside this call. Idempotent. */
  resume(): void;
  /** Sends what is queued, then FIN. Reading goes on until the peer's FIN. */
  end(): void;
  /** Drops what is queued and closes now. */
  destroy(): void;
  /**
   * As `destroy`, and the peer learns that something is missing: by a TCP reset, or by the end of
   * a TLS connection without its close alert. UNIX sockets and Deno's own ones have neither, and
   * end as `destroy` ends them.
   */
  reset(): void;
  /** Replaces the addresses by those that a trusted proxy reported. */
  overrideAddresses(remote: Address, local: Address): void;
}

/** What a TLS handshake agreed on (ASGI TLS extension). Each property is computed when it is read. */
export interface TlsConnection {
  /** `TLSv1.2` or `TLSv1.3`; `null` if the runtime does not report it. */
  readonly version: string | null;
  /** IANA name of the cipher suite, such as `TLS_AES_128_GCM_SHA256`; `null` if not reported. */
  readonly cipherSuite: string | null;
  /** Protocol chosen by ALPN; `null` if the peer offered none. */
  readonly alpn: string | null;
  /** Name the peer asked for (SNI); `null` if it sent none. */
  readonly serverName: string | null;
  /** PEM of the certificate that was shown. */
  readonly serverCertificate: string | null;
  /** PEM of the peer's certificates, its own first; empty if it sent none. */
  readonly clientCertificates: readonly string[];
  /** Why verification of the peer's certificate failed; `null` if it passed, or if none was sent. */
  readonly clientCertificateError: string | null;
}

/**
 * Callbacks of a connection. Never called from inside a `Socket` method. If one of these throws, its
 * socket is destroyed and `onClose` is given the error; others are not affected.
 */
export interface SocketHandler {
  /**
   * `bytes` are lent: valid until this returns, unless the socket says otherwise (`isLending`).
   * Copy what must live longer.
   */
  onData(bytes: Uint8Array): void;
  /** Nothing is queued any more: every buffer written is the caller's again. */
  onDrain(): void;
  /** The peer sent FIN: no more `onData`. Writing still works. At most once. */
  onEnd(): void;
  /** The last call, exactly once, however the connection ended. `error` if it broke. */
  onClose(error?: Error): void;
}

/** What every target may carry for messages. */
interface Asked {
  /** Where the operator asked for it, such as `--bind`. */
  readonly option?: string | undefined;
}

/** Where to listen. */
export type ListenTarget =
  & Asked
  & (
    /**
     * `host` is an IP address, or `""` for every interface, IPv4 and IPv6; `::` also takes IPv4.
     * Port 0 lets the kernel choose. A name becomes addresses by `resolveTarget`, which keeps it in
     * `name`.
     */
    | {
      readonly kind: "tcp";
      readonly host: string;
      readonly port: number;
      readonly name?: string | undefined;
    }
    /**
     * A stale socket file is replaced; anything else at `path` is left alone: `EADDRINUSE`, or
     * `ENOTSOCK` for what is no socket. On close the file is removed, unless it was replaced since.
     * `mode` are the permissions of the file, by default 0o666.
     */
    | {
      readonly kind: "unix";
      readonly path: string;
      readonly mode?: number | undefined;
    }
    | GivenTarget
  );

/** A socket that was bound outside of this server. */
export type GivenTarget =
  & Asked
  & (
    /**
     * A descriptor this process was started with: a TCP or UNIX socket that listens or is at least
     * bound. Closing it leaves the path of a UNIX socket in place: other processes may
     * share the socket.
     */
    | { readonly kind: "fd"; readonly fd: number }
    /** A listening `net.Server` of the program around us, closed with our listener. */
    | { readonly kind: "server"; readonly server: object }
  );

/** How to listen. */
export interface ListenOptions {
  /** Connections the kernel holds before they are accepted; at least 1. A hint: Bun fixes it at 512. */
  readonly backlog: number;
  /** Whether other processes may listen on the same TCP address and share its connections. */
  readonly reusePort?: boolean;
  /** Whether `::` leaves IPv4 alone. */
  readonly ipv6Only?: boolean;
  /** Speaks TLS with every peer; a socket is accepted when its handshake is done. */
  readonly tls?: TlsContext | undefined;
  /**
   * Called with each connection before its TLS handshake.
   *
   * @returns What to call once the handshake has ended, well or not; `undefined` refuses the
   * connection, which is then closed.
   */
  readonly beforeHandshake?: (
    pending: PendingHandshake,
  ) => (() => void) | undefined;
}

/** A connection whose TLS handshake is not done. */
export interface PendingHandshake {
  readonly remoteAddress: Address | undefined;
  /** Closes it now. */
  destroy(): void;
}

/** One certificate and its key, both PEM. */
export interface TlsIdentity {
  /** Names it is chosen for by SNI, `*.` wildcards included; ignored for the first identity. */
  readonly names: readonly string[];
  /** The certificate, then those that sign it. */
  readonly cert: string;
  readonly key: string;
  /** Of an encrypted key. */
  readonly passphrase?: string | undefined;
}

/** How to speak TLS. */
export interface TlsSettings {
  /** At least one; the first is shown to peers that ask for no name or an unknown one. */
  readonly identities: readonly TlsIdentity[];
  /** PEM of the authorities that sign client certificates; `undefined`: the runtime's own list. */
  readonly ca: string | undefined;
  /** Whether clients are asked for a certificate, and refused without a good one. */
  readonly clientCertificates: "none" | "optional" | "required";
  readonly minVersion: "TLSv1.2" | "TLSv1.3";
  readonly maxVersion: "TLSv1.2" | "TLSv1.3";
  /** In OpenSSL's syntax; `undefined`: the runtime's default. */
  readonly ciphers: string | undefined;
  /** Protocols to agree on, best first. */
  readonly alpn: readonly string[];
  /** For the whole handshake, in milliseconds. */
  readonly handshakeMs: number;
}

/** A handshake that failed, for the log. */
export interface TlsFault {
  readonly kind: "plainHttp" | "timeout" | "clientCertificate" | "other";
  /** One line, as the TLS library reports it. */
  readonly message: string;
  readonly remoteAddress: Address | undefined;
}

/** Certificates and settings of TLS listeners; may change while they listen. */
export interface TlsContext {
  /**
   * Uses `settings` for every handshake from now on; open connections are not touched.
   *
   * @throws Error if they are invalid; the previous ones stay in use.
   */
  update(settings: TlsSettings): void;
  /**
   * Speaks TLS on a connection that was accepted plain.
   *
   * @param first What has been read from it already.
   * @param accept Called when the handshake is done, with the socket to use from then on.
   * @param onSettled Called once when the handshake has ended, however, and before `accept`.
   */
  secure(
    socket: Socket,
    first: Uint8Array,
    accept: (socket: Socket) => SocketHandler,
    onSettled?: () => void,
  ): void;
}

/** A bound socket. The address is taken; connections wait until `accept` is called. */
export interface Listener {
  /** What it is bound to, with the port the kernel chose. */
  readonly address: Address;
  /**
   * Begins to accept, and cannot fail. Those who have connected since the address was bound come
   * first, in their order: up to `ListenOptions.backlog` of them wait, unread.
   *
   * @param onAccept Called once for each connection, returns its first handler, and may use the
   * socket at once. Every socket is half-open capable, has `TCP_NODELAY` set where it has that, and
   * starts out reading.
   */
  accept(onAccept: (socket: Socket) => SocketHandler): void;
  /**
   * Stops accepting and resolves when the address is free; open sockets stay open, and connections
   * that were not accepted are closed. Idempotent.
   */
  close(): Promise<void>;
  /** Whether the listener alone keeps the process alive (default: yes). */
  ref(): void;
  /** See `ref`. */
  unref(): void;
}

/** A TLS implementation. */
export interface TlsLibrary {
  /**
   * Creates the context of TLS listeners.
   *
   * @param onFault Called for each failed handshake.
   * @throws Error if `settings` are invalid.
   */
  createTls(
    settings: TlsSettings,
    onFault: (fault: TlsFault) => void,
  ): TlsContext;
}

/** One implementation of sockets. */
export interface Transport {
  /** `native`: the runtime's own sockets; `node`: those of `node:net`. */
  readonly name: "native" | "node";
  /**
   * The first requirement of `target` and `options` that it lacks, such as `TLS` or `--ipv6-only`;
   * `undefined` if it supports all.
   */
  unsupported(target: ListenTarget, options: ListenOptions): string | undefined;
  /** Whether `--loop auto` prefers it to `node:net` for `target`. */
  isPreferredFor(target: ListenTarget): boolean;
  /**
   * Binds `target` and listens on it, without accepting yet.
   *
   * @throws ListenError with the system's code (`EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES`,
   * `ENOENT`, `ENOTFOUND`, `ENAMETOOLONG`, …) or Deno's `NotCapable`, worded for an operator.
   */
  bind(target: ListenTarget, options: ListenOptions): Promise<Listener>;
}

/** Kinds of path entries that module lookup distinguishes. */
export type FileKind = "file" | "folder";

/** A file opened for reading: the body of a pathsend. */
export interface OpenFile {
  /** Bytes in the file when it was opened. */
  readonly size: number;
  /** Reads at `position` into `into`; resolves to the bytes read, 0 at the end. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** Releases the descriptor. Idempotent; no read may be under way. */
  close(): void;
}

/** Deflates the messages of one WebSocket. */
export interface MessageDeflater {
  /**
   * One message, its tail left away (RFC 7692 §7.2.1). The result is lent until the next message of
   * this WebSocket.
   */
  deflate(message: Uint8Array): Uint8Array;
  /** Releases the window. Idempotent. */
  close(): void;
}

/** Inflates the messages of one WebSocket. */
export interface MessageInflater {
  /**
   * One message whose tail was left away; at most `maxBytes` come out. The result is lent until the
   * next message of this WebSocket.
   */
  inflate(payload: Uint8Array, maxBytes: number): Uint8Array | "tooBig" | "bad";
  /** Releases the window. Idempotent. */
  close(): void;
}

/** Signals that the server acts on. */
export type SignalName = "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGBREAK";

/** A stream of the process: where log lines and help go. */
export interface TextSink {
  /** Whether it is a terminal. */
  readonly isTerminal: boolean;
  /**
   * Writes whole lines. Never throws, and blocks only briefly on a slow reader: the rest is written
   * later, or dropped if too much is queued.
   */
  write(text: string): void;
  /** Writes what is queued, for a second at most, and drops the rest: called before the process ends. */
  flush(): void;
  /** Called with the number of dropped lines, once lines are written again. */
  onDropped: ((lines: number) => void) | undefined;
}

/** How an error went uncaught: an unhandled rejection, or an uncaught exception. */
export type UncaughtKind = "rejection" | "exception";

/** Everything that differs between runtimes, or belongs to the process. */
export interface Runtime {
  /** Which one. */
  readonly name: "deno" | "bun" | "node";
  /** Its version, such as `2.9.6`. */
  readonly version: string;
  /** `linux`, `darwin`, `win32`, … */
  readonly platform: string;
  /** Process id. */
  readonly pid: number;
  /** Arguments after the script. */
  readonly args: readonly string[];
  /** Standard output. */
  readonly stdout: TextSink;
  /** Standard error. */
  readonly stderr: TextSink;
  /** The transports there are; on Node both are `node:net`. */
  readonly transports: { readonly native: Transport; readonly node: Transport };
  /**
   * Whether TLS on a connection that was accepted plain supports SNI.
   */
  readonly supportsSniOnAcceptedSockets: boolean;
  /** Limit of open files of this process; `undefined` if unknown. */
  descriptorLimit(): number | undefined;
  /** Allocates a buffer that sockets write without wrapping it first. */
  allocate(size: number): Uint8Array;
  /** Working directory, absolute. */
  cwd(): string;
  /**
   * What lies at `path`, links followed; `undefined` for any other kind.
   *
   * @throws The system's error with its `code`, such as `ENOENT`; Deno's `NotCapable`.
   */
  fileKind(path: string): FileKind | undefined;
  /** An environment variable; `undefined` if unset, or without permission to read it. */
  env(name: string): string | undefined;
  /** The names of all environment variables; empty without permission to read all. */
  envNames(): readonly string[];
  /** Loads the TLS implementation, which plain servers do without. */
  loadTls(): Promise<TlsLibrary>;
  /**
   * Opens a regular file for reading. Rejects with the I/O error, `code` kept: `EISDIR` for a
   * directory, `EINVAL` for a device or FIFO.
   */
  openFile(path: string): Promise<OpenFile>;
  /** The SHA-1 digest of `text`, in base64. */
  sha1(text: string): string;
  /** Whether a window can be kept from one WebSocket message to the next. Probed on first use. */
  readonly keepsDeflateContext: boolean;
  /** @param bits Window size as a power of two, 9 to 15. @param keeps Whether the window is kept. */
  createDeflater(bits: number, keeps: boolean): MessageDeflater;
  /** @param bits Window size as a power of two, 8 to 15. @param keeps Whether the window is kept. */
  createInflater(bits: number, keeps: boolean): MessageInflater;
  /** Calls `listener` on each `signal` until the returned function is called. */
  onSignal(signal: SignalName, listener: () => void): () => void;
  /**
   * Calls `listener` with every uncaught error until the returned function is called. Meanwhile such
   * an error does not end the process. May be called from inside an event callback.
   */
  onUncaught(
    listener: (error: unknown, kind: UncaughtKind) => void,
  ): () => void;
  /** Whether one of the standard streams is a terminal that has not been closed. */
  hasTerminal(): boolean;
  /**
   * Ends the process by `signal`, whose handlers must be removed. Where a process cannot end by a
   * signal, it exits with 128 plus the signal's number.
   */
  dieBySignal(signal: SignalName): void;
  /** Ends the process now with `code`, standard streams written out. */
  exit(code: number): never;
  /** What the process exits with if it ends by itself. */
  setExitCode(code: number): void;
  /**
   * Calls `callback` once, at the end of the current turn, which connection/README.md defines.
   * Cannot be cancelled.
   */
  afterTurn(callback: () => void): void;
  /** Milliseconds on a clock that never goes back. */
  monotonicMs(): number;
  /**
   * Calls `callback` about every `ms` until the returned function is called. Does not keep the
   * process alive.
   */
  every(ms: number, callback: () => void): () => void;
}

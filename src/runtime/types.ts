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

/** One of the five channels of a tracing channel. */
export interface TracedChannel<M extends object> {
  /** Hands `message` to all subscribers. */
  publish(message: M): void;
  /** The same, and calls `run` in the stores that are bound to the channel. */
  runStores<A extends unknown[], R>(
    message: M,
    run: (...args: A) => R,
    thisArg: unknown,
    ...args: A
  ): R;
}

/** A tracing channel of `node:diagnostics_channel`: the events of what takes time. */
export interface TracingChannel<M extends object = object> {
  /** Whether anybody listens to any of the five. */
  readonly hasSubscribers: boolean;
  readonly start: TracedChannel<M>;
  readonly end: TracedChannel<M>;
  readonly asyncStart: TracedChannel<M>;
  readonly asyncEnd: TracedChannel<M>;
  readonly error: TracedChannel<M>;
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
    | {
      readonly kind: "fd";
      readonly fd: number;
      /**
       * What it is bound to, if it is a `HeldSocket` of the parent that other processes accept from as
       * well. Nothing is taken from it before `accept`.
       */
      readonly shared?: Address | undefined;
    }
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
   * @returns What to call once the handshake has ended, with whether it is complete; `undefined`
   * refuses the connection, which is then closed.
   */
  readonly beforeHandshake?: (
    pending: PendingHandshake,
  ) => ((isComplete: boolean) => void) | undefined;
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
   * @param onSettled Called once when the handshake has ended, with whether it is complete, and
   * before `accept`.
   */
  secure(
    socket: Socket,
    first: Uint8Array,
    accept: (socket: Socket) => SocketHandler,
    onSettled?: (isComplete: boolean) => void,
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

/** An event loop that stood still, and moves again. */
export interface LoopReport {
  /** For how long. */
  readonly seconds: number;
  /** The notes on what was in progress, with their age, in one line of printable ASCII. */
  readonly work: string;
  /** Where the main thread was, lines with a line feed in front; `""` if that cannot be known. */
  readonly stack: string;
}

/** How an event loop is watched. */
export interface LoopWatchOptions {
  /** It may stand still for so long, in milliseconds. */
  readonly limitMs: number;
  /** Whether the thread writes JSON to standard error, while the loop stands still. */
  readonly isJson: boolean;
  /** Called when it moves again. */
  readonly onMoved: (report: LoopReport) => void;
}

/** A watched event loop. */
export interface LoopWatch {
  /** Notes that something is in progress: Latin-1, cut to 240 characters. Returns its number. */
  begin(text: string): number;
  /** It is over. Once for each number. */
  end(number: number): void;
  /** Watches no longer. */
  close(): void;
}

/** Kinds of path entries that module lookup distinguishes. */
export type FileKind = "file" | "folder" | "other";

/** A file opened for reading: the body of a pathsend. */
export interface OpenFile {
  /** Bytes in the file when it was opened. */
  readonly size: number;
  /** Reads at `position` into `into`; resolves to the bytes read, 0 at the end. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** Releases the descriptor. Idempotent; no read may be under way. */
  close(): void;
}

/** Which parts of trees of files matter. Paths are absolute, with `/` on every system. */
export interface TreeFilter {
  /** Whether `directory`, below `root`, is looked into. */
  mayHold(directory: string, root: string): boolean;
  /** Whether `file`, below `root`, is noted. */
  isWatched(file: string, root: string): boolean;
}

/** What was found in trees of files. */
export interface TreeScan {
  /** Path to what changes when the file does: time, size, and which file it is. */
  readonly files: ReadonlyMap<string, string>;
  /** Path of every directory that was looked into to which directory it is. */
  readonly directories: ReadonlyMap<string, string>;
  /** Real paths of those that were reached through symbolic links. */
  readonly linkedDirectories: ReadonlySet<string>;
  /** Directories that hold the targets of symbolic links to files. */
  readonly targetDirectories: ReadonlySet<string>;
}

/** What is told by a {@linkcode TreeWatch}. */
export interface TreeWatchListener {
  /** Something may have changed. Called often. */
  onWake(): void;
  /** Some changes will not be told, for this reason. May be called again. */
  onFailure(reason: string): void;
}

/** Watches trees of files. */
export interface TreeWatch {
  /** Watches what `scan` found in the trees at `roots`, and nothing else from then on. */
  update(roots: readonly string[], scan: TreeScan): void;
  /** Stops. */
  close(): void;
}

/** Looks at trees of files. */
export interface FileTrees {
  /** `path` made absolute from the working directory, with `/`. */
  resolve(path: string): string;
  /**
   * Notes the files below `roots` that matter. What cannot be read is left out.
   *
   * @param roots Absolute paths, with `/`. What is no directory is empty.
   */
  scan(roots: readonly string[], filter: TreeFilter): Promise<TreeScan>;
  /** Begins to watch; nothing until the first `update`. */
  watch(listener: TreeWatchListener): TreeWatch;
  /**
   * The directories that `names` lead to from `base`, one name after the other; links are followed.
   */
  directories(base: string, names: readonly NamePattern[]): readonly string[];
  /** The directories, with `/`, that hold the modules of this program; empty if they are not files. */
  ownFolders(): readonly string[];
}

/** What was compiled of modules, for children that load the same ones. */
export interface CompileCache {
  /** Variables of the children that are to use it. */
  readonly env: Readonly<Record<string, string>>;
  /** Removes it. */
  close(): void;
}

/** What a name of a directory entry is compared with. */
export interface NamePattern {
  /** The name, if it is literal. */
  readonly text: string;
  /** Whether only `text` matches. */
  readonly isLiteral: boolean;
  matches(name: string): boolean;
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
export type SignalName =
  | "SIGINT"
  | "SIGTERM"
  | "SIGHUP"
  | "SIGQUIT"
  | "SIGUSR1"
  | "SIGUSR2"
  | "SIGTTIN"
  | "SIGTTOU"
  | "SIGWINCH"
  | "SIGCHLD"
  | "SIGBREAK";

/** Signals that are sent to children. */
export type KillSignal = SignalName | "SIGKILL" | "SIGSTOP" | "SIGCONT";

/** How a child process ended: one of the two is `null`. */
export interface ChildExit {
  /** What it exited with. */
  readonly code: number | null;
  /** The signal that ended it, such as `SIGKILL`. */
  readonly signal: string | null;
}

/** How much of this machine the process may use. */
export interface Capacity {
  /** Processor cores that it may run on, at least 1. */
  readonly cores: number;
  /**
   * CPU time that its control groups allow, in cores, such as 1.5; `undefined` if there is no limit,
   * or it is unknown, as on Deno without all permissions.
   */
  readonly quota: number | undefined;
  /** Memory that its control groups allow, in bytes; `undefined` as above. */
  readonly memoryBytes: number | undefined;
}

/** A process that runs the command of this program, and the messages exchanged with it. */
export interface Child {
  /** Process id. */
  readonly pid: number;
  /** Resolves once it has ended. Never rejects. */
  readonly exited: Promise<ChildExit>;
  /**
   * Sends a message, JSON data without `undefined`. What is sent before the child listens is kept
   * for it. Never throws.
   *
   * @returns False if the channel is closed.
   */
  send(message: unknown): boolean;
  /** Called with each message of the child. */
  onMessage: ((message: unknown) => void) | undefined;
  /**
   * Sends a signal; nothing happens if it has ended. Never throws. Deno sends none but SIGKILL
   * unless all of `--allow-run` is given: what can be told by a message should be.
   */
  kill(signal: KillSignal): void;
}

/** How to start a child. */
export interface SpawnOptions {
  /** Arguments of the command, not of the runtime. */
  readonly args: readonly string[];
  /** Environment variables, over those of this process. */
  readonly env: Readonly<Record<string, string>>;
  /** Descriptors of this process that the child has as 4, 5, … in this order. */
  readonly descriptors: readonly number[];
}

/** A socket that listens, for children to accept from. This process accepts nothing from it. */
export interface HeldSocket {
  /** What it is bound to, with the port the kernel chose. */
  readonly address: Address;
  /**
   * To be given to children, who listen on it as `{ kind: "fd", fd, shared: address }`. Where a
   * runtime has no way to hold a socket it is `undefined`, and nothing is held: children then bind
   * `address` themselves, with `reusePort`.
   */
  readonly descriptor: number | undefined;
  /** Closes it here, and removes the path of a UNIX socket if it is still ours. Idempotent. */
  close(): Promise<void>;
}

/** The channel to the process that started this one. */
export interface ParentLink {
  /**
   * Sends a message, JSON data without `undefined`. Never throws.
   *
   * @returns False if the channel is closed.
   */
  send(message: unknown): boolean;
  /** Called with each message of the parent; those that came before it was set come first. */
  onMessage: ((message: unknown) => void) | undefined;
  /** Called once, when the parent is gone: within a second, however it ended. */
  onLost: (() => void) | undefined;
  /** Closes the channel; nothing is called any more. Idempotent. */
  close(): void;
}

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

/** A file that a log is appended to. Its methods never throw. */
export interface LogFile {
  /** False. */
  readonly isTerminal: boolean;
  /** Takes whole lines. The file is written to later; beyond a limit, lines are dropped. */
  write(text: string): void;
  /** Called with the number of dropped lines, once lines are written again. */
  onDropped: ((lines: number) => void) | undefined;
  /** Called with the reason when it takes no more, once until it does. */
  onFailure: ((reason: string) => void) | undefined;
  /**
   * Writes what is queued, for a second at most, and drops the rest.
   *
   * @returns How many lines were dropped that were not reported; they count as reported then.
   */
  flush(): number;
  /**
   * Opens its path again, after the file was renamed.
   *
   * @returns Why that failed: then the file of before stays in use.
   */
  reopen(): string | undefined;
  /** Closes it, once what is queued is written. */
  close(): void;
}

/** Calls a function with its arguments in another asynchronous context. */
export type RunInContext = <A extends unknown[], R>(
  callback: (...args: A) => R,
  ...args: A
) => R;

/** How an error went uncaught: an unhandled rejection, or an uncaught exception. */
export type UncaughtKind = "rejection" | "exception";

/** Something that has work left for the end of a turn, such as bytes to let go of. */
export interface TurnListener {
  /** The turn is over. Called once for each time that it was asked for. */
  onTurnEnd(): void;
  /** `onTurnEnd` threw, which is a bug of ours. Must not throw. */
  onFailure(thrown: unknown): void;
}

/** A server that the program has started, and that does not listen. */
export interface CaughtServer {
  /** What serves: a server of `node:http`, or an object with a method `fetch`. */
  readonly value: object;
  /** Tells the program that its server listens. */
  onListening(address: Address): void;
  /** Tells the program that its server has ended. */
  onStopped(): void;
}

/** Who receives datagrams. */
export type DatagramTarget =
  /** `host` is an address or a name. */
  | { readonly kind: "udp"; readonly host: string; readonly port: number }
  /** `path` begins with `@` for an abstract name. */
  | { readonly kind: "unix"; readonly path: string };

/** Sends datagrams to one receiver. */
export interface DatagramSender {
  /** Sends `text`, or drops it if that cannot be done now. */
  send(text: string): void;
  close(): void;
}

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
   * Whether a module can be loaded at any time. Deno 2.9 ends the process when it has to compile one
   * while no descriptor is free.
   */
  readonly mayLoadLate: boolean;
  /**
   * Whether the state of a `Request` is where no other object can have it: nothing is taken for one
   * that the runtime has not made. Node 24 keeps it in private fields.
   */
  readonly hidesRequestState: boolean;
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
   * What lies at `path`, links followed; `undefined` if there is nothing. Made for looking at many
   * places: an error for each would take longer than the rest of the search.
   *
   * @throws The system's error with its `code`, such as `EACCES`; Deno's `NotCapable`.
   */
  fileKind(path: string): FileKind | undefined;
  /** An environment variable; `undefined` if unset, or without permission to read it. */
  env(name: string): string | undefined;
  /**
   * Sets an environment variable, or unsets it; false, and nothing changes, without permission to.
   */
  setEnv(name: string, value: string | undefined): boolean;
  /** The names of all environment variables; empty without permission to read all. */
  envNames(): readonly string[];
  /** The text of a file. Throws the system's error with its `code`; Deno's `NotCapable`. */
  readText(path: string): string;
  /**
   * Opens a file to append a log to it, and makes it if there is none. What waits in it is written
   * when the process exits. Rejects with the system's error, `code` kept, or Deno's `NotCapable`.
   */
  openLogFile(path: string): Promise<LogFile>;
  /** Resolves to a function that calls others outside of all stores of `AsyncLocalStorage`. */
  outsideOfContext(): Promise<RunInContext>;
  /** Loads the TLS implementation, which plain servers do without. */
  loadTls(): Promise<TlsLibrary>;
  /**
   * Opens a regular file for reading. Rejects with the I/O error, `code` kept: `EISDIR` for a
   * directory, `EINVAL` for a device or FIFO.
   */
  openFile(path: string): Promise<OpenFile>;
  /**
   * Loads a reader of YAML, which returns the content of a document, or the line and problem of what
   * cannot be read. Rejects with a ConfigError that says how to install it.
   */
  loadYaml(): Promise<
    (text: string) => { readonly value: unknown } | {
      readonly line: number;
      readonly problem: string;
    }
  >;
  /** Loads what looks at trees of files. */
  loadTrees(): Promise<FileTrees>;
  /** Starts a thread that watches the event loop of this one. */
  watchLoop(options: LoopWatchOptions): Promise<LoopWatch>;
  /**
   * Whether the runtime was told to run code of others, or to read variables from files, before the
   * command: a child that has started already has done so, and would not do it again.
   */
  hasPreloads(): Promise<boolean>;
  /** Makes a place for what children compile, on a runtime that does not keep it by itself. */
  openCompileCache(): Promise<CompileCache>;
  /**
   * Loads a package of npm as a module in `folder` would. Resolves to `undefined` if it is not
   * installed; rejects with what the package throws.
   *
   * @param isLoaded Whether it is only taken if the program has loaded it already, which works for
   * packages of CommonJS. Default: false.
   */
  loadPackage(
    name: string,
    folder: string,
    options?: { readonly isLoaded?: boolean },
  ): Promise<Record<string, unknown> | undefined>;
  /** Loads `node:diagnostics_channel` and makes its tracing channel of this name. */
  openTracingChannel(name: string): Promise<TracingChannel>;
  /** The runtime's own client of Redis, as a class; `undefined` if it has none. */
  readonly redisClient: unknown;
  /**
   * Where a module that was imported already is imported from anew, after it has changed; those that
   * it imports itself stay as they are.
   *
   * @param path Of its file, absolute. @param href The same as an address.
   * @param query Differs from time to time.
   */
  freshModule(path: string, href: string, query: string): string;
  /**
   * Takes servers that the program starts, by `listen()` of `node:http` and `node:https` or by the
   * runtime's own `serve()`, until the returned function is called: they do not listen then.
   */
  catchServers(
    onServer: (server: CaughtServer) => void,
  ): Promise<() => void>;
  /** Whether the file at `path` may be read. Never prompts. */
  mayRead(path: string): boolean;
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
  /**
   * Tells systemd `state`, assignments such as `READY=1`, one a line, if this process was started with
   * `NOTIFY_SOCKET`; else nothing happens. Rejects with an Error, in one line, if that cannot be done.
   */
  notifySystemd(state: string): Promise<void>;
  /**
   * Opens a way to send datagrams to `target`, which does not keep the process alive. Whether somebody
   * receives them shows at most later, in `onProblem`, which may be called often. Rejects with a
   * ConfigError if this runtime has no such sockets.
   */
  openDatagrams(
    target: DatagramTarget,
    onProblem: (problem: string) => void,
  ): Promise<DatagramSender>;
  /**
   * Waits for the children of strangers that have ended, if this process is PID 1, as the command of a
   * container is: else they would remain as zombies.
   *
   * @param onUnable Called once, when there are some and this runtime has no way to wait for them.
   * @returns A function that ends it.
   */
  reapOrphans(onUnable: () => void): () => void;
  /** How much of this machine the process may use. */
  capacity(): Promise<Capacity>;
  /**
   * Starts the command of this program again, on this runtime: as a child that shares standard
   * streams and working directory, on Deno with the permissions of this process.
   *
   * Rejects with a ConfigError where that is not allowed, or the command cannot be found; with the
   * system's error if no process can be made.
   */
  spawnChild(options: SpawnOptions): Promise<Child>;
  /**
   * Binds `target` and listens, for children to accept from: those who connect meanwhile wait.
   *
   * @throws ListenError, as `Transport.bind`; ConfigError where children cannot be started.
   */
  holdSocket(target: ListenTarget, options: ListenOptions): Promise<HeldSocket>;
  /**
   * The channel to the parent, if this process was started by `spawnChild`. To be called once, before
   * the application is loaded.
   */
  parentLink(): Promise<ParentLink | undefined>;
  /**
   * Other processes write to the same standard streams from now on: a line of up to PIPE_BUF bytes
   * (4096 on Linux) is written in one piece.
   */
  shareOutput(): void;
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
   * Cannot be cancelled. What it throws is an uncaught error of the process.
   */
  afterTurn(callback: () => void): void;
  /**
   * Calls `listener` once, as {@linkcode Runtime.afterTurn}. What it throws is told to itself alone;
   * the listeners behind it are called all the same.
   */
  atTurnEnd(listener: TurnListener): void;
  /** Milliseconds on a clock that never goes back. */
  monotonicMs(): number;
  /** The same, one or two milliseconds late at most, by what is cheapest to ask at each request. */
  coarseMs(): number;
  /** All UNIX sockets that this process has bound are another's from now on: no path is removed. */
  leaveUnixPaths(): Promise<void>;
  /**
   * Takes over the path of a UNIX socket that another process has left: it is removed at the exit.
   * Resolves to a function that removes it now.
   */
  adoptUnixPath(path: string): Promise<() => void>;
  /** Memory of this process that is in RAM, in bytes. */
  memoryBytes(): number;
  /** CPU time that this process has taken, user and system, in seconds. */
  cpuSeconds(): number;
  /**
   * Calls `callback` about every `ms` until the returned function is called. Does not keep the
   * process alive.
   */
  every(ms: number, callback: () => void): () => void;
}

/** A listener of the transport under test, a handler that keeps a record, and a raw peer. */
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket as NetSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { runtime } from "../../src/runtime/mod.ts";
import { probesDone } from "../../src/runtime/node/internals/fence.ts";
import type {
  Address,
  Listener,
  ListenOptions,
  ListenTarget,
  Socket,
  SocketHandler,
  TlsContext,
  Transport,
} from "../../src/runtime/types.ts";
import { TestAuthority } from "../_support/certificates.ts";
import { RUNTIME } from "../_support/this_runtime.ts";

/** Time for something to happen, in milliseconds: far more than a busy machine needs. */
export const PATIENCE_MS = 60_000;

/** Each transport of this runtime once: two on Deno and Bun, one on Node. */
export const TRANSPORTS: readonly Transport[] = [
  ...new Set([runtime.transports.native, runtime.transports.node]),
];

/**
 * How tests name a transport. The mark tells the test runner that Node has no native one, so that
 * it does not miss these tests there.
 */
export function label(name: Transport["name"]): string {
  return name === "native" ? "[deno] [bun] native" : name;
}

export type Kind = "tcp" | "unix";

/** How the connections of a test are carried. */
export interface Carriage {
  readonly transport: Transport;
  readonly kind: Kind;
  /** Who speaks TLS: nobody, the listener, or who took the connection over once it was accepted. */
  readonly tls: "none" | "listener" | "taken";
}

/** How each transport can be made to carry bytes; the native ones have no TLS of their own. */
export const CARRIAGES: readonly Carriage[] = TRANSPORTS.flatMap((transport) =>
  (["none", "listener", "taken"] as const)
    .filter((tls) => tls !== "listener" || transport.name === "node")
    .flatMap((tls) =>
      (["tcp", "unix"] as const).map((kind) => ({ transport, kind, tls }))
    )
);

const SPEAKING: Readonly<Record<Carriage["tls"], string>> = {
  none: "",
  listener: ", with TLS",
  taken: ", with TLS once it was accepted",
};

/** How tests name `carriage`. */
export function nameOf({ transport, kind, tls }: Carriage): string {
  return `${label(transport.name)} socket over ${kind}${SPEAKING[tls]}`;
}

/** Resolves when `holds`, which may take a while on a busy machine; gives up after a minute. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!holds()) {
    if (performance.now() > deadline) {
      throw new Error(`Waited in vain until ${what}`);
    }
    await sleep(1); // most of what is waited for takes less than that
  }
}

/** Long enough for what must not happen to have happened, were it going to. */
export function aWhile(): Promise<void> {
  return sleep(60);
}

/** Keeps what a socket tells. Override a method for more. */
export class Recorder implements SocketHandler {
  readonly socket: Socket;
  readonly chunks: Uint8Array[] = [];
  bytes = 0;
  drains = 0;
  ends = 0;
  closes = 0;
  error: Error | undefined;
  /** Callbacks in the order they came, without repeats. */
  readonly order: string[] = [];
  /** Names of methods being called now: a callback must find none. */
  inside = "";
  reentered = "";

  constructor(socket: Socket) {
    this.socket = socket;
  }

  onData(bytes: Uint8Array): void {
    this.#note("data");
    // Not slice(): of a Buffer that is a view.
    this.chunks.push(new Uint8Array(bytes));
    this.bytes += bytes.length;
  }

  onDrain(): void {
    this.#note("drain");
    this.drains++;
  }

  onEnd(): void {
    this.#note("end");
    this.ends++;
  }

  onClose(error?: Error): void {
    this.#note("close");
    this.closes++;
    this.error = error;
  }

  get text(): string {
    return this.chunks.map((chunk) => new TextDecoder().decode(chunk)).join("");
  }

  #note(event: string): void {
    if (this.inside !== "") this.reentered += `${event} in ${this.inside} `;
    if (this.order.at(-1) !== event) this.order.push(event);
  }
}

/** Binds `target` and accepts at once. */
export async function listen(
  transport: Transport,
  target: ListenTarget,
  options: ListenOptions,
  onAccept: (socket: Socket) => SocketHandler,
): Promise<Listener> {
  const listener = await transport.bind(target, options);
  listener.accept(onAccept);
  return listener;
}

export interface Wire<R extends SocketHandler> {
  readonly listener: Listener;
  /** Handlers of the connections so far, in the order of their acceptance. */
  readonly handlers: R[];
  /** Connects a peer and waits until it is accepted. */
  connect(options?: { paused?: boolean }): Promise<{ peer: Peer; handler: R }>;
  /** Connects a peer. */
  dial(): Promise<Peer>;
}

/** Listens, runs `body`, and leaves nothing open. */
export async function withWire<R extends SocketHandler>(
  carriage: Carriage,
  makeHandler: (socket: Socket) => R,
  body: (wire: Wire<R>) => Promise<void>,
): Promise<void> {
  const { transport, kind } = carriage;
  await withTarget(kind, async (target) => {
    const handlers: R[] = [];
    const sockets: Socket[] = [];
    const peers: Peer[] = [];
    const accept = (socket: Socket): R => {
      const handler = makeHandler(socket);
      sockets.push(socket);
      handlers.push(handler);
      return handler;
    };
    const tls = carriage.tls === "none" ? undefined : await tlsOfTests();
    const listener = await listen(
      transport,
      target,
      carriage.tls === "listener"
        ? { backlog: 1024, tls: tls!.context }
        : { backlog: 1024 },
      carriage.tls === "taken" ? taking(tls!.context, accept) : accept,
    );
    // Sockets are accepted as they will be from then on.
    await probesDone();
    const dial = async (isPaused = false): Promise<Peer> => {
      const peer = await Peer.connect(listener.address, isPaused, tls?.ca);
      peers.push(peer);
      return peer;
    };
    const connectPeer = async (options: { paused?: boolean } = {}) => {
      const index = handlers.length;
      const peer = await dial(options.paused);
      await until(() => handlers.length > index, "the connection is accepted");
      return { peer, handler: handlers[index] };
    };
    try {
      await body({ listener, handlers, connect: connectPeer, dial });
    } finally {
      for (const peer of peers) peer.raw.destroy();
      for (const socket of sockets) socket.destroy();
      await listener.close();
    }
  });
}

let tlsMade: Promise<{ context: TlsContext; ca: string }> | undefined;

/** What the TLS of these tests shows, and the authority that its peers believe. */
function tlsOfTests(): Promise<{ context: TlsContext; ca: string }> {
  return tlsMade ??= (async () => {
    const authority = new TestAuthority();
    const { createTls } = await runtime.loadTls();
    const context = createTls({
      identities: [{ names: [], ...authority.server() }],
      ca: undefined,
      clientCertificates: "none",
      minVersion: "TLSv1.2",
      maxVersion: "TLSv1.3",
      ciphers: undefined,
      alpn: [],
      handshakeMs: 20_000,
    }, () => {});
    return { context, ca: authority.cert };
  })();
}

/** Accepts plain, and speaks TLS from the first bytes on, as after the header of a proxy. */
function taking(
  context: TlsContext,
  accept: (socket: Socket) => SocketHandler,
): (socket: Socket) => SocketHandler {
  return (socket) => ({
    onData: (bytes) => context.secure(socket, bytes.slice(), accept),
    onDrain() {},
    onEnd() {},
    onClose() {},
  });
}

/** A target of `kind` to listen on; the path of a UNIX socket is in a directory of its own. */
export async function withTarget(
  kind: Kind,
  body: (target: ListenTarget) => Promise<void>,
): Promise<void> {
  if (kind === "tcp") return await body({ kind, host: "127.0.0.1", port: 0 });
  await withDirectory((directory) =>
    body({ kind, path: join(directory, "s.sock") })
  );
}

/** A directory that is gone afterwards. */
export async function withDirectory(
  body: (path: string) => Promise<void>,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "tricorn-"));
  try {
    await body(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The other end, over node:net or node:tls. */
export class Peer {
  readonly raw: NetSocket;
  /** `raw`, or what its TLS is spoken over. */
  readonly #below: NetSocket;
  readonly chunks: Uint8Array[] = [];
  bytes = 0;
  hasEnded = false;
  isClosed = false;
  error: (Error & { code?: string }) | undefined;

  private constructor(raw: NetSocket, below: NetSocket, isPaused: boolean) {
    this.raw = raw;
    this.#below = below;
    raw.on("end", () => this.hasEnded = true);
    raw.on("error", (error) => this.error = error);
    raw.on("close", () => this.isClosed = true);
    if (!isPaused) this.read();
  }

  /** @param ca PEM of the authority that signs the server, if TLS is to be spoken. */
  static async connect(
    address: Address,
    isPaused: boolean,
    ca?: string,
  ): Promise<Peer> {
    const below = address.kind === "unix"
      ? connect({ path: address.path, allowHalfOpen: true })
      : connect({
        host: address.host === "::" ? "127.0.0.1" : address.host,
        port: address.port,
        allowHalfOpen: true,
      });
    if (ca === undefined) {
      const peer = new Peer(below, below, isPaused);
      await once(below, "connect");
      return peer;
    }
    await once(below, "connect");
    below.on("error", () => {});
    const raw = connectTls({ socket: below, servername: "localhost", ca });
    const peer = new Peer(raw, below, isPaused);
    await once(raw, "secureConnect");
    if (isPaused) peer.#handle?.readStop();
    return peer;
  }

  /** Deno 2.9: a TLSSocket that nobody reads from reads on, unless what is below it is stopped. */
  get #handle(): { readStart(): void; readStop(): void } | undefined {
    if (RUNTIME !== "deno") return undefined;
    const { ssl } = this.raw as unknown as { ssl?: { _parent?: never } };
    return ssl?._parent;
  }

  /** Is gone without a word: on TCP with a reset, which a UNIX socket has not. */
  vanish(): void {
    if (this.raw.remotePort === undefined) this.raw.destroy();
    else this.#below.resetAndDestroy();
  }

  /** Starts reading. */
  read(): void {
    this.#handle?.readStart();
    this.raw.on("data", (bytes: Uint8Array) => {
      this.chunks.push(bytes);
      this.bytes += bytes.length;
    });
  }

  write(data: string | Uint8Array): void {
    this.raw.write(data);
  }

  /** Sends FIN. */
  end(): void {
    this.raw.end();
  }

  get text(): string {
    return this.chunks.map((chunk) => new TextDecoder().decode(chunk)).join("");
  }

  /** Everything received, in one piece. */
  get received(): Uint8Array {
    const all = new Uint8Array(this.bytes);
    let at = 0;
    for (const chunk of this.chunks) {
      all.set(chunk, at);
      at += chunk.length;
    }
    return all;
  }
}

/** Bytes that differ from one place to the next, so that loss, repeats and swaps all show. */
export function pattern(size: number, seed = 0): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) {
    bytes[i] = (i * 31 + (i >> 8) * 7 + (i >> 16) + seed) & 0xff;
  }
  return bytes;
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

export const text = (value: string): Uint8Array =>
  new TextEncoder().encode(value);

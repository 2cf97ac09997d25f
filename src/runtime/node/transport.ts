/** The `node:net` transport: the only one on Node, and the complete one on Deno and Bun. */
import { createServer, type Server, type Socket as NetSocket } from "node:net";
import { clearInterval, setImmediate, setInterval } from "node:timers";
import { tcpAddress, UNNAMED } from "../listen/addresses.ts";
import { deno } from "../_deno_types.ts";
import type { Binder, GivenSocket, OnAccept } from "../listen/bound_socket.ts";
import {
  cannotListen,
  demandSocket,
  unixPathOf,
} from "../listen/inherited_fd.ts";
import { type AcceptContext, bindTarget, contextOf } from "../listen/listen.ts";
import { refusal } from "../listen/listen_errors.ts";
import { keepAccepting } from "./internals/accept_again.ts";
import { probesDone } from "./internals/fence.ts";
import { sharedReads } from "./internals/shared_reads.ts";
import { receivedDescriptor } from "../process/child_variable.ts";
import { NodeSocket } from "./socket.ts";
import { SocketDuplex } from "./socket_duplex.ts";
import { attachHandler, TCP_KEEP_ALIVE_MS } from "../socket_events.ts";
import type { NodeTls } from "./tls.ts";
import type {
  Address,
  GivenTarget,
  Listener,
  ListenOptions,
  ListenTarget,
} from "../types.ts";

/** Makes a connection of `node:net` one of ours, and gives it to `onAccept`. */
type Serve = (raw: NetSocket, onAccept: OnAccept) => void;

/** Binds with sockets of `node:net`. */
export function bind(
  target: ListenTarget,
  options: ListenOptions,
): Promise<Listener> {
  const { backlog, reusePort = false, ipv6Only = false } = options;
  const context = contextOf(target);
  const tls = options.tls as NodeTls | undefined;
  const serve: Serve = (raw, onAccept) => {
    // Also set when the server is created, which Deno 2.9 disregards.
    if (!context.isUnix) {
      raw.setNoDelay(true);
      raw.setKeepAlive(true, TCP_KEEP_ALIVE_MS);
    }
    if (tls === undefined) {
      attachHandler(new NodeSocket(raw, context), onAccept);
    } else {
      startTlsHandshake(raw, context, tls, options.beforeHandshake, onAccept);
    }
  };
  const binder: Binder = {
    tcp: (host, port) =>
      listenAt({ host, port, backlog, reusePort, ipv6Only }, serve),
    unix: (path) => listenAt({ path, backlog }, serve),
    given: (given) =>
      given.kind === "fd"
        ? inherit(given, backlog, serve)
        : join(given, backlog, serve),
  };
  return bindTarget(target, binder, options, context);
}

const NO_BYTES = new Uint8Array(0);

/** Starts the TLS handshake of a connection; `onAccept` is called when it is done. */
function startTlsHandshake(
  raw: NetSocket,
  context: AcceptContext,
  tls: NodeTls,
  beforeHandshake: ListenOptions["beforeHandshake"],
  onAccept: OnAccept,
): void {
  const remoteAddress = context.isUnix
    ? UNNAMED
    : tcpAddress(raw.remoteAddress, raw.remotePort);
  let onSettled = (_isComplete: boolean): void => {};
  if (beforeHandshake !== undefined) {
    const destroy = () => void raw.destroy();
    const settled = beforeHandshake({ remoteAddress, destroy });
    if (settled === undefined) return destroy();
    onSettled = settled;
  }
  // On Deno 2.9, a paused TLSSocket over a net.Socket goes on reading, without a limit on memory, and
  // it does not report a reset during the handshake. Over a stream of ours both work. No upstream
  // issue is known; https://github.com/denoland/deno/pull/33524, before 2.9, did not cure it.
  const beneath = deno === undefined
    ? undefined
    : new SocketDuplex(new NodeSocket(raw, context), NO_BYTES);
  tls.handshake(beneath ?? raw, remoteAddress, {
    onSettled,
    onSecure(secured, connection) {
      const socket = new NodeSocket(secured, context, connection, beneath);
      // The peer may have reset since, and its address be unavailable.
      if (remoteAddress !== undefined) {
        socket.overrideAddresses(remoteAddress, socket.localAddress);
      }
      attachHandler(socket, onAccept);
    },
  });
}

/** Arguments of `listen()` of node:net. */
type Where =
  & { readonly backlog: number }
  & (
    | { host: string; port: number; reusePort: boolean; ipv6Only: boolean }
    | { path: string }
    | { fd: number }
  );

function listenAt(where: Where, serve: Serve): Promise<BoundServer> {
  return new Promise((resolve, reject) => {
    // With allowHalfOpen false, the answer to a peer that has sent FIN would be lost.
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    const bound = new BoundServer(server, where.backlog, serve);
    server.on("error", reject);
    server.listen(where, () => {
      // From here on errors are those of accept, such as EMFILE: one connection is lost, the listener
      // goes on. Deno 2.9 needs accept_again.ts for that; Bun 1.4 spins until a descriptor is free
      // (https://github.com/oven-sh/bun/pull/32705).
      server.off("error", reject);
      bound.listening();
      resolve(bound);
    });
  });
}

async function inherit(
  target: GivenTarget & { kind: "fd" },
  backlog: number,
  serve: Serve,
): Promise<GivenSocket> {
  const { shared } = target;
  if (shared !== undefined) {
    const fd = receivedDescriptor(target.fd);
    demandSocket({ ...target, fd });
    return new SharedServer({ fd, backlog }, shared, serve);
  }
  demandSocket(target);
  const { fd } = target;
  try {
    const bound = await listenAt({ fd, backlog }, serve);
    const { address } = bound;
    if (address.kind === "unix" && address.path === "") {
      bound.address = { kind: "unix", path: unixPathOf(fd) };
    }
    return bound;
  } catch (cause) {
    throw cannotListen(target, cause);
  }
}

/** Takes over the connections of a server that the program has made. */
async function join(
  target: GivenTarget & { kind: "server" },
  backlog: number,
  serve: Serve,
): Promise<GivenSocket> {
  const server = target.server as AcceptingServer;
  if (!server.listening) {
    throw refusal(target, "EINVAL", "it does not listen");
  }
  // An http.Server or tls.Server would answer as well.
  if (server.listenerCount("connection") > 0) {
    const reason = "it has connection listeners of its own, expected a plain " +
      "net.Server";
    throw refusal(target, "EINVAL", reason);
  }
  // The default loses the answer to a peer that has sent FIN.
  server.allowHalfOpen = true;
  const bound = new BoundServer(server, backlog, serve);
  bound.listening();
  return bound;
}

/** Options of `createServer` that a server reads at each accept. */
type AcceptingServer = Server & {
  allowHalfOpen: boolean;
  pauseOnConnect: boolean;
};

/**
 * `node:net` accepts as soon as it listens. Until `accept` is called, connections are held here,
 * paused: what their peers send stays in the kernel.
 */
class BoundServer implements GivenSocket {
  address: Address = UNNAMED;
  readonly #server: AcceptingServer;
  readonly #maxHeld: number;
  readonly #serve: Serve;
  #held: NetSocket[] = [];
  #stopAccepting: () => void = () => {};

  /** Takes over the connections of `server`, which may already listen. */
  constructor(server: Server, maxHeld: number, serve: Serve) {
    this.#server = server as AcceptingServer;
    this.#maxHeld = maxHeld;
    this.#serve = serve;
    this.#server.pauseOnConnect = true;
    server.on("connection", this.#hold);
  }

  get port(): number {
    return this.address.kind === "tcp" ? this.address.port : 0;
  }

  /** Called when the server listens. */
  listening(): void {
    const server = this.#server;
    this.address = addressOf(server);
    server.on("error", () => {});
    sharedReads[this.address.kind].prepare();
    if (deno !== undefined && this.address.kind === "tcp") {
      this.#stopAccepting = keepAccepting(server, this.#maxHeld);
    }
  }

  accept(onAccept: OnAccept): void {
    const server = this.#server;
    const serve = this.#serve;
    server.off("connection", this.#hold);
    server.pauseOnConnect = false;
    server.on("connection", (raw) => serve(raw, onAccept));
    for (const raw of this.#takeHeld()) {
      if (raw.destroyed) continue;
      // First, so that `onAccept` may pause it: reading begins now, and bytes come with a later tick.
      raw.resume();
      raw.read(0);
      serve(raw, onAccept);
    }
  }

  close(): Promise<void> {
    // At once: Deno's test runner looks for timers that outlive a test.
    this.#stopAccepting();
    // The descriptor is closed at once. The callback of close() would wait for the last connection.
    this.#server.close();
    for (const raw of this.#takeHeld()) raw.destroy();
    return turnOver();
  }

  ref(): void {
    this.#server.ref();
  }

  unref(): void {
    this.#server.unref();
  }

  readonly #hold = (raw: NetSocket): void => {
    raw.on("error", () => {});
    if (this.#held.length < this.#maxHeld) this.#held.push(raw);
    else raw.destroy();
  };

  #takeHeld(): readonly NetSocket[] {
    const held = this.#held;
    this.#held = [];
    return held;
  }
}

/**
 * A socket that other processes accept from as well. It does not listen before `accept` is called,
 * because `node:net` would take connections from those who can serve them.
 */
class SharedServer implements GivenSocket {
  readonly address: Address;
  readonly port: number;
  readonly #where: { readonly fd: number; readonly backlog: number };
  readonly #serve: Serve;
  readonly #server: Server;
  #isReferenced = true;

  constructor(
    where: { readonly fd: number; readonly backlog: number },
    address: Address,
    serve: Serve,
  ) {
    this.#where = where;
    this.address = address;
    this.port = address.kind === "tcp" ? address.port : 0;
    this.#serve = serve;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true });
    sharedReads[address.kind].prepare();
  }

  accept(onAccept: OnAccept): void {
    const server = this.#server;
    const serve = this.#serve;
    // The parent listens on it, so this can only fail by a bug of ours: it is left uncaught.
    const fail = (error: Error): never => {
      throw error;
    };
    server.on("error", fail);
    server.on("connection", (raw) => serve(raw, onAccept));
    server.listen(this.#where, () => {
      server.off("error", fail);
      server.on("error", () => {});
      if (deno !== undefined && this.address.kind === "tcp") {
        keepAccepting(server, this.#where.backlog);
      }
    });
    if (!this.#isReferenced) server.unref();
  }

  close(): Promise<void> {
    this.#server.close();
    return turnOver();
  }

  ref(): void {
    this.#isReferenced = true;
    this.#server.ref();
  }

  unref(): void {
    this.#isReferenced = false;
    this.#server.unref();
  }
}

/** A turn later; on Deno, whose test runner looks for what outlives a test, also after all probes. */
async function turnOver(): Promise<void> {
  if (deno !== undefined) {
    // What probes hold does not keep the process alive, but whoever waits here wants the end.
    const alive = setInterval(() => {}, 1_000);
    await probesDone();
    clearInterval(alive);
  }
  await new Promise((resolve) => setImmediate(resolve));
}

function addressOf(server: Server): Address {
  const found = server.address();
  if (typeof found === "string") return { kind: "unix", path: found };
  // Of an inherited UNIX socket, null on Node and Deno and {} on Bun.
  const { address: host, port } = found ?? {};
  return host === undefined || port === undefined
    ? UNNAMED
    : { kind: "tcp", host, port };
}

/** The `node:net` transport: the only one on Node, and the complete one on Deno and Bun. */
import { createServer, type Server, type Socket as NetSocket } from "node:net";
import { setImmediate } from "node:timers";
import { tcpAddress, UNNAMED } from "../listen/addresses.ts";
import { deno } from "../_deno_types.ts";
import type { Binder, GivenSocket } from "../listen/bound_socket.ts";
import {
  cannotListen,
  demandSocket,
  unixPathOf,
} from "../listen/inherited_fd.ts";
import { type AcceptContext, contextOf, listenOn } from "../listen/listen.ts";
import { refusal } from "../listen/listen_errors.ts";
import { keepAccepting } from "./internals/accept_again.ts";
import { sharedReads } from "./internals/shared_reads.ts";
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
  Socket,
  SocketHandler,
} from "../types.ts";

/** Listens with sockets of `node:net`. */
export function listen(
  target: ListenTarget,
  options: ListenOptions,
  accept: (socket: Socket) => SocketHandler,
): Promise<Listener> {
  const { backlog, reusePort = false, ipv6Only = false } = options;
  const context = contextOf(target);
  const tls = options.tls as NodeTls | undefined;
  const onConnection = (raw: NetSocket): void => {
    // Asked of the server below, and again here, because Deno's node:net disregards it there.
    if (!context.isUnix) {
      raw.setNoDelay(true);
      raw.setKeepAlive(true, TCP_KEEP_ALIVE_MS);
    }
    if (tls === undefined) attachHandler(new NodeSocket(raw, context), accept);
    else startTlsHandshake(raw, context, tls, options.beforeHandshake, accept);
  };
  const binder: Binder = {
    tcp: (host, port) =>
      bind(onConnection, { host, port, backlog, reusePort, ipv6Only }),
    unix: (path) => bind(onConnection, { path, backlog }),
    given: (given) =>
      given.kind === "fd"
        ? inherit(given, onConnection, backlog)
        : join(given, onConnection),
  };
  return listenOn(target, binder, options, context);
}

const NO_BYTES = new Uint8Array(0);

/** Speaks TLS on a connection first. */
function startTlsHandshake(
  raw: NetSocket,
  context: AcceptContext,
  tls: NodeTls,
  beforeHandshake: ListenOptions["beforeHandshake"],
  accept: (socket: Socket) => SocketHandler,
): void {
  const remoteAddress = context.isUnix
    ? UNNAMED
    : tcpAddress(raw.remoteAddress, raw.remotePort);
  let onSettled = (): void => {};
  if (beforeHandshake !== undefined) {
    const destroy = () => void raw.destroy();
    const settled = beforeHandshake({ remoteAddress, destroy });
    if (settled === undefined) return destroy();
    onSettled = settled;
  }
  // On Deno 2.9, a TLSSocket over a net.Socket that is paused goes on reading, and keeps everything
  // in memory. Over a stream of ours it does not. Nor does it tell of a peer that is reset in its
  // handshake; the stream does.
  const beneath = deno === undefined
    ? undefined
    : new SocketDuplex(new NodeSocket(raw, context), NO_BYTES);
  tls.handshake(beneath ?? raw, remoteAddress, {
    onSettled,
    onSecure(secured, connection) {
      const socket = new NodeSocket(secured, context, connection, beneath);
      // It may have been reset since, and be asked in vain.
      if (remoteAddress !== undefined) {
        socket.overrideAddresses(remoteAddress, socket.localAddress);
      }
      attachHandler(socket, accept);
    },
  });
}

/** That of node:net where nothing else is said. */
const USUAL_BACKLOG = 511;

/** What `listen()` of node:net takes. */
type Where =
  & { readonly backlog: number }
  & (
    | { host: string; port: number; reusePort: boolean; ipv6Only: boolean }
    | { path: string }
    | { fd: number }
  );

function bind(
  onConnection: (raw: NetSocket) => void,
  where: Where,
): Promise<BoundServer> {
  return new Promise((resolve, reject) => {
    // With allowHalfOpen false, the answer to a peer that has sent FIN would be lost.
    const server = createServer(
      { allowHalfOpen: true, noDelay: true },
      onConnection,
    );
    server.on("error", reject);
    server.listen(where, () => {
      // From here on errors are those of accept, such as EMFILE: the connection is lost, the
      // listener is not. Out of descriptors, Node goes on by itself and Bun 1.4 too, though
      // spinning; Deno 2.9 has to be told.
      server.off("error", reject);
      server.on("error", () => {});
      resolve(new BoundServer(server, where.backlog));
    });
  });
}

async function inherit(
  target: GivenTarget & { kind: "fd" },
  onConnection: (raw: NetSocket) => void,
  backlog: number,
): Promise<GivenSocket> {
  demandSocket(target);
  const { fd } = target;
  try {
    const bound = await bind(onConnection, { fd, backlog });
    const { address } = bound;
    if (address.kind === "unix" && address.path === "") {
      bound.address = { kind: "unix", path: unixPathOf(fd) };
    }
    return bound;
  } catch (cause) {
    throw cannotListen(target, cause);
  }
}

/** Takes the connections of a server that the program around us has made. */
async function join(
  target: GivenTarget & { kind: "server" },
  onConnection: (raw: NetSocket) => void,
): Promise<GivenSocket> {
  const server = target.server as Server;
  if (!server.listening) {
    throw refusal(target, "EINVAL", "it does not listen");
  }
  // An http.Server or tls.Server would answer beside us.
  if (server.listenerCount("connection") > 0) {
    const reason = "it has connection listeners of its own, expected a plain " +
      "net.Server";
    throw refusal(target, "EINVAL", reason);
  }
  // Its own default loses the answer to a peer that has sent FIN. Read at every accept.
  (server as Server & { allowHalfOpen: boolean }).allowHalfOpen = true;
  server.on("connection", (raw) => {
    onConnection(raw);
    // Undoes the server's option pauseOnConnect.
    raw.resume();
  });
  server.on("error", () => {});
  return new BoundServer(server, USUAL_BACKLOG);
}

class BoundServer implements GivenSocket {
  address: Address;
  readonly port: number;
  readonly #server: Server;

  constructor(server: Server, backlog: number) {
    this.address = addressOf(server);
    this.port = this.address.kind === "tcp" ? this.address.port : 0;
    this.#server = server;
    sharedReads[this.address.kind].prepare();
    if (deno !== undefined && this.address.kind === "tcp") {
      keepAccepting(server, backlog);
    }
  }

  close(): Promise<void> {
    // Not its callback: that waits for the last connection. The descriptor is closed at once.
    this.#server.close();
    return new Promise((resolve) => setImmediate(resolve));
  }

  ref(): void {
    this.#server.ref();
  }

  unref(): void {
    this.#server.unref();
  }
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

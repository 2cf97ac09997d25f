/** The `node:net` transport: the only one on Node, and the complete one on Deno and Bun. */
import { createServer, type Server, type Socket as NetSocket } from "node:net";
import { setImmediate } from "node:timers";
import type { Binder, BoundSocket } from "./bound_socket.ts";
import { contextOf, listenOn } from "./listen.ts";
import { NodeSocket } from "./node_socket.ts";
import { introduce } from "./socket_events.ts";
import type {
  Listener,
  ListenOptions,
  ListenTarget,
  Socket,
  SocketHandler,
  Transport,
} from "./types.ts";

/** Sockets of `node:net`. */
export const nodeTransport: Transport = {
  name: "node",
  lacks: () => undefined,
  listen,
};

function listen(
  target: ListenTarget,
  options: ListenOptions,
  accept: (socket: Socket) => SocketHandler,
): Promise<Listener> {
  const { backlog } = options;
  const context = contextOf(target);
  const onConnection = (raw: NetSocket): void => {
    // Asked of the server below, and again here, because Deno's node:net disregards it there.
    if (!context.isUnix) raw.setNoDelay(true);
    introduce(new NodeSocket(raw, context), accept);
  };
  const binder: Binder = {
    tcp: (host, port) => bind(onConnection, { host, port, backlog }),
    unix: (path) => bind(onConnection, { path, backlog }),
  };
  return listenOn(target, binder, context);
}

function bind(
  onConnection: (raw: NetSocket) => void,
  where: { host: string; port: number; backlog: number } | {
    path: string;
    backlog: number;
  },
): Promise<BoundSocket> {
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
      // spinning; Deno 2.9 tells of nothing and never accepts again. Only a limit on connections
      // below the limit on descriptors helps there.
      server.off("error", reject);
      server.on("error", () => {});
      resolve(new BoundServer(server));
    });
  });
}

class BoundServer implements BoundSocket {
  readonly port: number;
  readonly #server: Server;

  constructor(server: Server) {
    const address = server.address();
    this.port = typeof address === "object" && address !== null
      ? address.port
      : 0;
    this.#server = server;
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

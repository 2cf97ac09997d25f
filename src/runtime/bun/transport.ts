/** The native Bun transport, over Bun.listen. */
import type {
  BunApi,
  BunConn,
  BunHandlers,
  BunListener,
} from "../_bun_types.ts";
import { BunSocket } from "./socket.ts";
import type { Binder, BoundSocket } from "../listen/bound_socket.ts";
import { nativeLacks } from "../listen/capabilities.ts";
import { type AcceptContext, contextOf, listenOn } from "../listen/listen.ts";
import { attachHandler, TCP_KEEP_ALIVE_MS } from "../socket_events.ts";
import type {
  Listener,
  ListenOptions,
  ListenTarget,
  Socket,
  SocketHandler,
  Transport,
} from "../types.ts";

/** Sockets of `Bun.listen`. The backlog is Bun's own, 512. */
export function bunTransport(api: BunApi): Transport {
  return {
    name: "native",
    unsupported: nativeLacks,
    isPreferredFor: () => true,
    listen,
  };

  function listen(
    target: ListenTarget,
    options: ListenOptions,
    accept: (socket: Socket) => SocketHandler,
  ): Promise<Listener> {
    const context = contextOf(target);
    // With allowHalfOpen false, the answer to a peer that has sent FIN would be lost.
    const common = { socket: handlers(context, accept), allowHalfOpen: true };
    const { reusePort = false, ipv6Only = false } = options;
    const binder: Binder = {
      tcp: async (hostname, port) =>
        bound(
          api.listen({ ...common, hostname, port, reusePort, ipv6Only }),
        ),
      unix: async (unix) => bound(api.listen({ ...common, unix })),
    };
    return listenOn(target, binder, options, context);
  }
}

function handlers(
  context: AcceptContext,
  accept: (socket: Socket) => SocketHandler,
): BunHandlers<BunSocket> {
  return {
    open(conn: BunConn<BunSocket>) {
      const socket = new BunSocket(conn, context);
      conn.data = socket;
      if (!context.isUnix) conn.setKeepAlive(true, TCP_KEEP_ALIVE_MS);
      attachHandler(socket, accept);
    },
    data(conn, bytes) {
      conn.data.received(bytes);
    },
    drain(conn) {
      conn.data.writable();
    },
    end(conn) {
      conn.data.ended();
    },
    close(conn, error) {
      conn.data.closed(error);
    },
    error(conn, error) {
      conn.data.closed(error);
    },
  };
}

function bound(listener: BunListener): BoundSocket {
  return {
    port: listener.port ?? 0,
    close: async () => listener.stop(false),
    ref: () => listener.ref(),
    unref: () => listener.unref(),
  };
}

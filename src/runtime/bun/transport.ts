/** The native Bun transport, over Bun.listen. */
import type { BunApi, BunHandlers, BunListener } from "../_bun_types.ts";
import { BunSocket } from "./socket.ts";
import type { Binder, BoundSocket, OnAccept } from "../listen/bound_socket.ts";
import { bunLacks } from "../listen/capabilities.ts";
import { type AcceptContext, bindTarget, contextOf } from "../listen/listen.ts";
import { attachHandler, TCP_KEEP_ALIVE_MS } from "../socket_events.ts";
import type {
  GivenTarget,
  Listener,
  ListenOptions,
  ListenTarget,
  Transport,
} from "../types.ts";

/** Sockets of `Bun.listen`. The backlog is Bun's own, 512. */
export function bunTransport(api: BunApi): Transport {
  return {
    name: "native",
    unsupported: bunLacks,
    isPreferredFor: () => true,
    bind,
  };

  function bind(
    target: ListenTarget,
    options: ListenOptions,
  ): Promise<Listener> {
    const context = contextOf(target);
    const { backlog, reusePort = false, ipv6Only = false } = options;
    // With allowHalfOpen false, the answer to a peer that has sent FIN would be lost.
    const allowHalfOpen = true;
    const binder: Binder = {
      tcp: async (hostname, port) =>
        new BunBoundSocket(context, backlog, (socket) => {
          const where = { hostname, port, reusePort, ipv6Only };
          return api.listen({ socket, allowHalfOpen, ...where });
        }),
      unix: async (unix) =>
        new BunBoundSocket(
          context,
          backlog,
          (socket) => api.listen({ socket, allowHalfOpen, unix }),
        ),
      async given(given) {
        const { fd, shared } = given as GivenTarget & { kind: "fd" };
        const bound = new BunBoundSocket(
          context,
          backlog,
          (socket) => api.listen({ socket, allowHalfOpen, fd }),
          "onAccept",
        );
        return Object.assign(bound, { address: shared! });
      },
    };
    return bindTarget(target, binder, options, context);
  }
}

/**
 * Bun accepts as soon as it listens. Until `accept` is called, connections are held here, paused:
 * what their peers send stays in the kernel. On a socket that others accept from as well it listens
 * only then: whoever waits is theirs until now.
 */
class BunBoundSocket implements BoundSocket {
  readonly port: number;
  readonly #context: AcceptContext;
  readonly #listen: () => BunListener;
  /** `undefined` until it listens. */
  #listener: BunListener | undefined;
  #isReferenced = true;
  readonly #maxHeld: number;
  #held: BunSocket[] = [];
  #onAccept: OnAccept | undefined;

  constructor(
    context: AcceptContext,
    maxHeld: number,
    listen: (handlers: BunHandlers<BunSocket>) => BunListener,
    when: "now" | "onAccept" = "now",
  ) {
    this.#context = context;
    this.#maxHeld = maxHeld;
    this.#listen = () => listen(this.#handlers());
    if (when === "now") this.#listener = this.#listen();
    this.port = this.#listener?.port ?? 0;
  }

  accept(onAccept: OnAccept): void {
    this.#onAccept = onAccept;
    if (this.#listener === undefined) {
      this.#listener = this.#listen();
      if (!this.#isReferenced) this.#listener.unref();
    }
    for (const socket of this.#takeHeld()) {
      if (socket.isClosed) continue;
      // First, so that `onAccept` may pause it. Bytes come from the event loop, later.
      socket.resume();
      attachHandler(socket, onAccept);
    }
  }

  async close(): Promise<void> {
    this.#listener?.stop(false);
    for (const socket of this.#takeHeld()) socket.destroy();
  }

  ref(): void {
    this.#isReferenced = true;
    this.#listener?.ref();
  }

  unref(): void {
    this.#isReferenced = false;
    this.#listener?.unref();
  }

  #takeHeld(): readonly BunSocket[] {
    const held = this.#held;
    this.#held = [];
    return held;
  }

  #hold(socket: BunSocket): void {
    if (this.#held.length >= this.#maxHeld) return socket.destroy();
    socket.pause();
    this.#held.push(socket);
  }

  #handlers(): BunHandlers<BunSocket> {
    const context = this.#context;
    return {
      open: (conn) => {
        const socket = new BunSocket(conn, context);
        conn.data = socket;
        if (!context.isUnix) conn.setKeepAlive(true, TCP_KEEP_ALIVE_MS);
        if (this.#onAccept === undefined) this.#hold(socket);
        else attachHandler(socket, this.#onAccept);
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
}

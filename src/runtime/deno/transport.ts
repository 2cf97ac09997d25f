/** The native Deno transport, over Deno.listen. */
import { setTimeout } from "node:timers";
import type { DenoApi, DenoConn, DenoListener } from "../_deno_types.ts";
import { DenoSocket } from "./socket.ts";
import type { Binder, BoundSocket, OnAccept } from "../listen/bound_socket.ts";
import { type AcceptContext, bindTarget, contextOf } from "../listen/listen.ts";
import { attachHandler } from "../socket_events.ts";
import type { Listener, ListenOptions, ListenTarget } from "../types.ts";

/**
 * Codes with which accept of Deno 2.9 fails when a peer disconnects before its address is read. No
 * upstream issue is known. Only that connection is lost, so the loop goes on at once.
 */
const PEER_IS_GONE: ReadonlySet<unknown> = new Set([
  "ENOTCONN",
  "ECONNRESET",
  "ECONNABORTED",
]);

/**
 * Pause after any other failed accept, in milliseconds. Out of descriptors (EMFILE) the connection
 * stays in the backlog and the next accept fails at once: without a pause the loop would spin.
 */
const ACCEPT_REST_MS = 50;

/** See `Transport.bind`. */
export function bind(
  api: DenoApi,
  target: ListenTarget,
  options: ListenOptions,
): Promise<Listener> {
  const context = contextOf(target);
  const tcpBacklog = options.backlog;
  const binder: Binder = {
    tcp: async (hostname, port) =>
      new DenoBoundSocket(
        api.listen({ transport: "tcp", hostname, port, tcpBacklog }),
        context,
      ),
    unix: async (path) =>
      new DenoBoundSocket(api.listen({ transport: "unix", path }), context),
  };
  return bindTarget(target, binder, options, context);
}

/** Until `accept` is called, connections wait in the kernel's backlog. */
class DenoBoundSocket implements BoundSocket {
  readonly port: number;
  readonly #listener: DenoListener;
  readonly #context: AcceptContext;
  /** The accept loop; `undefined` until it runs. */
  #loop: Promise<void> | undefined;
  #isClosed = false;
  #isReferenced = true;

  constructor(listener: DenoListener, context: AcceptContext) {
    this.port = listener.addr.port ?? 0;
    this.#listener = listener;
    this.#context = context;
  }

  accept(onAccept: OnAccept): void {
    this.#loop = this.#run(onAccept);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#listener.close();
    // The descriptor lives until the pending accept has been interrupted.
    await this.#loop;
  }

  ref(): void {
    this.#isReferenced = true;
    this.#listener.ref();
  }

  unref(): void {
    this.#isReferenced = false;
    this.#listener.unref();
  }

  async #run(onAccept: OnAccept): Promise<void> {
    while (!this.#isClosed) {
      try {
        this.#take(await this.#listener.accept(), onAccept);
      } catch (error) {
        // No error ends the loop. A pause for each peer that resets at once would let a few such
        // peers keep all others out.
        if (PEER_IS_GONE.has((error as { code?: unknown }).code)) continue;
        if (!this.#isClosed) await this.#rest();
      }
    }
  }

  #take(conn: DenoConn, onAccept: OnAccept): void {
    try {
      conn.setNoDelay?.(true);
      conn.setKeepAlive?.(true);
    } catch {
      // Disconnected already; the first read fails.
    }
    const socket = new DenoSocket(conn, this.#context);
    attachHandler(socket, onAccept);
    socket.start();
  }

  #rest(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ACCEPT_REST_MS);
      if (!this.#isReferenced) timer.unref();
    });
  }
}

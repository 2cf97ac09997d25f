/** The native Deno transport, over Deno.listen. */
import { setTimeout } from "node:timers";
import type { DenoApi, DenoConn, DenoListener } from "../_deno_types.ts";
import { DenoSocket } from "./socket.ts";
import type { Binder, BoundSocket, OnAccept } from "../listen/bound_socket.ts";
import { denoLacks, hasZone } from "../listen/capabilities.ts";
import { type AcceptContext, bindTarget, contextOf } from "../listen/listen.ts";
import { attachHandler } from "../socket_events.ts";
import type {
  Listener,
  ListenOptions,
  ListenTarget,
  Transport,
} from "../types.ts";

/**
 * How Deno 2.9 tells, as an error of accept, that a peer was gone before it could be asked for its
 * address. That connection is dealt with, and the next one may be good.
 */
const PEER_IS_GONE: ReadonlySet<unknown> = new Set([
  "ENOTCONN",
  "ECONNRESET",
  "ECONNABORTED",
]);

/**
 * Rest after any other failed accept. Out of descriptors (EMFILE) the connection stays in the backlog and
 * the next try fails at once, so without a rest the loop would take all the processor.
 */
const ACCEPT_REST_MS = 50;

/**
 * Sockets of `Deno.listen`. Each holds a pending read, its buffer and its promises, for as long as
 * it idles: twice the memory of one of `node:net`, which is better at large messages and at
 * thousands of connections, too, and no worse at anything but the start. On a UNIX socket, where
 * there is a handful of connections at most, `node:net` does not get over a failed accept.
 */
export function denoTransport(api: DenoApi): Transport {
  const isPreferredFor = (target: ListenTarget) =>
    target.kind === "unix" || hasZone(target);
  return { name: "native", unsupported: denoLacks, isPreferredFor, bind };

  function bind(
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
        new DenoBoundSocket(
          api.listen({ transport: "unix", path }),
          context,
        ),
    };
    return bindTarget(target, binder, options, context);
  }
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
        // Closed, or an error of one connection or of descriptors: none ends the loop. A rest for
        // each peer that is reset at once would be all it takes to keep everybody out.
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
      // The peer is gone already; the first read tells.
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

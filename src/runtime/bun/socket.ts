/** A native Bun connection as our Socket. Bun does not queue unsent bytes, so they are queued here. */
import type { BunConn } from "../_bun_types.ts";
import { tcpAddress, UNNAMED } from "../listen/addresses.ts";
import type { AcceptContext } from "../listen/listen.ts";
import { asError, NOBODY, tellClosed } from "../socket_events.ts";
import type { Address, Socket, SocketHandler } from "../types.ts";
import { WriteQueue } from "../write_queue.ts";

/**
 * Largest pair to join for one write, in a buffer that all sockets share. Bun has no gathering write,
 * and up to this size a copy costs less than a second system call and packet.
 */
const JOIN_LIMIT = 128 * 1024;
let joined: Uint8Array | undefined;

/** One connection; transport.ts calls the methods named after Bun's events. */
export class BunSocket implements Socket {
  handler: SocketHandler = NOBODY;
  readonly #conn: BunConn<BunSocket>;
  readonly #context: AcceptContext;
  #localAddress: Address | undefined;
  #remoteAddress: Address | undefined;
  /** `ended`: no more writes, FIN follows the queue. `closed`: only `onClose` is still to be called. */
  #state: "open" | "ended" | "closed" = "open";
  #hasPeerEnded = false;
  /** Bytes that the kernel has not taken; nearly always `undefined`. */
  #queue: WriteQueue | undefined;

  constructor(conn: BunConn<BunSocket>, context: AcceptContext) {
    this.#conn = conn;
    this.#context = context;
    this.#localAddress = context.localAddress;
    if (context.isUnix) this.#remoteAddress = UNNAMED;
  }

  get localAddress(): Address {
    return this.#localAddress ??=
      tcpAddress(this.#conn.localAddress, this.#conn.localPort) ??
        this.#context.listenerAddress;
  }

  get remoteAddress(): Address | undefined {
    return this.#remoteAddress ??= tcpAddress(
      this.#conn.remoteAddress,
      this.#conn.remotePort,
    );
  }

  /** These sockets are plain. */
  get tls(): undefined {
    return undefined;
  }

  /** Whether it is closed. `onClose` may still be about to be called. */
  get isClosed(): boolean {
    return this.#state === "closed";
  }

  /** Bun makes a buffer for each read. */
  get isLending(): boolean {
    return false;
  }

  get queuedBytes(): number {
    return this.#queue === undefined ? 0 : this.#queue.bytes;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#state !== "open") return true;
    if (this.#queue !== undefined) {
      this.#queue.push(bytes);
      return false;
    }
    const sent = this.#conn.write(bytes);
    // Usually the kernel takes everything.
    if (sent === bytes.length) return true;
    // -1: closed under us, and the close event is on its way.
    if (sent < 0) return true;
    this.#queue = new WriteQueue();
    this.#queue.push(sent === 0 ? bytes : bytes.subarray(sent));
    return false;
  }

  writePair(head: Uint8Array, body: Uint8Array): boolean {
    const size = head.length + body.length;
    if (
      this.#state !== "open" || this.#queue !== undefined || size > JOIN_LIMIT
    ) {
      this.write(head);
      return this.write(body);
    }
    joined ??= new Uint8Array(JOIN_LIMIT);
    joined.set(head);
    joined.set(body, head.length);
    const sent = this.#conn.write(joined.subarray(0, size));
    if (sent === size || sent < 0) return true;
    this.#queue = new WriteQueue();
    if (sent < head.length) {
      this.#queue.push(head.subarray(sent));
      this.#queue.push(body);
    } else {
      this.#queue.push(body.subarray(sent - head.length));
    }
    return false;
  }

  pause(): void {
    if (this.#state !== "closed") this.#conn.pause();
  }

  resume(): void {
    if (this.#state !== "closed") this.#conn.resume();
  }

  end(): void {
    if (this.#state !== "open") return;
    this.#state = "ended";
    if (this.#queue === undefined) this.#sendFin();
  }

  overrideAddresses(remote: Address, local: Address): void {
    this.#remoteAddress = remote;
    this.#localAddress = local;
  }

  destroy(): void {
    this.#close(undefined);
  }

  reset(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#queue = undefined;
    this.#conn.terminate();
    queueMicrotask(() => tellClosed(this.handler, undefined));
  }

  /** Bytes arrived. */
  received(bytes: Uint8Array): void {
    if (this.#state === "closed") return;
    try {
      this.handler.onData(bytes);
    } catch (thrown) {
      this.#close(asError(thrown));
    }
  }

  /** The kernel has room again. Bun also calls it when nothing is queued. */
  writable(): void {
    const queue = this.#queue;
    if (queue === undefined || this.#state === "closed") return;
    for (let bytes = queue.take(); bytes !== undefined; bytes = queue.take()) {
      const sent = Math.max(this.#conn.write(bytes), 0);
      if (sent === bytes.length) continue;
      queue.putBack(bytes.subarray(sent));
      return;
    }
    this.#queue = undefined;
    if (this.#state === "ended") this.#sendFin();
    try {
      this.handler.onDrain();
    } catch (thrown) {
      this.#close(asError(thrown));
    }
  }

  /** The peer sent FIN. */
  ended(): void {
    if (this.#state === "closed" || this.#hasPeerEnded) return;
    this.#hasPeerEnded = true;
    try {
      this.handler.onEnd();
    } catch (thrown) {
      this.#close(asError(thrown));
    }
    if (this.#state === "ended" && this.#queue === undefined) {
      this.#close(undefined);
    }
  }

  /** The connection was closed, and not by us. */
  closed(error: Error | undefined): void {
    if (this.#state === "closed") return;
    // After our FIN, Bun 1.4 reports the peer's FIN by the close event alone. No upstream issue is known.
    if (error === undefined && this.#state === "ended") this.ended();
    this.#close(error);
  }

  #sendFin(): void {
    // After both FINs Bun leaves the connection open; closing it sends ours.
    if (this.#hasPeerEnded) this.#close(undefined);
    else this.#conn.shutdown();
  }

  #close(error: Error | undefined): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#queue = undefined;
    // Calls the close event before it returns, hence the state first and the handler last.
    this.#conn.close();
    queueMicrotask(() => tellClosed(this.handler, error));
  }
}

/**
 * A native Deno connection as our Socket. Deno gives promises: a loop of reads turns them into
 * onData, and every write is in flight until its promise says how much the kernel took.
 */
import type { DenoConn } from "../_deno_types.ts";
import { tcpAddress, UNNAMED } from "../listen/addresses.ts";
import type { AcceptContext } from "../listen/listen.ts";
import { asError, NOBODY, tellClosed } from "../socket_events.ts";
import { afterTurn } from "../process/turns.ts";
import type { Address, Socket, SocketHandler } from "../types.ts";
import { WriteQueue } from "../write_queue.ts";

/** Size of the first read buffer. A pending read keeps it while a connection idles, so it is small. */
const SMALL_READ = 4096;
/** Size of the buffer for connections that fill the small one; pooled, and returned when they do not. */
const LARGE_READ = 65_536;
/** Idle large buffers kept for the next upload. */
const MAX_POOLED = 16;
const pool: Uint8Array[] = [];

/** One connection. Reading starts with `start`. */
export class DenoSocket implements Socket {
  handler: SocketHandler = NOBODY;
  readonly isLending = true;
  readonly #conn: DenoConn;
  readonly #context: AcceptContext;
  #localAddress: Address | undefined;
  #remoteAddress: Address | undefined;
  /** `ended`: no more writes, FIN follows the queue. `closed`: only `onClose` is still to be called. */
  #state: "open" | "ended" | "closed" = "open";
  #error: Error | undefined;

  /**
   * `lent`: the handler is reading the buffer. `ending`: the peer's FIN was read; `onEnd` is called
   * when the turn ends. `stopped`: after that, or after an error.
   */
  #reading: "idle" | "pending" | "lent" | "ending" | "stopped" = "idle";
  #isPaused = false;
  #small: Uint8Array = new Uint8Array(SMALL_READ);
  #buffer: Uint8Array = this.#small;
  /** Bytes of `#buffer` that arrived after `pause`, kept for `resume`. */
  #keptBytes = 0;

  /** The buffer of the pending write; `undefined` when none is pending. */
  #inFlight: Uint8Array | undefined;
  readonly #queue = new WriteQueue();
  #hasSentFin = false;

  constructor(conn: DenoConn, context: AcceptContext) {
    this.#conn = conn;
    this.#context = context;
    this.#localAddress = context.localAddress;
    if (context.isUnix) this.#remoteAddress = UNNAMED;
  }

  get localAddress(): Address {
    const { hostname, port } = this.#conn.localAddr;
    return this.#localAddress ??= tcpAddress(hostname, port) ??
      this.#context.listenerAddress;
  }

  get remoteAddress(): Address | undefined {
    const { hostname, port } = this.#conn.remoteAddr;
    return this.#remoteAddress ??= tcpAddress(hostname, port);
  }

  /** These sockets are plain. */
  get tls(): undefined {
    return undefined;
  }

  get queuedBytes(): number {
    if (this.#state === "closed") return 0;
    return this.#queue.bytes + (this.#inFlight?.length ?? 0);
  }

  /** Starts reading. Called once, after the handler is set. */
  start(): void {
    if (
      this.#state !== "closed" && !this.#isPaused && this.#reading === "idle"
    ) this.#read();
  }

  write(bytes: Uint8Array): boolean {
    if (this.#state !== "open" || bytes.length === 0) return true;
    if (this.#inFlight === undefined) this.#send(bytes);
    else this.#queue.push(bytes);
    return false;
  }

  writePair(head: Uint8Array, body: Uint8Array): boolean {
    if (this.#inFlight !== undefined || this.#state !== "open") {
      this.write(head);
      return this.write(body);
    }
    if (head.length + body.length === 0) return true;
    this.#queue.push(head);
    this.#queue.push(body);
    this.#send(this.#queue.take()!);
    return false;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (this.#state === "closed" || this.#reading !== "idle") return;
    if (this.#keptBytes > 0) queueMicrotask(() => this.#deliverKept());
    else this.#read();
  }

  end(): void {
    if (this.#state !== "open") return;
    this.#state = "ended";
    if (this.#inFlight === undefined) this.#sendFin();
  }

  overrideAddresses(remote: Address, local: Address): void {
    this.#remoteAddress = remote;
    this.#localAddress = local;
  }

  destroy(): void {
    this.#close(undefined);
  }

  /** Deno 2.9 has no API to send a reset: neither SO_LINGER nor an abort. */
  reset(): void {
    this.destroy();
  }

  #read(): void {
    this.#reading = "pending";
    this.#conn.read(this.#buffer).then(this.#onRead, this.#onReadFailed);
  }

  readonly #onRead = (count: number | null): void => {
    this.#reading = "idle";
    if (this.#state === "closed") return this.#releaseBuffer();
    if (count === null) return this.#peerEnded();
    if (this.#isPaused) {
      this.#keptBytes = count;
      return;
    }
    this.#deliver(count);
  };

  readonly #onReadFailed = (error: unknown): void => {
    this.#reading = "stopped";
    this.#releaseBuffer();
    this.#close(asError(error));
  };

  #deliverKept(): void {
    const count = this.#keptBytes;
    if (count === 0 || this.#isPaused || this.#state === "closed") return;
    this.#keptBytes = 0;
    this.#deliver(count);
  }

  /** Calls `onData` and reads on, unless the handler paused or closed. */
  #deliver(count: number): void {
    const buffer = this.#buffer;
    this.#reading = "lent";
    try {
      this.handler.onData(
        count === buffer.length ? buffer : buffer.subarray(0, count),
      );
    } catch (thrown) {
      this.#close(asError(thrown));
    }
    this.#reading = "idle";
    if (this.#state === "closed") this.#releaseBuffer();
    else if (count === buffer.length) this.#takeLargeBuffer();
    else if (count <= SMALL_READ) this.#releaseBuffer();
    this.start();
  }

  #takeLargeBuffer(): void {
    if (this.#buffer === this.#small) {
      this.#buffer = pool.pop() ?? new Uint8Array(LARGE_READ);
    }
  }

  /** Not while a read is pending, which writes into the buffer, nor while it is lent. */
  #releaseBuffer(): void {
    if (this.#buffer === this.#small) return;
    if (pool.length < MAX_POOLED) pool.push(this.#buffer);
    this.#buffer = this.#small;
  }

  /** `onEnd` waits for the end of the turn, so that the answer to the bytes before the FIN leaves first. */
  #peerEnded(): void {
    this.#reading = "ending";
    this.#releaseBuffer();
    if (this.#state === "open") afterTurn(() => this.#tellEnded());
    else this.#tellEnded();
  }

  #tellEnded(): void {
    this.#reading = "stopped";
    if (this.#state === "closed") return;
    try {
      this.handler.onEnd();
    } catch (thrown) {
      this.#close(asError(thrown));
    }
    if (this.#hasSentFin) this.#close(undefined);
  }

  #send(bytes: Uint8Array): void {
    this.#inFlight = bytes;
    this.#conn.write(bytes).then(this.#onWritten, this.#onWriteFailed);
  }

  readonly #onWritten = (count: number): void => {
    const bytes = this.#inFlight as Uint8Array;
    this.#inFlight = undefined;
    if (this.#state === "closed") return this.#tellClosed();
    if (count < bytes.length) return this.#send(bytes.subarray(count));
    const next = this.#queue.take();
    if (next !== undefined) return this.#send(next);
    if (this.#state === "ended") this.#sendFin();
    try {
      this.handler.onDrain();
    } catch (thrown) {
      this.#close(asError(thrown));
    }
  };

  readonly #onWriteFailed = (error: unknown): void => {
    this.#inFlight = undefined;
    if (this.#state === "closed") this.#tellClosed();
    else this.#close(asError(error));
  };

  #sendFin(): void {
    this.#conn.closeWrite().then(this.#onFinSent, this.#onFinFailed);
  }

  readonly #onFinSent = (): void => {
    this.#hasSentFin = true;
    if (this.#reading === "stopped") this.#close(undefined);
  };

  readonly #onFinFailed = (error: unknown): void => this.#close(asError(error));

  #close(error: Error | undefined): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#error = error;
    this.#queue.clear();
    if (this.#reading === "idle") this.#releaseBuffer();
    this.#conn.close();
    // A pending write may still read its buffer, which `onClose` gives back to the caller. Closing
    // interrupts the write, so it settles soon.
    if (this.#inFlight === undefined) queueMicrotask(this.#tellClosed);
  }

  readonly #tellClosed = (): void => {
    tellClosed(this.handler, this.#error);
  };
}

/** A `node:net` socket as our Socket; on Node, and on Deno and Bun for what they lack natively. */
import type { Socket as NetSocket } from "node:net";
import { setImmediate } from "node:timers";
import { tcpAddress, UNNAMED } from "../listen/addresses.ts";
import type { AcceptContext } from "../listen/listen.ts";
import { asError, NOBODY, tellClosed } from "../socket_events.ts";
import { afterTurn } from "../process/turns.ts";
import { sharedReads } from "./internals/shared_reads.ts";
import type { SocketDuplex } from "./socket_duplex.ts";
import type {
  Address,
  Socket,
  SocketHandler,
  TlsConnection,
} from "../types.ts";
import { WriteQueue } from "../write_queue.ts";

const OWNER = Symbol("owner");
const EMPTY = new Uint8Array(0);
/**
 * Largest piece for one write of the stream, which counts a buffer as queued until its last byte has
 * left: a buffer of many megabytes would look like a peer that does not read.
 */
const PIECE_BYTES = 512 * 1024;

/** Listeners are shared by all sockets and find theirs by this symbol: no closures per connection. */
type OwnedNetSocket = NetSocket & { [OWNER]: NodeSocket };

/** One connection. Its listeners are attached, so it is reading, once constructed. */
export class NodeSocket implements Socket {
  handler: SocketHandler = NOBODY;
  readonly tls: TlsConnection | undefined;
  readonly isLending: boolean;
  readonly #raw: NetSocket;
  readonly #context: AcceptContext;
  readonly #beneath: SocketDuplex | undefined;
  #localAddress: Address | undefined;
  #remoteAddress: Address | undefined;
  /** `ended`: no more writes, FIN follows the queue. `closed`: only `onClose` is still to be called. */
  #state: "open" | "ended" | "closed" = "open";
  /**
   * On TLS, the callback of every write. The empty write that marks the end elsewhere fails there on
   * Deno 2.9 (EPERM); no upstream issue is known.
   */
  readonly #onWritten: ((error?: Error | null) => void) | undefined;
  /** Bytes behind a write that has not left completely; nearly always `undefined`. */
  #rest: WriteQueue | undefined;
  /** `write` has returned false since the last `onDrain`; if not, nothing is queued. */
  #owesDrain = false;
  /** An empty write is queued behind the others, and its callback is pending. */
  #hasMarker = false;
  /** The peer's FIN was read, and `onEnd` is still to be called. */
  #owesEnd = false;
  #error: Error | undefined;

  /**
   * @param tls What was agreed on, if `raw` is a TLSSocket.
   * @param beneath The stream below TLS, if that is no net.Socket. Bun 1.4 passes everything on to it
   * at once, so unsent bytes are queued there.
   */
  constructor(
    raw: NetSocket,
    context: AcceptContext,
    tls?: TlsConnection,
    beneath?: SocketDuplex,
  ) {
    this.#beneath = beneath;
    this.#raw = raw;
    this.tls = tls;
    this.#context = context;
    this.#localAddress = context.localAddress;
    if (context.isUnix) this.#remoteAddress = UNNAMED;
    const judge = (error?: Error | null) => {
      // After an error `onClose` follows.
      if (!error && this.#waitingBytes() === 0) this.#drained();
    };
    if (tls !== undefined) {
      // Bun 1.4 passes bytes to the stream below after it reports them as written. No upstream issue is
      // known.
      this.#onWritten = beneath === undefined
        ? judge
        : (error) => void setImmediate(judge, error);
    }
    // An ending stream emits "finish" instead.
    if (this.#onWritten !== undefined) {
      beneath?.on("sent", this.#onWritten).on("finish", this.#onWritten);
    }
    (raw as OwnedNetSocket)[OWNER] = this;
    // A TLSSocket's handle reads bytes that are still encrypted, so those reads are not shared.
    const kind = context.isUnix ? "unix" : "tcp";
    this.isLending = tls === undefined &&
      sharedReads[kind].take(raw, NodeSocket.#onData);
    if (!this.isLending) raw.on("data", NodeSocket.#onData);
    raw.on("drain", NodeSocket.#onDrain);
    raw.on("end", NodeSocket.#onEnd);
    raw.on("error", NodeSocket.#onError);
    raw.on("close", NodeSocket.#onClose);
  }

  get localAddress(): Address {
    return this.#localAddress ??=
      tcpAddress(this.#raw.localAddress, this.#raw.localPort) ??
        this.#context.listenerAddress;
  }

  get remoteAddress(): Address | undefined {
    return this.#remoteAddress ??= tcpAddress(
      this.#raw.remoteAddress,
      this.#raw.remotePort,
    );
  }

  get queuedBytes(): number {
    if (!this.#owesDrain || this.#state === "closed") return 0;
    return this.#waitingBytes() + (this.#rest?.bytes ?? 0);
  }

  #waitingBytes(): number {
    const { writableLength } = this.#raw;
    return this.#beneath === undefined
      ? writableLength
      : Math.max(writableLength, this.#beneath.writableLength);
  }

  write(bytes: Uint8Array): boolean {
    if (this.#state !== "open") return true;
    if (this.#rest !== undefined) this.#rest.push(bytes);
    else if (bytes.length > PIECE_BYTES) return this.#writeLarge(bytes);
    else return this.#writePiece(bytes);
    return false;
  }

  writePair(head: Uint8Array, body: Uint8Array): boolean {
    this.write(head);
    return this.write(body);
  }

  #writeLarge(bytes: Uint8Array): boolean {
    for (let at = 0; at < bytes.length;) {
      const end = Math.min(at + PIECE_BYTES, bytes.length);
      const isGone = this.#writePiece(bytes.subarray(at, end));
      at = end;
      if (isGone) continue;
      if (at < bytes.length) {
        this.#rest = new WriteQueue();
        this.#rest.push(bytes.subarray(at));
      }
      return false;
    }
    return true;
  }

  /** @returns Whether it has left. */
  #writePiece(bytes: Uint8Array): boolean {
    const raw = this.#raw;
    // An error on a TLSSocket of Deno 2.9 (EPERM).
    if (bytes.length === 0 && this.tls !== undefined) return true;
    const isBelowMark = this.#onWritten === undefined
      ? raw.write(bytes)
      : raw.write(bytes, this.#onWritten);
    // Usually libuv writes at once and the kernel takes everything.
    if (raw.writableLength === 0 && this.#beneath === undefined) return true;
    this.#owesDrain = true;
    // Below the high water mark there is no "drain" event. The callback of an empty write queued
    // behind says when the rest has left; a callback on every write would cost a tick each.
    if (isBelowMark) this.#mark();
    return false;
  }

  pause(): void {
    if (this.#state === "closed") return;
    this.#raw.pause();
  }

  resume(): void {
    if (this.#state === "closed") return;
    this.#raw.resume();
  }

  end(): void {
    if (this.#state !== "open") return;
    this.#state = "ended";
    if (this.#rest === undefined) this.#sendFin();
  }

  #sendFin(): void {
    // An ending stream emits no "drain".
    if (this.#owesDrain) this.#mark();
    this.#raw.end();
  }

  overrideAddresses(remote: Address, local: Address): void {
    this.#remoteAddress = remote;
    this.#localAddress = local;
  }

  destroy(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#rest = undefined;
    this.#raw.destroy();
  }

  reset(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#rest = undefined;
    // The TCP socket below TLS is not accessible. A close without the close alert says as much.
    if (this.tls !== undefined || this.#context.isUnix) this.#raw.destroy();
    else this.#raw.resetAndDestroy();
  }

  #mark(): void {
    if (this.#hasMarker || this.#onWritten !== undefined) return;
    this.#hasMarker = true;
    this.#raw.write(EMPTY, () => {
      this.#hasMarker = false;
      if (this.#raw.writableLength === 0) this.#drained();
      else if (this.#state === "open" || this.#rest !== undefined) this.#mark();
    });
  }

  #drained(): void {
    if (!this.#owesDrain || this.#state === "closed") return;
    this.#owesDrain = false;
    if (this.#rest !== undefined && !this.#writeRest(this.#rest)) return;
    try {
      this.handler.onDrain();
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  /** @returns Whether all of it has left. */
  #writeRest(rest: WriteQueue): boolean {
    for (let bytes = rest.take(); bytes !== undefined; bytes = rest.take()) {
      const piece = bytes.length > PIECE_BYTES
        ? bytes.subarray(0, PIECE_BYTES)
        : bytes;
      if (piece !== bytes) rest.putBack(bytes.subarray(PIECE_BYTES));
      if (!this.#writePiece(piece) && !rest.isEmpty) return false;
    }
    this.#rest = undefined;
    const hasLeft = !this.#owesDrain;
    if (this.#state === "ended") this.#sendFin();
    return hasLeft;
  }

  #fail(thrown: unknown): void {
    this.#error ??= asError(thrown);
    this.destroy();
  }

  static #onData(this: NetSocket, bytes: Uint8Array): void {
    const socket = (this as OwnedNetSocket)[OWNER];
    if (socket.#state === "closed") return;
    try {
      socket.handler.onData(bytes);
    } catch (thrown) {
      socket.#fail(thrown);
    }
  }

  static #onDrain(this: NetSocket): void {
    const socket = (this as OwnedNetSocket)[OWNER];
    if (this.writableLength === 0 && socket.#beneath === undefined) {
      socket.#drained();
    }
  }

  static #onEnd(this: NetSocket): void {
    const socket = (this as OwnedNetSocket)[OWNER];
    socket.#owesEnd = true;
    if (socket.#state === "open") afterTurn(() => socket.#peerEnded());
    else socket.#peerEnded();
  }

  /**
   * In a turn of its own, as a FIN mostly arrives. Deno 2.9 reads it together with the bytes before
   * it, whose answer leaves at the end of their turn.
   */
  #peerEnded(): void {
    if (!this.#owesEnd || this.#state === "closed") return;
    this.#owesEnd = false;
    try {
      this.handler.onEnd();
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  static #onError(this: NetSocket, error: Error): void {
    (this as OwnedNetSocket)[OWNER].#error ??= error;
  }

  static #onClose(this: NetSocket): void {
    const socket = (this as OwnedNetSocket)[OWNER];
    socket.#peerEnded();
    socket.#state = "closed";
    tellClosed(socket.handler, socket.#error);
  }
}

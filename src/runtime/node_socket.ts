/** A `node:net` socket as our Socket; on Node, and on Deno and Bun for what they lack natively. */
import type { Socket as NetSocket } from "node:net";
import { tcpAddress, UNNAMED } from "./addresses.ts";
import type { AcceptContext } from "./listen.ts";
import { asError, NOBODY, tellClosed } from "./socket_events.ts";
import { readShared } from "./shared_reads.ts";
import type { Address, Socket, SocketHandler } from "./types.ts";

const OWNER = Symbol("owner");
const EMPTY = new Uint8Array(0);

/** The listeners are shared by all sockets and find theirs by this: no closures per connection. */
type OwnedNetSocket = NetSocket & { [OWNER]: NodeSocket };

/** One connection. Its listeners are attached, so it is reading, once constructed. */
export class NodeSocket implements Socket {
  handler: SocketHandler = NOBODY;
  readonly #raw: NetSocket;
  readonly #context: AcceptContext;
  #localAddress: Address | undefined;
  #remoteAddress: Address | undefined;
  /** `ended`: FIN is on its way. `closed`: only onClose is left to tell. */
  #state: "open" | "ended" | "closed" = "open";
  /** `write` has returned false since the last onDrain. */
  #owesDrain = false;
  /** An empty write is queued behind the others, and its callback will come. */
  #hasMarker = false;
  #error: Error | undefined;

  constructor(raw: NetSocket, context: AcceptContext) {
    this.#raw = raw;
    this.#context = context;
    this.#localAddress = context.localAddress;
    if (context.isUnix) this.#remoteAddress = UNNAMED;
    (raw as OwnedNetSocket)[OWNER] = this;
    if (!readShared(raw, NodeSocket.#onData)) {
      raw.on("data", NodeSocket.#onData);
    }
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

  /** These sockets are plain. */
  get tls(): undefined {
    return undefined;
  }

  get queuedBytes(): number {
    return this.#state === "closed" ? 0 : this.#raw.writableLength;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#state !== "open") return true;
    const raw = this.#raw;
    const isBelowMark = raw.write(bytes);
    // The usual end: libuv tried at once and the kernel took it all.
    if (raw.writableLength === 0) return true;
    this.#owesDrain = true;
    // Below the high water mark there will be no "drain" event. An empty write, queued behind,
    // tells when the rest has left; a callback on every write would cost each a tick.
    if (isBelowMark) this.#mark();
    return false;
  }

  pause(): void {
    if (this.#state !== "closed") this.#raw.pause();
  }

  resume(): void {
    if (this.#state !== "closed") this.#raw.resume();
  }

  end(): void {
    if (this.#state !== "open") return;
    // An ending stream emits no "drain".
    if (this.#owesDrain) this.#mark();
    this.#state = "ended";
    this.#raw.end();
  }

  readdress(remote: Address, local: Address): void {
    this.#remoteAddress = remote;
    this.#localAddress = local;
  }

  destroy(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#raw.destroy();
  }

  #mark(): void {
    if (this.#hasMarker) return;
    this.#hasMarker = true;
    this.#raw.write(EMPTY, () => {
      this.#hasMarker = false;
      if (this.#raw.writableLength === 0) this.#drained();
      else if (this.#state === "open") this.#mark();
    });
  }

  #drained(): void {
    if (!this.#owesDrain || this.#state === "closed") return;
    this.#owesDrain = false;
    try {
      this.handler.onDrain();
    } catch (thrown) {
      this.#fail(thrown);
    }
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
    if (this.writableLength === 0) (this as OwnedNetSocket)[OWNER].#drained();
  }

  static #onEnd(this: NetSocket): void {
    const socket = (this as OwnedNetSocket)[OWNER];
    if (socket.#state === "closed") return;
    try {
      socket.handler.onEnd();
    } catch (thrown) {
      socket.#fail(thrown);
    }
  }

  static #onError(this: NetSocket, error: Error): void {
    (this as OwnedNetSocket)[OWNER].#error ??= error;
  }

  static #onClose(this: NetSocket): void {
    const socket = (this as OwnedNetSocket)[OWNER];
    socket.#state = "closed";
    tellClosed(socket.handler, socket.#error);
  }
}

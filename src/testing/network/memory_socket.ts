/** The server's end of a connection that has no kernel in it. */
import { runtime } from "../../runtime/mod.ts";
import type {
  Address,
  Socket,
  SocketHandler,
  TlsConnection,
} from "../../runtime/types.ts";
import type { ConnectionLoss } from "../errors.ts";
import { ByteQueue } from "./byte_queue.ts";

const NOBODY: SocketHandler = {
  onData() {},
  onDrain() {},
  onEnd() {},
  onClose() {},
};

/** Not `slice()`, which is a view of the same memory for a Buffer. */
function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

/** How one connection behaves. */
export interface LinkSettings {
  readonly localAddress: Address;
  readonly remoteAddress: Address | undefined;
  readonly tls: TlsConnection | undefined;
  /** Bytes that the client takes unread. */
  readonly windowBytes: number;
  /** Most bytes of the client that reach the server in one turn. */
  readonly pieceBytes: number;
}

/** What the client's end hears. */
export interface ClientEnd {
  /** There is something to take, or the end has come. */
  onChange(): void;
}

/**
 * Meets the contract of `Socket`: nothing is called from inside its methods, what arrives is
 * delivered a turn later, and what the client does not take is held. One object for both ends; the
 * methods of the client begin with `client`.
 */
export class MemorySocket implements Socket {
  handler: SocketHandler = NOBODY;
  localAddress: Address;
  remoteAddress: Address | undefined;
  readonly tls: TlsConnection | undefined;
  readonly isLending = false;
  readonly #settings: LinkSettings;
  readonly #client: ClientEnd;
  /** From the client, not delivered yet. */
  readonly #upstream = new ByteQueue();
  /** To the client, not taken yet; at most a window of it. */
  readonly #downstream = new ByteQueue();
  /** What the server has written beyond that: held, and the server's to keep unchanged. */
  readonly #held = new ByteQueue();
  #isPaused = false;
  /** The server has said that it writes no more. */
  #hasEnded = false;
  /** The client has said so. */
  #hasClientEnded = false;
  #isEndDelivered = false;
  /** The client does not read what is written any more. */
  #isClientGone = false;
  #isClosed = false;
  #loss: ConnectionLoss | undefined;
  #isDeliveryDue = false;
  #isDrainDue = false;
  readonly #taken: (() => void)[] = [];

  constructor(settings: LinkSettings, client: ClientEnd) {
    this.#settings = settings;
    this.#client = client;
    this.localAddress = settings.localAddress;
    this.remoteAddress = settings.remoteAddress;
    this.tls = settings.tls;
  }

  // -- The server's side.

  get queuedBytes(): number {
    return this.#isClosed ? 0 : this.#held.length;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isClosed || this.#hasEnded) return true;
    if (this.#isClientGone) {
      // As a kernel answers who writes to a process that has gone.
      this.#close("local", new Error("Connection reset by the test client"));
      return true;
    }
    if (this.#held.length === 0) {
      const room = this.#settings.windowBytes - this.#downstream.length;
      const fits = Math.min(Math.max(room, 0), bytes.length);
      this.#downstream.push(copyOf(bytes.subarray(0, fits)));
      if (fits > 0) this.#client.onChange();
      if (fits === bytes.length) return true;
      this.#held.push(bytes.subarray(fits));
      return false;
    }
    this.#held.push(bytes);
    return false;
  }

  writePair(head: Uint8Array, body: Uint8Array): boolean {
    this.write(head);
    return this.write(body);
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#deliverLater();
  }

  end(): void {
    if (this.#isClosed || this.#hasEnded) return;
    this.#hasEnded = true;
    this.#client.onChange();
    this.#closeIfDone();
  }

  destroy(): void {
    if (!this.#isClosed) this.#close("ended");
  }

  reset(): void {
    if (!this.#isClosed) this.#close("reset");
  }

  overrideAddresses(remote: Address, local: Address): void {
    this.remoteAddress = remote;
    this.localAddress = local;
  }

  // -- The client's side.

  /** Bytes that the server has not been given yet. */
  get clientQueuedBytes(): number {
    return this.#upstream.length;
  }

  /** Whether the server does not read at present. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Whether the connection has ended on both sides, or was cut. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Why nothing more can be taken than what is there; `undefined` while more may come. */
  get clientLoss(): ConnectionLoss | undefined {
    if (this.#loss !== undefined) return this.#loss;
    return this.#hasEnded && this.#held.length === 0 ? "ended" : undefined;
  }

  /**
   * Sends `bytes`, which are kept.
   *
   * @returns Whether they may still arrive. `onTaken` is called when they have, or never will.
   */
  clientWrite(bytes: Uint8Array, onTaken: () => void): boolean {
    if (this.#isClosed || this.#hasClientEnded) {
      onTaken();
      return false;
    }
    this.#upstream.push(bytes);
    this.#taken.push(onTaken);
    this.#deliverLater();
    return true;
  }

  /** Takes at most `max` bytes of what has come; empty if there is nothing. */
  clientTake(max: number): Uint8Array {
    const bytes = this.#downstream.take(max);
    this.#refill();
    return bytes;
  }

  /** Sends FIN, after what was written. */
  clientEnd(): void {
    if (this.#hasClientEnded) return;
    this.#hasClientEnded = true;
    this.#deliverLater();
  }

  /** Ends as a process that exits: FIN, and a reset for what is written to it. */
  clientClose(): void {
    this.#isClientGone = true;
    this.#downstream.clear();
    this.clientEnd();
    // What is held can never be taken.
    if (this.#held.length > 0) this.clientReset();
  }

  /** Cuts it: what was not delivered is lost. */
  clientReset(): void {
    if (this.#isClosed) return;
    this.#close("local", new Error("Connection reset by the test client"));
  }

  // -- What happens in later turns.

  #deliverLater(): void {
    if (this.#upstream.length === 0) this.#tellTaken();
    if (this.#isDeliveryDue || this.#isClosed || this.#isPaused) return;
    if (this.#upstream.length === 0 && !this.#owesEnd()) return;
    this.#isDeliveryDue = true;
    runtime.afterTurn(() => this.#deliver());
  }

  #owesEnd(): boolean {
    return this.#hasClientEnded && !this.#isEndDelivered;
  }

  #deliver(): void {
    this.#isDeliveryDue = false;
    if (this.#isClosed || this.#isPaused) return;
    const bytes = this.#upstream.take(this.#settings.pieceBytes);
    if (bytes.length > 0) {
      this.#contain(() => this.handler.onData(bytes));
    } else if (this.#owesEnd()) {
      this.#isEndDelivered = true;
      this.#contain(() => this.handler.onEnd());
      this.#closeIfDone();
    }
    this.#deliverLater();
  }

  /** Moves what is held into the window; the server hears of it when all is there. */
  #refill(): void {
    if (this.#held.length === 0 || this.#isClosed) return;
    let room = this.#settings.windowBytes - this.#downstream.length;
    while (room > 0 && this.#held.length > 0) {
      const piece = this.#held.take(room);
      this.#downstream.push(copyOf(piece));
      room -= piece.length;
    }
    if (this.#held.length > 0 || this.#isDrainDue) return;
    this.#isDrainDue = true;
    runtime.afterTurn(() => {
      this.#isDrainDue = false;
      if (this.#isClosed || this.#held.length > 0) return;
      this.#contain(() => this.handler.onDrain());
      this.#closeIfDone();
    });
  }

  #closeIfDone(): void {
    if (this.#hasEnded && this.#isEndDelivered && this.#held.length === 0) {
      this.#close("ended");
    }
  }

  #close(loss: ConnectionLoss, error?: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#loss = loss;
    this.#held.clear();
    this.#upstream.clear();
    this.#client.onChange();
    this.#tellTaken();
    runtime.afterTurn(() => this.handler.onClose(error));
  }

  #tellTaken(): void {
    for (const onTaken of this.#taken.splice(0)) onTaken();
  }

  /** A handler that throws loses its connection, as with any socket. */
  #contain(call: () => void): void {
    try {
      call();
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(`${thrown}`);
      this.#close("reset", error);
    }
  }
}

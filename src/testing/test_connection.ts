/** One connection of a test client: bytes in, bytes out, and every way to end it. */
import { latin1 } from "../bytes/latin1.ts";
import type { Address, TlsConnection } from "../runtime/types.ts";
import { type ConnectionLoss, ConnectionLost } from "./errors.ts";
import { Inbound } from "./network/inbound.ts";
import type { MemorySocket } from "./network/memory_socket.ts";
import type { LinkOptions } from "./network/memory_transport.ts";

/** Where a connection breaks. */
export interface Cut {
  /** After so many bytes have been sent to the server. Default: never. */
  readonly afterSent?: number;
  /** After so many bytes have come from the server. Default: never. */
  readonly afterReceived?: number;
  /**
   * How: by a reset, which the server sees at once; by hanging up, as a process that exits; or by
   * ending this side alone. Default: `"reset"`.
   */
  readonly by?: "reset" | "close" | "end";
}

/** How a connection is made, and how it misbehaves. */
export interface ConnectOptions {
  /** Where the client is. Default: `127.0.0.1` and a port of its own. */
  readonly remoteAddress?: Address;
  /**
   * Whether the server is told of a TLS connection, or what it is told of it. Nothing is encrypted.
   * Default: for `https:` and `wss:`, and if the server has certificates.
   */
  readonly tls?: boolean | Partial<TlsConnection>;
  /** Bytes that the client takes unread: what is beyond them waits in the server. Default: 65536. */
  readonly windowBytes?: number;
  /** Most bytes that reach the server at once: 1 dribbles. Default: all that there are. */
  readonly pieceBytes?: number;
  /** Where it breaks. Default: nowhere. */
  readonly cut?: Cut;
}

/** The settings that were left out. */
export function linkOptions(
  options: ConnectOptions,
  remoteAddress: Address,
): LinkOptions {
  return {
    remoteAddress: options.remoteAddress ?? remoteAddress,
    tls: options.tls,
    windowBytes: options.windowBytes ?? 65_536,
    pieceBytes: options.pieceBytes ?? Infinity,
  };
}

const encoder = new TextEncoder();

/**
 * A connection to the server, for bytes as they are. Made by `client.connect()`.
 *
 * @example
 * ```ts
 * const connection = client.connect();
 * await connection.write("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
 * console.assert((await connection.text()).startsWith("HTTP/1.1 200 OK\r\n"));
 * ```
 */
export class TestConnection {
  /** @internal What comes, for readers of HTTP and WebSockets. */
  readonly inbound: Inbound = new Inbound(() => this.#next());
  /** @internal Whether a request is under way. */
  isBusy = false;
  /** Resolves when it has ended on both sides, or was cut. */
  readonly closed: Promise<void>;
  readonly #closed = Promise.withResolvers<void>();
  #socket!: MemorySocket;
  readonly #cut: Cut;
  #sent = 0;
  #received = 0;
  #waiters: (() => void)[] = [];

  /** @internal @param open Connects; is given whom to tell. */
  constructor(
    open: (client: { onChange(): void }) => MemorySocket,
    cut: Cut = {},
  ) {
    this.closed = this.#closed.promise;
    this.#cut = cut;
    this.#socket = open({ onChange: () => this.#onChange() });
  }

  /** Whether the server does not read at present: its application takes no more. */
  get isServerPaused(): boolean {
    return this.#socket.isPaused;
  }

  /** Whether it has ended on both sides, or was cut. */
  get isClosed(): boolean {
    return this.#socket.isClosed;
  }

  /** Bytes that were written and have not reached the server. */
  get unsentBytes(): number {
    return this.#socket.clientQueuedBytes;
  }

  /** Bytes that were written so far. */
  get sentBytes(): number {
    return this.#sent;
  }

  /** Bytes that have come and were read so far. */
  get receivedBytes(): number {
    return this.#received;
  }

  /**
   * Sends `data`, text as UTF-8; resolves when the server has all of it.
   *
   * @throws ConnectionLost if it cannot arrive.
   */
  async write(data: string | Uint8Array): Promise<void> {
    const whole = typeof data === "string" ? encoder.encode(data) : data;
    const { afterSent = Infinity } = this.#cut;
    // A copy, also of a Buffer.
    const bytes = new Uint8Array(whole.subarray(0, afterSent - this.#sent));
    this.#sent += bytes.length;
    const socket = this.#socket;
    const isSent = await new Promise<boolean>((resolve) => {
      const mayArrive = socket.clientWrite(
        bytes,
        () => resolve(mayArrive !== false && !socket.isClosed),
      );
    });
    if (afterSent <= this.#sent) this.#break();
    if (!isSent || bytes.length < whole.length) {
      throw new ConnectionLost(
        "Cannot write: the connection has ended",
        socket.clientLoss ?? "local",
      );
    }
  }

  /**
   * Bytes that have come, as soon as there are any; `undefined` when the server has ended.
   *
   * @param max At most so many. Default: what came in one piece.
   * @throws ConnectionLost if the connection was cut.
   */
  async read(max: number = Infinity): Promise<Uint8Array | undefined> {
    return await this.inbound.some(max);
  }

  async #next(): Promise<Uint8Array | undefined> {
    const { afterReceived = Infinity } = this.#cut;
    for (;;) {
      if (this.#received >= afterReceived && afterReceived < Infinity) {
        this.#break();
      }
      const room = afterReceived - this.#received;
      const bytes = this.#socket.clientTake(room);
      this.#received += bytes.length;
      if (bytes.length > 0) return bytes;
      const loss = this.#socket.clientLoss;
      if (loss === "ended") return undefined;
      if (loss !== undefined || room <= 0) {
        throw new ConnectionLost(
          loss === "reset"
            ? "Cannot read: the server has cut off the connection"
            : "Cannot read: the connection was cut",
          loss ?? "local",
        );
      }
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
  }

  /** All that comes until the server ends, as text with a unit for each byte. */
  async text(): Promise<string> {
    let text = "";
    for (;;) {
      const bytes = await this.read();
      if (bytes === undefined) return text;
      text += latin1(bytes, 0, bytes.length);
    }
  }

  /** Ends this side in an orderly way (FIN); the server can still answer. */
  end(): void {
    this.#socket.clientEnd();
  }

  /** Hangs up, as a process that exits: the server sees the end, and a reset when it writes. */
  close(): void {
    this.#socket.clientClose();
  }

  /** Cuts the connection: the server sees at once that the client has gone. */
  reset(): void {
    this.#socket.clientReset();
  }

  /** @internal Why no more will come than what is there. */
  get loss(): ConnectionLoss | undefined {
    return this.#socket.clientLoss;
  }

  #break(): void {
    const { by = "reset" } = this.#cut;
    this[by]();
  }

  #onChange(): void {
    if (this.#socket?.isClosed) this.#closed.resolve();
    for (const wake of this.#waiters.splice(0)) wake();
  }
}

/**
 * Reads without an allocation: all sockets of a process read into one buffer, whose bytes are lent
 * for the length of a call anyway.
 *
 * `node:net` offers this to clients, as the option `onread`, and not on connections that a server
 * accepted. There it is switched on through the same properties, found on a socket that was created
 * with the option.
 */
import { Buffer } from "node:buffer";
import { Socket as NetSocket } from "node:net";
import { setTimeout } from "node:timers";
import { Fence } from "./fence.ts";
import { type SocketPair, withSocketPair } from "./socket_pair.ts";

/** Called with the bytes that were read, as a method of their socket. */
export type OnRead = (this: NetSocket, bytes: Uint8Array) => void;

/** Most bytes that libuv reads at once. */
const BUFFER_BYTES = 64 * 1024;

interface Switch {
  readonly buffer: symbol;
  readonly callback: symbol;
  readonly generator: symbol;
}

type Properties = Record<symbol, unknown>;

interface Reader {
  useUserBuffer?(buffer: Uint8Array): void;
}

let shared: Buffer | undefined;
let found: Switch | undefined;

/** Shared reads of one kind of socket: each kind has a handle class of its own below it. */
export class SharedReads {
  readonly #kind: "tcp" | "unix";
  readonly #fence: Fence;

  constructor(kind: "tcp" | "unix") {
    this.#kind = kind;
    this.#fence = new Fence(`reads into a shared buffer (${kind})`);
  }

  /** Starts the probe, the first time. */
  prepare(): void {
    this.#fence.tryLater(async () => {
      found ??= findSwitch();
      return found !== undefined &&
        await withSocketPair(this.#kind, (pair) => this.#probe(pair));
    });
  }

  /**
   * Makes `raw` read into the shared buffer until it is closed, and call `onRead` with a view of it.
   * Pausing and resuming work as before; "data" is not emitted.
   *
   * @returns Whether it does; if not, nothing was changed.
   */
  take(raw: NetSocket, onRead: OnRead): boolean {
    return this.#fence.isOpen && this.#attach(raw, onRead);
  }

  #attach(raw: NetSocket, onRead: OnRead): boolean {
    const { _handle: handle } = raw as unknown as { _handle?: Reader };
    if (found === undefined || typeof handle?.useUserBuffer !== "function") {
      return false;
    }
    const buffer = shared ??= Buffer.allocUnsafeSlow(BUFFER_BYTES);
    const properties = raw as unknown as Properties;
    // In locals: this runs for each connection, and garbage is memory, too.
    const {
      buffer: bufferKey,
      generator: generatorKey,
      callback: callbackKey,
    } = found;
    const bufferBefore = properties[bufferKey];
    const generatorBefore = properties[generatorKey];
    const callbackBefore = properties[callbackKey];
    try {
      properties[bufferKey] = buffer;
      properties[generatorKey] = null;
      properties[callbackKey] = (size: number): boolean => {
        if (size > 0 && size <= BUFFER_BYTES) {
          onRead.call(raw, buffer.subarray(0, size));
          return true;
        }
        // The bytes are lost, so the connection is closed; later ones use the "data" event.
        const error = new Error(`a read of ${size} bytes was reported`);
        this.#fence.disable(error);
        raw.destroy(error);
        return false;
      };
      handle.useUserBuffer(buffer);
    } catch (error) {
      properties[bufferKey] = bufferBefore;
      properties[generatorKey] = generatorBefore;
      properties[callbackKey] = callbackBefore;
      this.#fence.disable(error);
      return false;
    }
    raw.resume();
    return true;
  }

  /** Whether bytes of all sizes arrive unchanged, none while paused, and the end behind them. */
  async #probe({ accepted, client }: SocketPair): Promise<boolean> {
    const sent = Buffer.alloc(3 * BUFFER_BYTES + 7);
    for (let at = 0; at < sent.length; at++) {
      sent[at] = (at * 31 + (at >> 8)) & 0xff;
    }
    const received: Buffer[] = [];
    let bytes = 0;
    const onRead: OnRead = (piece) => {
      received.push(Buffer.from(piece)); // a copy: it is lent
      bytes += piece.length;
    };
    if (!this.#attach(accepted, onRead)) return false;
    accepted.on("data", () => bytes = NaN);
    const ended = new Promise((resolve) => accepted.once("end", resolve));
    client.write(sent.subarray(0, 1));
    while (bytes === 0 && !accepted.destroyed) await aWhile();
    accepted.pause();
    client.write(sent.subarray(1, 1000));
    await aWhile();
    const arrivedPaused = bytes - 1;
    accepted.resume();
    client.end(sent.subarray(1000));
    await ended;
    return arrivedPaused === 0 && bytes === sent.length &&
      Buffer.concat(received).equals(sent);
  }
}

/** Of all sockets of this process. */
export const sharedReads: Readonly<Record<"tcp" | "unix", SharedReads>> = {
  tcp: new SharedReads("tcp"),
  unix: new SharedReads("unix"),
};

function aWhile(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, 5).unref());
}

function findSwitch(): Switch | undefined {
  const buffer = Buffer.alloc(1);
  const callback = (): boolean => true;
  const probe = new NetSocket({ onread: { buffer, callback } }) as unknown as
    & NetSocket
    & Properties;
  const symbols = Object.getOwnPropertySymbols(probe);
  const holding = (value: unknown, name: string) =>
    symbols.find((symbol) =>
      symbol.description === name && probe[symbol] === value
    );
  const found = {
    buffer: holding(buffer, "kBuffer"),
    callback: holding(callback, "kBufferCb"),
    generator: holding(null, "kBufferGen"),
  };
  return found.buffer && found.callback && found.generator
    ? found as Switch
    : undefined;
}

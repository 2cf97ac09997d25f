/** A Socket of ours as a stream of `node:stream`, for `node:tls` to speak over. */
import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import type { Socket, SocketHandler } from "../types.ts";

/**
 * Takes a socket over, as its handler. Emits "sent" each time that everything it held has left;
 * "drain" is emitted only after a write returned false.
 */
export class SocketDuplex extends Duplex implements SocketHandler {
  readonly #socket: Socket;
  #onWritten: (() => void) | undefined;

  /** @param first What has been read from `socket` already. */
  constructor(socket: Socket, first: Uint8Array) {
    super({ allowHalfOpen: true });
    this.#socket = socket;
    socket.handler = this;
    if (first.length > 0) this.push(Buffer.from(first));
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(
    bytes: Uint8Array,
    _encoding: string,
    done: (error?: Error | null) => void,
  ): void {
    if (this.#socket.write(bytes)) done();
    else this.#onWritten = done;
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end();
    done();
  }

  override _destroy(
    error: Error | null,
    done: (error?: Error | null) => void,
  ): void {
    this.#socket.destroy();
    done(error);
  }

  onData(bytes: Uint8Array): void {
    // They are lent.
    if (!this.push(Buffer.from(bytes))) this.#socket.pause();
  }

  onDrain(): void {
    const done = this.#onWritten;
    this.#onWritten = undefined;
    done?.();
    if (this.writableLength === 0) this.emit("sent");
  }

  onEnd(): void {
    this.push(null);
  }

  onClose(error?: Error): void {
    this.destroy(error);
  }
}

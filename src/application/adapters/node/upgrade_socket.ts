/**
 * The socket of an upgrade, as the `upgrade` event of `http.Server` gives it: a `Duplex` whose bytes
 * are those of the connection, and which knows its addresses as the socket of a request does.
 */
import { Buffer } from "node:buffer";
import { Duplex, type DuplexOptions } from "node:stream";
import type { RawConnection, RawHandler } from "../../../asgi.ts";
import type { RequestSocket } from "./request_socket.ts";
import { type SocketOptions, withSocketOptions } from "./socket_options.ts";

type Callback = (error?: Error | null) => void;

const Base: new (options: DuplexOptions) => Duplex & SocketOptions =
  withSocketOptions<[DuplexOptions], Duplex>(Duplex);

/** One connection that was taken over. */
export class UpgradeSocket extends Base implements RawHandler {
  /** Told what a listener of the application threw. */
  onThrow: (error: unknown) => void = () => {};
  readonly #details: RequestSocket;
  #connection: RawConnection | undefined;
  /** Called when what was written has left. */
  #waiting: Callback | undefined;
  #isClosed = false;

  /** @param details What the socket of the request knows. */
  constructor(details: RequestSocket) {
    super({ allowHalfOpen: true, emitClose: true });
    this.#details = details;
  }

  /** @param connection What is written to. */
  attach(connection: RawConnection): void {
    this.#connection = connection;
  }

  // -- The connection's side.

  onData(bytes: Uint8Array): void {
    const buffer = Buffer.from(
      bytes.buffer,
      bytes.byteOffset,
      bytes.byteLength,
    );
    try {
      if (!this.push(buffer)) this.#connection?.pause();
    } catch (error) {
      this.onThrow(error);
    }
  }

  onDrain(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
  }

  onEnd(): void {
    this.push(null);
  }

  onClose(): void {
    this.#isClosed = true;
    if (!this.readableEnded) this.push(null);
    this.onDrain();
    this.destroy();
  }

  // -- The stream's side.

  override _read(): void {
    this.#connection?.resume();
  }

  override _write(
    chunk: Uint8Array,
    _encoding: string,
    callback: Callback,
  ): void {
    if (this.#connection === undefined || this.#isClosed) callback();
    else if (this.#connection.write(chunk)) callback();
    else this.#waiting = callback;
  }

  override _final(callback: Callback): void {
    this.#connection?.end();
    callback();
  }

  override _destroy(error: Error | null, callback: Callback): void {
    if (!this.#isClosed) this.#connection?.destroy();
    callback(error);
  }

  // -- What a socket is asked for.

  get remoteAddress(): string | undefined {
    return this.#details.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.#details.remotePort;
  }

  get remoteFamily(): string | undefined {
    return this.#details.remoteFamily;
  }

  get localAddress(): string | undefined {
    return this.#details.localAddress;
  }

  get localPort(): number | undefined {
    return this.#details.localPort;
  }

  get encrypted(): boolean {
    return this.#details.encrypted;
  }

  get authorized(): boolean {
    return this.#details.authorized;
  }

  getPeerCertificate(
    detailed = false,
  ): ReturnType<RequestSocket["getPeerCertificate"]> {
    return this.#details.getPeerCertificate(detailed);
  }

  address(): ReturnType<RequestSocket["address"]> {
    return this.#details.address();
  }

  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once("finish", () => this.destroy());
  }
}

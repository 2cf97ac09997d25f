/**
 * What `request.socket` is: addresses, TLS details, and the end of the connection. The connection
 * is the server's, which keeps it alive, times it and frames what it carries: raw bytes go through
 * it only after an upgrade (upgrade_socket.ts).
 */
import { EventEmitter } from "node:events";
import { isIPv6 } from "node:net";
import process from "node:process";
import type { HttpScope, TlsExtension } from "../../../asgi.ts";
import { destroyed } from "./node_errors.ts";
import { type PeerCertificate, peerCertificate } from "./peer_certificate.ts";
import { type SocketOptions, withSocketOptions } from "./socket_options.ts";

/** The exchange behind a socket. */
export interface SocketOwner {
  /** Ends the connection without the rest of its answer. */
  cut(error: Error | undefined): void;
}

/** Names of `tls_version`. */
const TLS_VERSIONS: Readonly<Record<number, string>> = {
  0x0303: "TLSv1.2",
  0x0304: "TLSv1.3",
};

const Base: new () => EventEmitter & SocketOptions = withSocketOptions(
  EventEmitter,
);

/** The socket of one request. */
export class RequestSocket extends Base {
  /** Whether the connection has ended, as far as this request knows. */
  destroyed = false;
  readonly #scope: HttpScope;
  readonly #owner: SocketOwner;

  constructor(scope: HttpScope, owner: SocketOwner) {
    super();
    this.#scope = scope;
    this.#owner = owner;
  }

  // -- Addresses: the client is the one that trusted proxies told of.

  get remoteAddress(): string | undefined {
    return this.#scope.client?.[0];
  }

  get remotePort(): number | undefined {
    return this.#scope.client?.[1];
  }

  get remoteFamily(): string | undefined {
    return familyOf(this.remoteAddress);
  }

  get localAddress(): string | undefined {
    const { server } = this.#scope;
    return server === null || server[1] === null ? undefined : server[0];
  }

  get localPort(): number | undefined {
    return this.#scope.server?.[1] ?? undefined;
  }

  get localFamily(): string | undefined {
    return familyOf(this.localAddress);
  }

  address(): { address?: string; family?: string; port?: number } {
    const { localAddress: address, localFamily: family, localPort: port } =
      this;
    return address === undefined || family === undefined || port === undefined
      ? {}
      : { address, family, port };
  }

  // -- TLS.

  get #tls(): TlsExtension | undefined {
    return this.#scope.extensions.tls;
  }

  /** Whether the client speaks TLS, with us or with a trusted proxy. */
  get encrypted(): boolean {
    return this.#scope.scheme === "https";
  }

  get authorized(): boolean {
    const tls = this.#tls;
    return tls !== undefined && tls.client_cert_chain.length > 0 &&
      tls.client_cert_error === null;
  }

  get authorizationError(): string | null {
    return this.#tls?.client_cert_error ?? null;
  }

  get alpnProtocol(): string | false {
    return this.#scope.extensions.connection?.alpn ?? false;
  }

  getProtocol(): string | null {
    return TLS_VERSIONS[this.#tls?.tls_version ?? 0] ?? null;
  }

  getPeerCertificate(detailed = false): PeerCertificate {
    return peerCertificate(this.#tls?.client_cert_chain ?? [], detailed);
  }

  // -- The life of the connection.

  get readable(): boolean {
    return !this.destroyed;
  }

  get writable(): boolean {
    return !this.destroyed;
  }

  get closed(): boolean {
    return this.destroyed;
  }

  get readyState(): string {
    return this.destroyed ? "closed" : "open";
  }

  get connecting(): boolean {
    return false;
  }

  get pending(): boolean {
    return false;
  }

  get readableHighWaterMark(): number {
    return 65_536;
  }

  get writableHighWaterMark(): number {
    return 65_536;
  }

  get writableLength(): number {
    return 0;
  }

  get bufferSize(): number {
    return 0;
  }

  /** Cuts the connection off. */
  destroy(error?: Error): this {
    if (this.destroyed) return this;
    this.#owner.cut(error);
    return this;
  }

  /** As `destroy`: what was written has been handed to the server already. */
  destroySoon(): void {
    this.destroy();
  }

  resetAndDestroy(): this {
    return this.destroy();
  }

  /** Ends the connection. Raw bytes cannot be sent beside the response. */
  end(): this {
    return this.destroy();
  }

  /** Refused: raw bytes cannot be sent beside the response. */
  write(_chunk: unknown, ...rest: unknown[]): boolean {
    const error = destroyed("write");
    error.message =
      "Cannot write to the socket of a request: use the response, or an upgrade";
    const callback = rest.find((one) => typeof one === "function");
    if (callback !== undefined) {
      process.nextTick(callback as (error: Error) => void, error);
    }
    return false;
  }

  /** The connection has ended: told once. */
  markClosed(error: Error | undefined): void {
    if (this.destroyed) return;
    this.destroyed = true;
    process.nextTick(emitClosed, this, error);
  }

  // -- What a stream would do, which the request and the response do instead.

  setEncoding(): this {
    return this;
  }

  pause(): this {
    return this;
  }

  resume(): this {
    return this;
  }

  cork(): void {}

  uncork(): void {}
}

function emitClosed(socket: RequestSocket, error: Error | undefined): void {
  if (error !== undefined && socket.listenerCount("error") > 0) {
    socket.emit("error", error);
  }
  socket.emit("close", error !== undefined);
}

function familyOf(address: string | undefined): string | undefined {
  if (address === undefined) return undefined;
  return isIPv6(address) ? "IPv6" : "IPv4";
}

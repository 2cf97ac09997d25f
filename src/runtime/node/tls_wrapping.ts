/**
 * Wraps accepted connections in TLS, and reports how each handshake ends to its own listener.
 *
 * A `tls.Server` never listens here: it is given connections that were accepted plain. Its events
 * carry the TLSSocket only, and no runtime has a public property that leads from there to the
 * connection below. So on Node and Deno each connection gets an emitter of its own that inherits
 * from the server. On Bun 1.4 a server emits on itself, whatever its listener is called on; there the
 * TLSSocket is constructed directly, which verifies client certificates, unlike that of Deno 2.9. No
 * upstream issue is known for either.
 */
import { EventEmitter } from "node:events";
import type { Duplex } from "node:stream";
import {
  createSecureContext,
  createServer,
  type SecureContext,
  type TlsOptions,
  TLSSocket,
} from "node:tls";
import { bun } from "../_bun_types.ts";

/** Called when a handshake ends; only the first call counts. */
export interface HandshakeListener {
  onSecure(socket: TLSSocket): void;
  /** `socket` stays open until it is destroyed, on every runtime. */
  onError(error: Error, socket: TLSSocket): void;
}

/** Begins a handshake on `raw`. */
export type Wrap = (raw: Duplex, listener: HandshakeListener) => void;

/** @throws Error if `options` are invalid. */
export function createWrap(options: TlsOptions): Wrap {
  return bun === undefined ? serverWrap(options) : socketWrap(options);
}

function serverWrap(options: TlsOptions): Wrap {
  const server = createServer(options);
  return (raw, listener) => {
    const own = Object.create(server) as EventEmitter;
    own.emit = (event: string | symbol, ...args: unknown[]): boolean => {
      const [first, second] = args;
      switch (event) {
        case "secureConnection":
          listener.onSecure(first as TLSSocket);
          return true;
        case "tlsClientError":
          listener.onError(first as Error, second as TLSSocket);
          return true;
        default:
          return server.emit(event, ...args);
      }
    };
    EventEmitter.prototype.emit.call(own, "connection", raw);
  };
}

function socketWrap(options: TlsOptions): Wrap {
  const { requestCert, rejectUnauthorized, ALPNProtocols, SNICallback } =
    options;
  const secureContext: SecureContext = createSecureContext(options);
  const common = {
    isServer: true,
    secureContext,
    requestCert: requestCert ?? false,
    rejectUnauthorized: rejectUnauthorized ?? false,
    ...ALPNProtocols && { ALPNProtocols: ALPNProtocols as string[] },
    ...SNICallback && { SNICallback },
  };
  return (raw, listener) => {
    const socket = new TLSSocket(raw as never, common);
    socket.on("secure", () => listener.onSecure(socket));
    socket.on("error", (error) => listener.onError(error, socket));
    socket.on("close", () => {
      listener.onError(new Error("the peer has gone"), socket);
    });
  };
}

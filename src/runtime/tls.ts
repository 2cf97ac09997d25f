/**
 * TLS over `node:tls`, on every runtime: what the runtimes offer of their own lacks client
 * certificates, versions, SNI or the exchange of certificates.
 *
 * A `tls.Server` never listens here. It is handed connections that were accepted plain, which is
 * the one way in which every runtime also judges client certificates. Other settings are another
 * `tls.Server`: handshakes that have begun stay with theirs.
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import type { Duplex } from "node:stream";
import { clearTimeout, setTimeout } from "node:timers";
import {
  createSecureContext,
  createServer,
  type SecureContext,
  type Server,
  type TLSSocket,
} from "node:tls";
import { bun } from "./_bun_types.ts";
import { deno } from "./_deno_types.ts";
import { UNNAMED } from "./addresses.ts";
import { NodeSocket } from "./node_socket.ts";
import { introduce } from "./socket_events.ts";
import { SocketDuplex } from "./socket_duplex.ts";
import { NodeTlsConnection } from "./tls_connection.ts";
import type {
  Address,
  Socket,
  SocketHandler,
  TlsContext,
  TlsFault,
  TlsIdentity,
  TlsSettings,
} from "./types.ts";

/** Ours end a handshake: those of node:tls cannot be changed later. */
const NEVER_MS = 2 ** 31 - 1;

/** A handshake in progress. */
interface Pending {
  readonly remoteAddress: Address | undefined;
  readonly onSecure: (socket: TLSSocket, tls: NodeTlsConnection) => void;
  /** Called once, however it ends, before `onSecure`. */
  readonly onSettled: () => void;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** See {@linkcode TlsContext}. */
export class NodeTls implements TlsContext {
  readonly #onFault: (fault: TlsFault) => void;
  readonly #pending: WeakMap<Duplex, Pending> = new WeakMap();
  #settings: TlsSettings;
  #server: Server;

  /** @throws Error if `settings` are no good. */
  constructor(settings: TlsSettings, onFault: (fault: TlsFault) => void) {
    this.#onFault = onFault;
    this.#settings = settings;
    this.#server = this.#newServer(settings);
  }

  update(settings: TlsSettings): void {
    this.#server = this.#newServer(settings);
    this.#settings = settings;
  }

  secure(
    socket: Socket,
    first: Uint8Array,
    accept: (socket: Socket) => SocketHandler,
    onSettled: () => void = () => {},
  ): void {
    const { localAddress, remoteAddress } = socket;
    if (beginsMethod(first)) {
      // Over another stream than a net.Socket, Deno 2.9 does not say whose handshake failed.
      socket.destroy();
      onSettled();
      const message = "it begins with a letter";
      this.#onFault({ kind: "plainHttp", message, remoteAddress });
      return;
    }
    const raw = new SocketDuplex(socket, first);
    this.handshake(raw, remoteAddress, {
      onSettled,
      onSecure(secured, tls) {
        const context = {
          listenerAddress: localAddress,
          localAddress,
          isUnix: remoteAddress?.kind !== "tcp",
        };
        const wrapped = new NodeSocket(secured, context, tls, raw);
        wrapped.readdress(remoteAddress ?? UNNAMED, localAddress);
        introduce(wrapped, accept);
      },
    });
  }

  /** Speaks TLS on `raw`, which is destroyed if that fails. */
  handshake(
    raw: Duplex,
    remoteAddress: Address | undefined,
    then: Pick<Pending, "onSecure" | "onSettled">,
  ): void {
    const { onSecure, onSettled } = then;
    const pending: Pending = {
      remoteAddress,
      onSecure,
      onSettled,
      timer: undefined,
    };
    pending.timer = setTimeout(() => {
      this.#fail(raw, "timeout", "it did not end in time");
    }, this.#settings.handshakeMs);
    this.#pending.set(raw, pending);
    // Deno 2.9 tells nobody of a peer that is reset in between: the time limit finds it.
    raw.on("close", () => this.#fail(raw, "other", "the peer has gone"));
    raw.on("error", () => {});
    this.#server.emit("connection", raw);
  }

  #newServer(settings: TlsSettings): Server {
    const { identities, clientCertificates } = settings;
    if (deno !== undefined && settings.ciphers !== undefined) {
      // Checked there, but never applied.
      throw new Error(
        `Deno ${deno.version.deno} has no choice of ciphers, run it on Bun or Node`,
      );
    }
    const contexts = identities.map((identity) => {
      demandPair(identity);
      const context = createSecureContext(materialOf(identity, settings));
      return { identity, context };
    });
    const [{ identity: standard }] = contexts as [typeof contexts[0]];
    const find = (name: string) =>
      contexts.find(({ identity }) => isFor(identity, name));
    const server = createServer({
      ...materialOf(standard, settings),
      requestCert: clientCertificates !== "none",
      rejectUnauthorized: clientCertificates === "required",
      ALPNProtocols: [...settings.alpn],
      handshakeTimeout: NEVER_MS,
      SNICallback: (
        name: string,
        done: (error: Error | null, context?: SecureContext) => void,
      ) => done(null, find(name)?.context),
    });
    server.on("secureConnection", (socket: TLSSocket) => {
      const raw = this.#rawOf(socket);
      const pending = raw && this.#settle(raw);
      // It ran out of time in this very turn.
      if (pending === undefined) return void socket.destroy();
      // Over another stream than a net.Socket, Bun 1.4 asks neither SNICallback nor addContext.
      const isDeaf = bun !== undefined && raw instanceof SocketDuplex;
      const name =
        (socket as { servername?: string | false | null }).servername;
      const chosen = name && !isDeaf ? find(name)?.identity : undefined;
      const identity = chosen ?? standard;
      const asked = clientCertificates !== "none";
      pending.onSecure(
        socket,
        new NodeTlsConnection(socket, identity.cert, asked),
      );
    });
    server.on("tlsClientError", (error: Error, socket: TLSSocket) => {
      const kind = kindOf(error, clientCertificates !== "none");
      const { message, code } = error as NodeJS.ErrnoException;
      const raw = this.#rawOf(socket);
      if (raw) this.#fail(raw, kind, message || code || "unknown error");
      // It stays open otherwise, on every runtime.
      socket.destroy();
    });
    return server;
  }

  /**
   * The stream below `socket`, if its handshake is not settled. There is no public way to ask. A
   * net.Socket is `_parent` on every runtime; another stream hangs on a symbol of the socket (Bun
   * 1.4), or of the handle below (Node 24, Deno 2.9). Only what is waited for is believed.
   */
  #rawOf(socket: TLSSocket): Duplex | undefined {
    const { _parent, ssl } = socket as unknown as {
      readonly _parent?: unknown;
      readonly ssl?: { readonly _parent?: object };
    };
    const owners = valuesOf(ssl?._parent);
    const candidates = [
      _parent,
      ...valuesOf(socket),
      ...owners.map((owner) => (owner as { stream?: unknown } | null)?.stream),
    ];
    return candidates.find((candidate) =>
      typeof candidate === "object" && candidate !== null &&
      this.#pending.has(candidate as Duplex)
    ) as Duplex | undefined;
  }

  /** Ends the waiting for a handshake. */
  #settle(raw: Duplex): Pending | undefined {
    const pending = this.#pending.get(raw);
    if (pending === undefined) return undefined;
    this.#pending.delete(raw);
    clearTimeout(pending.timer);
    pending.onSettled();
    return pending;
  }

  #fail(raw: Duplex, kind: TlsFault["kind"], message: string): void {
    const pending = this.#settle(raw);
    if (pending === undefined) return;
    raw.destroy();
    const { remoteAddress } = pending;
    this.#onFault({ kind, message: message.trim(), remoteAddress });
  }
}

/** Whether these are the first bytes of an HTTP request; those of TLS begin with 0x16. */
function beginsMethod([byte = 0]: Uint8Array): boolean {
  return byte >= 0x41 && byte <= 0x5a;
}

/** What lies under the symbols of `holder`. */
function valuesOf(holder: object | undefined): unknown[] {
  if (holder === undefined || holder === null) return [];
  return Object.getOwnPropertySymbols(holder).map((symbol) =>
    (holder as Record<symbol, unknown>)[symbol]
  );
}

/** Deno 2.9 would find out in the first handshake, and nobody would be told why. */
function demandPair({ cert, key, passphrase }: TlsIdentity): void {
  const opened = createPrivateKey(
    passphrase === undefined ? key : { key, passphrase },
  );
  if (new X509Certificate(cert).checkPrivateKey(opened)) return;
  throw new Error("the private key does not belong to the certificate");
}

function materialOf(
  { cert, key, passphrase }: TlsIdentity,
  { ca, ciphers, minVersion, maxVersion }: TlsSettings,
): Record<string, string> {
  const given = { cert, key, passphrase, ca, ciphers, minVersion, maxVersion };
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as Record<string, string>;
}

/** Whether `identity` is for `name`: a wildcard stands for one label (RFC 6125 §6.4.3). */
function isFor(identity: TlsIdentity, name: string): boolean {
  const wanted = name.toLowerCase().replace(/\.$/, "");
  const dot = wanted.indexOf(".");
  return identity.names.some((own) =>
    own === wanted ||
    (own.startsWith("*.") && dot > 0 && own.slice(1) === wanted.slice(dot))
  );
}

function kindOf(error: Error, asksForCertificates: boolean): TlsFault["kind"] {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ERR_SSL_HTTP_REQUEST") return "plainHttp";
  // All that Deno 2.9 says of a first byte that is none of TLS.
  if (/InvalidContentType/.test(message)) return "plainHttp";
  return asksForCertificates && /certificat|CERT/i.test(`${code} ${message}`)
    ? "clientCertificate"
    : "other";
}

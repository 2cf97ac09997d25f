/**
 * TLS over `node:tls`, on every runtime: what the runtimes offer of their own lacks client
 * certificates, versions, SNI or the exchange of certificates.
 *
 * A `tls.Server` never listens here. It is handed connections that were accepted plain, which is
 * the one way in which every runtime also judges client certificates. Other settings are another
 * `tls.Server`: handshakes that have begun stay with theirs.
 */
import type { Duplex } from "node:stream";
import { clearTimeout, setTimeout } from "node:timers";
import {
  createSecureContext,
  createServer,
  type SecureContext,
  type Server,
  type TLSSocket,
} from "node:tls";
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
  ): void {
    const { localAddress, remoteAddress } = socket;
    const raw = new SocketDuplex(socket, first);
    this.handshake(raw, remoteAddress, {
      onSettled() {},
      onSecure(secured, tls) {
        const context = {
          listenerAddress: localAddress,
          localAddress,
          isUnix: remoteAddress?.kind !== "tcp",
        };
        const wrapped = new NodeSocket(secured, context, tls);
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
    // Deno 2.9 tells the tls.Server of no peer that vanishes in between.
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
    const contexts = identities.map((identity) => ({
      identity,
      context: createSecureContext(materialOf(identity, settings)),
    }));
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
      const raw = rawOf(socket);
      const pending = this.#settle(raw);
      if (pending === undefined) return void socket.destroy();
      const name = socket.servername as string | false | undefined;
      const identity = (name ? find(name)?.identity : undefined) ?? standard;
      const asked = clientCertificates !== "none";
      pending.onSecure(
        socket,
        new NodeTlsConnection(socket, identity.cert, asked),
      );
    });
    server.on("tlsClientError", (error: Error, socket: TLSSocket) => {
      const kind = kindOf(error, clientCertificates !== "none");
      const { message, code } = error as NodeJS.ErrnoException;
      this.#fail(rawOf(socket), kind, message || code || "unknown error");
      // It stays open otherwise, on every runtime.
      socket.destroy();
    });
    return server;
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

/** The socket below: there is no public way to ask, and this one is the same on every runtime. */
function rawOf(socket: TLSSocket): Duplex {
  return (socket as unknown as { readonly _parent: Duplex })._parent;
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

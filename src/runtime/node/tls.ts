/**
 * TLS over `node:tls`, on every runtime: what the runtimes offer of their own lacks client
 * certificates, versions, SNI or the exchange of certificates.
 *
 * It is spoken on connections that were accepted plain. New settings are for handshakes from then
 * on: those that have begun stay with the settings they began with.
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import type { Duplex } from "node:stream";
import { clearTimeout, setImmediate, setTimeout } from "node:timers";
import {
  createSecureContext,
  type SecureContext,
  type TLSSocket,
} from "node:tls";
import { bun } from "../_bun_types.ts";
import { deno } from "../_deno_types.ts";
import { UNNAMED } from "../listen/addresses.ts";
import { ClientVerdicts } from "./client_verdicts.ts";
import { NodeSocket } from "./socket.ts";
import { attachHandler } from "../socket_events.ts";
import { SocketDuplex } from "./socket_duplex.ts";
import { NodeTlsConnection } from "./tls_connection.ts";
import { createWrap, type Wrap } from "./tls_wrapping.ts";
import type {
  Address,
  Socket,
  SocketHandler,
  TlsContext,
  TlsFault,
  TlsIdentity,
  TlsSettings,
} from "../types.ts";

/** Ours end a handshake: those of node:tls cannot be changed later. */
const NEVER_MS = 2 ** 31 - 1;

/** Who hears how a handshake ends. */
interface Outcome {
  readonly onSecure: (socket: TLSSocket, tls: NodeTlsConnection) => void;
  /** Called once, however it ends, before `onSecure`. */
  readonly onSettled: () => void;
}

/** Settings in use. */
interface Engine {
  readonly settings: TlsSettings;
  readonly wrap: Wrap;
  readonly verdicts: ClientVerdicts;
  readonly find: (name: string) => TlsIdentity | undefined;
}

/** See {@linkcode TlsContext}. */
export class NodeTls implements TlsContext {
  readonly #onFault: (fault: TlsFault) => void;
  #engine: Engine;

  /** @throws Error if `settings` are no good. */
  constructor(settings: TlsSettings, onFault: (fault: TlsFault) => void) {
    this.#onFault = onFault;
    this.#engine = newEngine(settings, new ClientVerdicts());
  }

  update(settings: TlsSettings): void {
    const { settings: { ca }, verdicts } = this.#engine;
    this.#engine = newEngine(
      settings,
      settings.ca === ca ? verdicts : new ClientVerdicts(),
    );
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
        wrapped.overrideAddresses(remoteAddress ?? UNNAMED, localAddress);
        attachHandler(wrapped, accept);
      },
    });
  }

  /** Speaks TLS on `raw`, which is destroyed if that fails. */
  handshake(
    raw: Duplex,
    remoteAddress: Address | undefined,
    { onSecure, onSettled }: Outcome,
  ): void {
    const engine = this.#engine;
    const { clientCertificates, handshakeMs } = engine.settings;
    const asks = clientCertificates !== "none";
    let isSettled = false;
    const settle = (): boolean => {
      if (isSettled) return false;
      isSettled = true;
      clearTimeout(timer);
      onSettled();
      return true;
    };
    const fail = (kind: TlsFault["kind"], message: string): void => {
      if (!settle()) return;
      raw.destroy();
      this.#onFault({ kind, message: message.trim(), remoteAddress });
    };
    const timer = setTimeout(fail, handshakeMs, "timeout", NOT_IN_TIME);
    raw.on("error", () => {});
    // Behind the error that tells why, where there is one.
    raw.on("close", () => setImmediate(fail, "other", "the peer has gone"));
    engine.wrap(raw, {
      onSecure(socket) {
        // It ran out of time in this very turn.
        if (isSettled) return void socket.destroy();
        const refusal = asks ? engine.verdicts.judge(socket) : null;
        if (refusal !== null && clientCertificates === "required") {
          fail("clientCertificate", refusal);
          return void socket.destroy();
        }
        settle();
        const shown = shownTo(socket, raw, engine);
        const certificates = { shown, asks, refusal };
        onSecure(socket, new NodeTlsConnection(socket, certificates));
      },
      onError(error, socket) {
        const { authorizationError } = socket;
        if (asks && authorizationError) {
          // Node and Deno hang up on a certificate that they refuse, and report only that.
          fail("clientCertificate", String(authorizationError));
        } else {
          const { message, code } = error as NodeJS.ErrnoException;
          fail(kindOf(error, asks), message || code || "unknown error");
        }
        socket.destroy();
      },
    });
  }
}

const NOT_IN_TIME = "it did not end in time";

function newEngine(settings: TlsSettings, verdicts: ClientVerdicts): Engine {
  const { identities, clientCertificates } = settings;
  if (deno !== undefined && settings.ciphers !== undefined) {
    // Checked there, but never applied.
    throw new Error(
      `Deno ${deno.version.deno} has no choice of ciphers, run it on Bun or Node`,
    );
  }
  const contexts = new Map(identities.map((identity) => {
    demandPair(identity);
    return [identity, createSecureContext(materialOf(identity, settings))];
  }));
  const find = (name: string) =>
    identities.find((identity) => isFor(identity, name));
  const wrap = createWrap({
    ...materialOf(identities[0]!, settings),
    requestCert: clientCertificates !== "none",
    rejectUnauthorized: clientCertificates === "required",
    ALPNProtocols: [...settings.alpn],
    handshakeTimeout: NEVER_MS,
    SNICallback: (
      name: string,
      done: (error: Error | null, context?: SecureContext) => void,
    ) => {
      const identity = find(name);
      done(null, identity && contexts.get(identity));
    },
  });
  return { settings, wrap, verdicts, find };
}

/** PEM of the certificate that the peer of `socket` was shown. */
function shownTo(socket: TLSSocket, raw: Duplex, engine: Engine): string {
  // Over another stream than a net.Socket, Bun 1.4 asks neither SNICallback nor addContext.
  const isDeaf = bun !== undefined && raw instanceof SocketDuplex;
  const { servername } = socket as { servername?: string | false | null };
  const chosen = servername && !isDeaf ? engine.find(servername) : undefined;
  return (chosen ?? engine.settings.identities[0]!).cert;
}

/** Whether these are the first bytes of an HTTP request; those of TLS begin with 0x16. */
function beginsMethod([byte = 0]: Uint8Array): boolean {
  return byte >= 0x41 && byte <= 0x5a;
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

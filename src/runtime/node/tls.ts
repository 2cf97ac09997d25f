/**
 * TLS over `node:tls`, on every runtime: the native APIs lack client certificates, versions, SNI or
 * the exchange of certificates.
 *
 * Connections are accepted plain and wrapped. New settings apply to new handshakes; those that have
 * begun keep the settings they began with.
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

/** Disables the handshake timer of node:tls, which a change of settings could not reach; ours is used. */
const NEVER_MS = 2 ** 31 - 1;

/** Callbacks for the end of a handshake. */
interface Outcome {
  readonly onSecure: (socket: TLSSocket, tls: NodeTlsConnection) => void;
  /** Called once when it ends, in success or failure, before `onSecure`. */
  readonly onSettled: (isComplete: boolean) => void;
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

  /** @throws Error if `settings` are invalid. */
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
    onSettled: (isComplete: boolean) => void = () => {},
  ): void {
    const { localAddress, remoteAddress } = socket;
    if (beginsMethod(first)) {
      // Over a stream that is not a net.Socket, the error of Deno 2.9 does not name the connection.
      socket.destroy();
      onSettled(false);
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

  /** Starts a handshake on `raw`, which is destroyed if it fails. */
  handshake(
    raw: Duplex,
    remoteAddress: Address | undefined,
    { onSecure, onSettled }: Outcome,
  ): void {
    const engine = this.#engine;
    const { clientCertificates, handshakeMs } = engine.settings;
    const asks = clientCertificates !== "none";
    let isSettled = false;
    const settle = (isComplete: boolean): boolean => {
      if (isSettled) return false;
      isSettled = true;
      clearTimeout(timer);
      onSettled(isComplete);
      return true;
    };
    const fail = (kind: TlsFault["kind"], message: string): void => {
      if (!settle(false)) return;
      raw.destroy();
      this.#onFault({ kind, message: message.trim(), remoteAddress });
    };
    const timer = setTimeout(fail, handshakeMs, "timeout", NOT_IN_TIME);
    raw.on("error", () => {});
    // After the error event, which has the reason, if there is one.
    raw.on("close", () => setImmediate(fail, "other", "the peer has gone"));
    engine.wrap(raw, {
      onSecure(socket) {
        // The timer fired in this same turn.
        if (isSettled) return void socket.destroy();
        const refusal = asks ? engine.verdicts.judge(socket) : null;
        if (refusal !== null && clientCertificates === "required") {
          fail("clientCertificate", refusal);
          return void socket.destroy();
        }
        settle(true);
        const shown = shownTo(socket, raw, engine);
        const certificates = { shown, asks, refusal };
        onSecure(socket, new NodeTlsConnection(socket, certificates));
      },
      onError(error, socket) {
        const { authorizationError } = socket;
        if (asks && authorizationError) {
          // Node and Deno close the connection for a certificate that they refuse, and report only that.
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
    // Deno 2.9 validates the list and never applies it: https://github.com/denoland/deno/pull/33597.
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

/** PEM of the certificate that was sent to the peer of `socket`. */
function shownTo(socket: TLSSocket, raw: Duplex, engine: Engine): string {
  // Over a stream that is not a net.Socket, Bun 1.4 uses neither SNICallback nor addContext: a known
  // gap in https://github.com/oven-sh/bun/pull/32630.
  const ignoresSni = bun !== undefined && raw instanceof SocketDuplex;
  const { servername } = socket as { servername?: string | false | null };
  const chosen = servername && !ignoresSni
    ? engine.find(servername)
    : undefined;
  return (chosen ?? engine.settings.identities[0]!).cert;
}

/** Whether these are the first bytes of an HTTP request; those of TLS begin with 0x16. */
function beginsMethod([byte = 0]: Uint8Array): boolean {
  return byte >= 0x41 && byte <= 0x5a;
}

/** Checked here, because Deno 2.9 fails in the first handshake only, and without a reason. */
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

/** Whether `identity` is for `name`: a wildcard matches one label (RFC 6125 §6.4.3). */
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
  // The error of Deno 2.9 for a first byte that is not of TLS.
  if (/InvalidContentType/.test(message)) return "plainHttp";
  return asksForCertificates && /certificat|CERT/i.test(`${code} ${message}`)
    ? "clientCertificate"
    : "other";
}

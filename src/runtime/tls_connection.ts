/** What a TLS handshake of `node:tls` agreed on. */
import { Buffer } from "node:buffer";
import type { DetailedPeerCertificate, TLSSocket } from "node:tls";
import type { TlsConnection } from "./types.ts";

/** Longest chain that is told. */
const MAX_CHAIN = 16;

const NOBODY: readonly string[] = Object.freeze([]);

/** See {@linkcode TlsConnection}. */
export class NodeTlsConnection implements TlsConnection {
  readonly serverCertificate: string;
  readonly #socket: TLSSocket;
  readonly #asksForCertificates: boolean;
  #clientCertificates: readonly string[] | undefined;

  /** @param cert PEM that was shown. */
  constructor(socket: TLSSocket, cert: string, asksForCertificates: boolean) {
    this.#socket = socket;
    this.serverCertificate = cert;
    this.#asksForCertificates = asksForCertificates;
  }

  get version(): string | null {
    return this.#socket.getProtocol() ?? null;
  }

  get cipherSuite(): string | null {
    return this.#socket.getCipher()?.standardName ?? null;
  }

  get alpn(): string | null {
    return this.#socket.alpnProtocol || null;
  }

  get serverName(): string | null {
    return (this.#socket as { servername?: string | false | null })
      .servername || null;
  }

  get clientCertificates(): readonly string[] {
    return this.#clientCertificates ??= this.#asksForCertificates
      ? chainOf(this.#socket.getPeerCertificate(true))
      : NOBODY;
  }

  get clientCertificateError(): string | null {
    // Where nobody was asked, Deno 2.9 says "authorized", the others do not.
    if (this.clientCertificates.length === 0) return null;
    const { authorized, authorizationError } = this.#socket;
    return authorized
      ? null
      : String(authorizationError ?? "certificate verify failed");
  }
}

function chainOf(leaf: DetailedPeerCertificate | undefined): readonly string[] {
  const chain: string[] = [];
  let certificate = leaf;
  while (certificate?.raw !== undefined && chain.length < MAX_CHAIN) {
    chain.push(pemOf(certificate.raw));
    const issuer = certificate.issuerCertificate;
    // One that signed itself is its own issuer, as another object on Bun.
    if (
      issuer === certificate ||
      issuer?.fingerprint256 === certificate.fingerprint256
    ) break;
    certificate = issuer;
  }
  return chain;
}

function pemOf(raw: Uint8Array): string {
  const lines = Buffer.from(raw).toString("base64").match(/.{1,64}/g) ?? [];
  return [
    "-----BEGIN CERTIFICATE-----",
    ...lines,
    "-----END CERTIFICATE-----",
    "",
  ].join("\n");
}

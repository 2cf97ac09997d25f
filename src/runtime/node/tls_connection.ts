/** What a TLS handshake of `node:tls` agreed on. */
import { Buffer } from "node:buffer";
import type { DetailedPeerCertificate, TLSSocket } from "node:tls";
import type { TlsConnection } from "../types.ts";

/** Longest certificate chain that is reported. */
const MAX_CHAIN = 16;

const NO_CERTIFICATES: readonly string[] = Object.freeze([]);

/** The certificates of a connection. */
export interface Certificates {
  /** PEM of the server's. */
  readonly shown: string;
  /** Whether the client was asked for its own. */
  readonly asks: boolean;
  /** Why verification of the client's failed, or that none was sent; `null` if it passed. */
  readonly refusal: string | null;
}

/** See {@linkcode TlsConnection}. */
export class NodeTlsConnection implements TlsConnection {
  readonly serverCertificate: string;
  readonly #socket: TLSSocket;
  readonly #asks: boolean;
  readonly #refusal: string | null;
  #clientCertificates: readonly string[] | undefined;

  constructor(socket: TLSSocket, { shown, asks, refusal }: Certificates) {
    this.#socket = socket;
    this.serverCertificate = shown;
    this.#asks = asks;
    this.#refusal = refusal;
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
    return this.#clientCertificates ??= this.#asks
      ? chainOf(this.#socket.getPeerCertificate(true))
      : NO_CERTIFICATES;
  }

  get clientCertificateError(): string | null {
    return this.clientCertificates.length === 0 ? null : this.#refusal;
  }
}

function chainOf(leaf: DetailedPeerCertificate | undefined): readonly string[] {
  const chain: string[] = [];
  let certificate = leaf;
  while (certificate?.raw !== undefined && chain.length < MAX_CHAIN) {
    chain.push(pemOf(certificate.raw));
    const issuer = certificate.issuerCertificate;
    // A self-signed certificate is its own issuer; on Bun 1.4 as another object.
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

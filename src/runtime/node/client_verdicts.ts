/**
 * Whether a client's certificate is valid, also where its TLS session is resumed.
 *
 * A resumed session carries the certificate of the handshake that began it, and no proof that it was
 * verified against the current authorities. On Node and Bun the verification result is part of the
 * session, and a ticket is valid for one set of settings only. Deno 2.9 accepts any ticket of the
 * process, even of other settings or another server; it then reports every certificate as authorized,
 * and admits a client without one where one is required. No upstream issue is known. So a resumed
 * session counts as verified only if a full handshake has verified its certificate under the same
 * authorities.
 */
import type { PeerCertificate, TLSSocket } from "node:tls";
import { deno } from "../_deno_types.ts";

/**
 * Most certificates to keep of each kind. Valid and invalid ones have a limit each, so that a client
 * cannot evict the valid ones by presenting many invalid ones.
 */
const MAX_STORED = 16_384;

/** OpenSSL's code for a certificate that no known authority has signed. */
const NOT_VERIFIED = "UNABLE_TO_VERIFY_LEAF_SIGNATURE";
/** Its code where there is none. */
const NO_CERTIFICATE = "UNABLE_TO_GET_ISSUER_CERT";

/** Verification results under one set of authorities, kept as long as these are in use. */
export class ClientVerdicts {
  /** When each valid certificate expires, in milliseconds, by its fingerprint. */
  readonly #good: Map<string, number> = new Map();
  /** Why each other one is invalid. */
  readonly #bad: Map<string, string> = new Map();

  /**
   * Judges the client of a completed handshake.
   *
   * @returns Why its certificate is invalid, or that it has none; `null` if it is valid.
   */
  judge(socket: TLSSocket): string | null {
    const certificate = socket.getPeerCertificate(false);
    const { fingerprint256 } = certificate ?? {};
    if (fingerprint256 === undefined) return NO_CERTIFICATE;
    if (deno !== undefined && socket.isSessionReused()) {
      return this.#lookup(fingerprint256);
    }
    const { authorized, authorizationError } = socket;
    if (authorized) {
      store(this.#good, fingerprint256, endOf(certificate));
      return null;
    }
    const reason = String(authorizationError ?? NOT_VERIFIED);
    store(this.#bad, fingerprint256, reason);
    return reason;
  }

  #lookup(fingerprint: string): string | null {
    const end = this.#good.get(fingerprint);
    if (end === undefined) return this.#bad.get(fingerprint) ?? NOT_VERIFIED;
    return Date.now() < end ? null : "CERT_HAS_EXPIRED";
  }
}

/** When `certificate` expires; 0 if it does not say. */
function endOf({ valid_to: end }: PeerCertificate): number {
  return Date.parse(end) || 0;
}

function store<Value>(
  map: Map<string, Value>,
  key: string,
  value: Value,
): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= MAX_STORED) return;
  const [oldest] = map.keys();
  map.delete(oldest!);
}

/**
 * Whether a client's certificate is to be believed, also where its TLS session is resumed.
 *
 * A resumed session brings the certificate of the handshake that began it, and no proof that it was
 * checked against the authorities in force. On Node and Bun the verdict is part of the session, and
 * tickets are good for one set of settings only. Deno 2.9 takes any ticket of the process, also one
 * of other settings or of another server, and then reports every certificate as authorized, and
 * lets in who has none where one is required. So a resumed session is believed if a full handshake
 * has shown its certificate to be good under the same authorities, and not otherwise.
 */
import type { PeerCertificate, TLSSocket } from "node:tls";
import { deno } from "../_deno_types.ts";

/**
 * Certificates that are remembered, of each kind. Only good ones count against the limit of the
 * good, so that nobody can have them forgotten by showing many bad ones.
 */
const MAX_REMEMBERED = 16_384;

/** What OpenSSL says of a certificate that nothing known vouches for. */
const NOT_VERIFIED = "UNABLE_TO_VERIFY_LEAF_SIGNATURE";
/** What it says where there is none. */
const NO_CERTIFICATE = "UNABLE_TO_GET_ISSUER_CERT";

/** Verdicts under one set of authorities, kept for as long as these are in force. */
export class ClientVerdicts {
  /** Until when each good certificate is, in milliseconds, by its fingerprint. */
  readonly #good: Map<string, number> = new Map();
  /** What was wrong with each other one. */
  readonly #bad: Map<string, string> = new Map();

  /**
   * Judges the client of a handshake that is done.
   *
   * @returns Why its certificate is not believed, or that it has none; `null` if it is believed.
   */
  judge(socket: TLSSocket): string | null {
    const certificate = socket.getPeerCertificate(false);
    const { fingerprint256 } = certificate ?? {};
    if (fingerprint256 === undefined) return NO_CERTIFICATE;
    if (deno !== undefined && socket.isSessionReused()) {
      return this.#recall(fingerprint256);
    }
    const { authorized, authorizationError } = socket;
    if (authorized) {
      remember(this.#good, fingerprint256, endOf(certificate));
      return null;
    }
    const reason = String(authorizationError ?? NOT_VERIFIED);
    remember(this.#bad, fingerprint256, reason);
    return reason;
  }

  #recall(fingerprint: string): string | null {
    const end = this.#good.get(fingerprint);
    if (end === undefined) return this.#bad.get(fingerprint) ?? NOT_VERIFIED;
    return Date.now() < end ? null : "CERT_HAS_EXPIRED";
  }
}

/** When `certificate` expires; what does not say so is not good at all. */
function endOf({ valid_to: end }: PeerCertificate): number {
  return Date.parse(end) || 0;
}

function remember<Value>(
  map: Map<string, Value>,
  key: string,
  value: Value,
): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= MAX_REMEMBERED) return;
  const [oldest] = map.keys();
  map.delete(oldest!);
}

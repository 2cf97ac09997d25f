/** The client's certificate in the shape of `tlsSocket.getPeerCertificate()`. */
import { X509Certificate } from "node:crypto";

/** One certificate, and with `detailed` the one that signed it. */
export type PeerCertificate = Record<string, unknown>;

/**
 * Reads a chain of certificates.
 *
 * @param chain PEM, the client's own first.
 * @param detailed Whether to link those that signed it as `issuerCertificate`.
 * @returns An empty object if there is none, as of a client that has sent none.
 */
export function peerCertificate(
  chain: readonly string[],
  detailed: boolean,
): PeerCertificate {
  if (chain.length === 0) return {};
  const all = detailed ? chain : chain.slice(0, 1);
  const read = all.map((pem): PeerCertificate => ({
    ...new X509Certificate(pem).toLegacyObject() as object,
  }));
  if (detailed) {
    for (const [i, one] of read.entries()) {
      // A chain ends in a certificate that signs itself.
      one["issuerCertificate"] = read[i + 1] ?? one;
    }
  }
  return read[0]!;
}

/** The extension `tls` of a scope (ASGI: TLS Extension). */
import type { TlsExtension } from "../../asgi.ts";
import type { TlsConnection } from "../../runtime/types.ts";
import { readCertificate } from "../../tls/certificate_reader.ts";
import { cipherSuiteNumber } from "../../tls/cipher_suites.ts";

/** Numbers on the wire (RFC 8446 §4.2.1). */
const VERSIONS: Readonly<Record<string, number>> = {
  "TLSv1.2": 0x0303,
  "TLSv1.3": 0x0304,
};

const NO_CERTIFICATES: readonly string[] = Object.freeze([]);

/** Built once for each connection. Frozen: all of its scopes share it. */
export function tlsExtension(tls: TlsConnection): TlsExtension {
  const { version, cipherSuite, clientCertificates } = tls;
  const [client] = clientCertificates;
  return Object.freeze({
    server_cert: tls.serverCertificate,
    client_cert_chain: client === undefined
      ? NO_CERTIFICATES
      : Object.freeze([...clientCertificates]),
    client_cert_name: client === undefined
      ? null
      : readCertificate(client)?.subject ?? null,
    // Null for a verified certificate, or none; otherwise a text that is never empty.
    client_cert_error: client === undefined
      ? null
      : verificationError(tls.clientCertificateError),
    tls_version: version === null ? null : VERSIONS[version] ?? null,
    cipher_suite: cipherSuite === null ? null : cipherSuiteNumber(cipherSuite),
  });
}

function verificationError(error: string | null): string | null {
  return error === "" ? "certificate verify failed" : error;
}

/** What applications are told of TLS: the extension `tls` of a scope (asgi: ). */
import type { TlsExtension } from "../../asgi.ts";
import type { TlsConnection } from "../../runtime/types.ts";
import { readCertificate } from "../../tls/certificate_reader.ts";
import { cipherSuiteNumber } from "../../tls/cipher_suites.ts";

/** Numbers on the wire (RFC 8446 §4.2.1). */
const VERSIONS: Readonly<Record<string, number>> = {
  "TLSv1.2": 0x0303,
  "TLSv1.3": 0x0304,
};

const NOBODY: readonly string[] = Object.freeze([]);

/** Asks a connection for everything, once. Frozen: all scopes of the connection share it. */
export function tlsExtension(tls: TlsConnection): TlsExtension {
  const { version, cipherSuite, clientCertificates } = tls;
  const [client] = clientCertificates;
  return Object.freeze({
    server_cert: tls.serverCertificate,
    client_cert_chain: client === undefined
      ? NOBODY
      : Object.freeze([...clientCertificates]),
    client_cert_name: client === undefined
      ? null
      : readCertificate(client)?.subject ?? null,
    // text that is never empty, and only where there is a certificate to doubt.
    client_cert_error: client === undefined
      ? null
      : doubt(tls.clientCertificateError),
    tls_version: version === null ? null : VERSIONS[version] ?? null,
    cipher_suite: cipherSuite === null ? null : cipherSuiteNumber(cipherSuite),
  });
}

function doubt(error: string | null): string | null {
  return error === "" ? "certificate verify failed" : error;
}

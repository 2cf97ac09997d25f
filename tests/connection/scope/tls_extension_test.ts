/** The `tls` extension of a scope (asgi: ). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { tlsExtension } from "../../../src/connection/scope/tls_extension.ts";
import type { TlsConnection } from "../../../src/runtime/types.ts";
import { TestAuthority } from "../../_support/certificates.ts";

const authority = new TestAuthority();
const server = authority.server();
const client = authority.client();

function connection(fields: Partial<TlsConnection> = {}): TlsConnection {
  return {
    version: "TLSv1.3",
    cipherSuite: "TLS_AES_128_GCM_SHA256",
    alpn: "http/1.1",
    serverName: "localhost",
    serverCertificate: server.cert,
    clientCertificates: [],
    clientCertificateError: null,
    ...fields,
  };
}

test("every field is there when no client certificate was sent", () => {
  const extension = tlsExtension(connection());
  assert.deepEqual(extension, {
    server_cert: server.cert,
    client_cert_chain: [],
    client_cert_name: null,
    client_cert_error: null,
    tls_version: 0x0304,
    cipher_suite: 0x1301,
  });
  assert.ok(Object.isFrozen(extension));
  assert.ok(Object.isFrozen(extension.client_cert_chain));
});

test("the client's chain comes with the name of its first certificate (asgi:A-203)", () => {
  const clientCertificates = [client.cert, authority.cert];
  const extension = tlsExtension(connection({ clientCertificates }));
  assert.deepEqual(extension.client_cert_chain, clientCertificates);
  assert.ok(Object.isFrozen(extension.client_cert_chain));
  assert.equal(extension.client_cert_name, "CN=alice,O=Tricorn,C=DE");
  assert.equal(extension.client_cert_error, null);
});

test("a certificate that was let through unverified says why, and never with nothing (asgi:A-204)", () => {
  const error = (clientCertificateError: string | null, sent = true) =>
    tlsExtension(connection({
      clientCertificates: sent ? [client.cert] : [],
      clientCertificateError,
    })).client_cert_error;
  assert.equal(error("self-signed certificate"), "self-signed certificate");
  assert.equal(error(""), "certificate verify failed");
  assert.equal(error("UNABLE_TO_GET_ISSUER_CERT", false), null);
});

test("what a runtime does not tell, or nobody knows, is null", () => {
  const extension = tlsExtension(connection({
    version: null,
    cipherSuite: "TLS_OF_NEXT_YEAR",
    serverCertificate: null,
  }));
  assert.equal(extension.tls_version, null);
  assert.equal(extension.cipher_suite, null);
  assert.equal(extension.server_cert, null);
});

test("TLS 1.2 has its own number, and a client certificate that is no certificate no name", () => {
  const extension = tlsExtension(connection({
    version: "TLSv1.2",
    cipherSuite: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    clientCertificates: ["nonsense"],
  }));
  assert.equal(extension.tls_version, 0x0303);
  assert.equal(extension.cipher_suite, 0xc02f);
  assert.equal(extension.client_cert_name, null);
});

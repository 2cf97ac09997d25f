import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import type { TLSSocket } from "node:tls";
import { NodeTlsConnection } from "../../../src/runtime/node/tls_connection.ts";
import { TestAuthority } from "../../_support/certificates.ts";

const authority = new TestAuthority();
const leaf = authority.server();
const rawOf = (pem: string) => new X509Certificate(pem).raw;

interface Peer {
  raw?: Uint8Array;
  fingerprint256?: string;
  issuerCertificate?: Peer;
}

function connectionOf(
  peer: Peer | undefined,
  { asks = true, refusal = null as string | null, ...socket } = {},
): NodeTlsConnection {
  let reads = 0;
  const raw = {
    getProtocol: () => "TLSv1.3",
    getCipher: () => ({ standardName: "TLS_AES_128_GCM_SHA256" }),
    alpnProtocol: "http/1.1",
    servername: "a.test",
    getPeerCertificate: () => {
      assert.equal(++reads, 1, "read once");
      return peer;
    },
    ...socket,
  } as unknown as TLSSocket;
  return new NodeTlsConnection(raw, { shown: leaf.cert, asks, refusal });
}

/** A chain of the leaf and its authority, which signed itself. */
function chain(isSelf: boolean): Peer {
  const root: Peer = { raw: rawOf(authority.cert), fingerprint256: "root" };
  root.issuerCertificate = isSelf ? root : { ...root };
  return {
    raw: rawOf(leaf.cert),
    fingerprint256: "leaf",
    issuerCertificate: root,
  };
}

test("NodeTlsConnection tells what was agreed on", () => {
  const connection = connectionOf({});
  assert.equal(connection.version, "TLSv1.3");
  assert.equal(connection.cipherSuite, "TLS_AES_128_GCM_SHA256");
  assert.equal(connection.alpn, "http/1.1");
  assert.equal(connection.serverName, "a.test");
  assert.equal(connection.serverCertificate, leaf.cert);
});

test("NodeTlsConnection has null for what was not agreed on, however that is said", () => {
  for (const nothing of [false, null, undefined, ""]) {
    const socket = {
      getProtocol: () => null,
      getCipher: () => undefined,
      alpnProtocol: nothing,
      servername: nothing,
    };
    const connection = connectionOf({}, socket as never);
    assert.equal(connection.version, null);
    assert.equal(connection.cipherSuite, null);
    assert.equal(connection.alpn, null);
    assert.equal(connection.serverName, null);
  }
});

// On Node the root is its own issuer, on Bun it is an equal object.
for (const isSelf of [true, false]) {
  test(`NodeTlsConnection ends a chain at the root ${isSelf ? "itself" : "that is repeated"}`, () => {
    const connection = connectionOf(chain(isSelf));
    assert.deepEqual(
      connection.clientCertificates.map((pem) =>
        new X509Certificate(pem).fingerprint256
      ),
      [leaf.cert, authority.cert].map((pem) =>
        new X509Certificate(pem).fingerprint256
      ),
    );
    assert.equal(connection.clientCertificates.length, 2, "and once more");
  });
}

test("NodeTlsConnection limits the length of a chain", () => {
  let peer: Peer | undefined;
  for (let i = 0; i < 100; i++) {
    peer = {
      raw: rawOf(leaf.cert),
      fingerprint256: `${i}`,
      ...peer && { issuerCertificate: peer },
    };
  }
  assert.equal(connectionOf(peer).clientCertificates.length, 16);
});

test("NodeTlsConnection does not look for certificates that were not asked for", () => {
  const getPeerCertificate = () => {
    throw new Error("Cannot happen: it was not asked");
  };
  const connection = connectionOf(
    {},
    { asks: false, refusal: "none", getPeerCertificate } as never,
  );
  assert.deepEqual(connection.clientCertificates, []);
  assert.equal(connection.clientCertificateError, null);
});

test("NodeTlsConnection has an error only for a certificate that was sent", () => {
  const refusal = "CERT_HAS_EXPIRED";
  assert.equal(
    connectionOf(chain(true), { refusal }).clientCertificateError,
    refusal,
  );
  assert.equal(connectionOf({}, { refusal }).clientCertificateError, null);
});

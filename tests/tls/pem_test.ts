import assert from "node:assert/strict";
import { test } from "node:test";
import {
  certificatesIn,
  fromPem,
  pemBlocks,
  privateKeyIn,
  toPem,
} from "../../src/tls/pem.ts";

const CERT = toPem("CERTIFICATE", Uint8Array.of(1, 2, 3));
const OTHER = toPem("CERTIFICATE", new Uint8Array(100).fill(7));
const KEY = toPem("EC PRIVATE KEY", Uint8Array.of(9));

test("toPem() breaks lines after 64 characters, and fromPem() reads them back", () => {
  assert.equal(
    CERT,
    "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n",
  );
  assert.equal(Math.max(...OTHER.split("\n").map((line) => line.length)), 64);
  assert.deepEqual(fromPem(OTHER), new Uint8Array(100).fill(7));
});

test("certificatesIn() and privateKeyIn() look into one file with everything", () => {
  const text = `Bag Attributes\n${KEY}subject=CN = x\n${CERT}\n${OTHER}`;
  assert.deepEqual(certificatesIn(text), [CERT, OTHER]);
  assert.equal(privateKeyIn(text), KEY);
  assert.deepEqual(pemBlocks(text).map(({ label }) => label), [
    "EC PRIVATE KEY",
    "CERTIFICATE",
    "CERTIFICATE",
  ]);
});

test("Windows line ends are read", () => {
  assert.deepEqual(certificatesIn(CERT.replaceAll("\n", "\r\n")), [CERT]);
});

test("a request, parameters or a cut block are no certificate", () => {
  assert.deepEqual(
    certificatesIn(toPem("CERTIFICATE REQUEST", Uint8Array.of(1))),
    [],
  );
  assert.deepEqual(
    certificatesIn(toPem("EC PARAMETERS", Uint8Array.of(1))),
    [],
  );
  assert.deepEqual(certificatesIn(CERT.slice(0, -20)), []);
  assert.equal(privateKeyIn(CERT), undefined);
});

test("fromPem() gives nothing for text that is no PEM, or no base64", () => {
  assert.equal(fromPem("hello"), undefined);
  assert.equal(fromPem(CERT.replace("AQID", "A*ID")), undefined);
});

test("a long text without an end is looked at once", () => {
  const text = "-----BEGIN CERTIFICATE-----\n".repeat(20_000);
  assert.deepEqual(certificatesIn(text), []);
});

import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import { developmentCertificate } from "../../../src/server/tls/development_certificate.ts";

test("is good for this machine's names and the hosts that are listened on", () => {
  const { names, identity, fingerprint } = developmentCertificate([
    { kind: "tcp", host: "dev.test", port: 0 },
    { kind: "tcp", host: "127.0.0.1", port: 0 },
    { kind: "tcp", host: "0.0.0.0", port: 0 },
    { kind: "tcp", host: "", port: 0 },
    { kind: "unix", path: "x.sock" },
  ]);
  assert.deepEqual(names, ["localhost", "127.0.0.1", "::1", "dev.test"]);
  const certificate = new X509Certificate(identity.cert);
  for (const host of ["localhost", "dev.test"]) {
    assert.equal(certificate.checkHost(host), host);
  }
  assert.ok(certificate.checkIP("127.0.0.1"));
  assert.equal(certificate.fingerprint256, fingerprint);
  assert.equal(certificate.ca, false);
});

test("is another one each time", () => {
  assert.notEqual(
    developmentCertificate([]).fingerprint,
    developmentCertificate([]).fingerprint,
  );
});

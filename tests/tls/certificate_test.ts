/** Certificates as others see them: the runtime's own reader, and openssl. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { join } from "node:path";
import { test } from "node:test";
import { issueCertificate } from "../../src/tls/certificate.ts";
import {
  expired,
  keyPem,
  rsaKey,
  TestAuthority,
  withFolder,
} from "../_support/certificates.ts";
import { needsProgram } from "../_support/needs.ts";

const authority = new TestAuthority();

test("a certificate says what it was asked to say", () => {
  const { cert, key } = authority.server(["localhost", "*.example.com", "::1"]);
  const seen = new X509Certificate(cert);
  assert.match(seen.subject, /CN=localhost/);
  assert.match(seen.issuer, /CN=Test Authority/);
  assert.match(
    seen.subjectAltName ?? "",
    /DNS:localhost, DNS:\*\.example\.com, IP Address:/,
  );
  assert.equal(seen.checkPrivateKey(createPrivateKey(key)), true);
  assert.equal(new X509Certificate(authority.cert).ca, true);
  assert.equal(seen.ca, false);
});

test("validity is in whole seconds, in this century and the next", () => {
  const { cert } = issueCertificate({
    subject: [["CN", "x"]],
    notBefore: new Date("2020-02-29T01:02:03.999Z"),
    notAfter: new Date("2120-02-29T04:05:06Z"),
  });
  const { validFrom, validTo } = new X509Certificate(cert);
  assert.equal(Date.parse(validFrom), Date.parse("2020-02-29T01:02:03Z"));
  assert.equal(Date.parse(validTo), Date.parse("2120-02-29T04:05:06Z"));
});

test("each certificate has a serial number of its own, or the one it is given", () => {
  const serial = (cert: string) => new X509Certificate(cert).serialNumber;
  assert.notEqual(
    serial(authority.client().cert),
    serial(authority.client().cert),
  );
  const given = authority.client("x", { serial: Uint8Array.of(0, 0x9a, 1) });
  assert.match(serial(given.cert), /^0*9A01$/i);
});

test("openssl believes what the authority signed, and nothing else", {
  skip: needsProgram("openssl"),
}, () =>
  withFolder((folder) => {
    const verify = (...args: string[]) => {
      const { status, stdout, stderr } = spawnSync(
        "openssl",
        ["verify", "-x509_strict", "-CAfile", "ca.pem", ...args],
        { cwd: folder.path, encoding: "utf8" },
      );
      return { status, said: stdout + stderr };
    };
    const intermediate = authority.intermediate();
    folder.write("ca.pem", authority.cert);
    folder.write("server.pem", authority.server().cert);
    folder.write("client.pem", authority.client().cert);
    folder.write("rsa.pem", authority.server(["a"], { key: rsaKey() }).cert);
    folder.write("old.pem", authority.server(["a"], expired()).cert);
    folder.write("other.pem", new TestAuthority("Other").server().cert);
    folder.write("between.pem", intermediate.cert);
    folder.write(
      "below.pem",
      authority.server(["a"], { issuer: intermediate }).cert,
    );
    for (const file of ["server.pem", "client.pem", "rsa.pem"]) {
      assert.deepEqual(verify(file), { status: 0, said: `${file}: OK\n` });
    }
    assert.equal(verify("-untrusted", "between.pem", "below.pem").status, 0);
    assert.match(verify("old.pem").said, /has expired/);
    assert.notEqual(verify("other.pem").status, 0);
  }));

test("openssl opens the keys, encrypted ones with their passphrase", {
  skip: needsProgram("openssl"),
}, () =>
  withFolder((folder) => {
    for (const form of ["pkcs8", "pkcs1"] as const) {
      folder.write("key.pem", keyPem(rsaKey(), form, "secret"));
      for (
        const [passphrase, status] of [["secret", 0], ["wrong", 1]] as const
      ) {
        const checked = spawnSync("openssl", [
          "pkey",
          "-in",
          join(folder.path, "key.pem"),
          "-passin",
          `pass:${passphrase}`,
          "-noout",
        ]);
        assert.equal(checked.status, status, `${form} with ${passphrase}`);
      }
    }
  }));

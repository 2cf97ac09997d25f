import assert from "node:assert/strict";
import { test } from "node:test";
import { issueCertificate } from "../../src/tls/certificate.ts";
import { readCertificate } from "../../src/tls/certificate_reader.ts";
import { toPem } from "../../src/tls/pem.ts";
import { TestAuthority } from "../_support/certificates.ts";

const authority = new TestAuthority();

test("tells the names a server's certificate is good for, in lower case", () => {
  const { cert } = authority.server([
    "Example.com",
    "*.Example.com",
    "127.0.0.1",
    "xn--bcher-kva.example",
  ]);
  assert.deepEqual(readCertificate(cert)?.hostNames, [
    "example.com",
    "*.example.com",
    "xn--bcher-kva.example",
  ]);
});

test("takes the common name only where no other name is given (RFC 6125 §6.4.4)", () => {
  const named = (subject: string, names: string[]) =>
    readCertificate(
      authority.server(names, { subject: [["CN", subject]] }).cert,
    )?.hostNames;
  assert.deepEqual(named("old.test", []), ["old.test"]);
  assert.deepEqual(named("old.test", ["new.test"]), ["new.test"]);
  assert.deepEqual(named("old.test", ["::1"]), []);
  assert.deepEqual(named("Alice Example", []), []);
});

test("leaves out what is no host name", () => {
  const { cert } = authority.server(["a b", "", "ok.test", "a\0.test", "*"]);
  assert.deepEqual(readCertificate(cert)?.hostNames, ["ok.test"]);
});

test("tells the subject as RFC 4514 writes it", () => {
  const { cert } = authority.client("Alice, the first");
  assert.equal(
    readCertificate(cert)?.subject,
    "CN=Alice\\, the first,O=Tricorn,C=DE",
  );
});

test("reads the first certificate of several", () => {
  const { cert } = authority.server(["a.test"]);
  assert.deepEqual(readCertificate(cert + authority.cert)?.hostNames, [
    "a.test",
  ]);
});

test("any damage gives nothing, never an exception", () => {
  const whole = issueCertificate({
    subject: [["CN", "x"]],
    names: ["x.test"],
    notBefore: new Date(0),
    notAfter: new Date(1e12),
  }).der;
  for (let cut = 0; cut < whole.length; cut++) {
    const pem = toPem("CERTIFICATE", whole.subarray(0, cut));
    assert.equal(readCertificate(pem), undefined, `cut at ${cut}`);
  }
  for (let at = 0; at < whole.length; at++) {
    for (const value of [0, 0x1f, 0x30, 0x7f, 0x80, 0x84, 0xff]) {
      const damaged = whole.slice();
      damaged[at] = value;
      readCertificate(toPem("CERTIFICATE", damaged));
    }
  }
  assert.equal(readCertificate(""), undefined);
});

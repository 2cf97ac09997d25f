import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { peerCertificate } from "../../../../src/application/adapters/node/peer_certificate.ts";
import { TestAuthority } from "../../../_support/certificates.ts";

const authority = new TestAuthority("Root");
const { cert: root } = authority.issued;
const { cert: alice } = authority.client("alice");

const nameOf = (certificate: unknown) =>
  (certificate as { subject: { CN: string } }).subject.CN;

describe("peerCertificate", () => {
  test("is an empty object without a certificate", () => {
    assert.deepEqual(peerCertificate([], false), {});
    assert.deepEqual(peerCertificate([], true), {});
  });

  test("reads the client's own", () => {
    const read = peerCertificate([alice, root], false);
    assert.equal(nameOf(read), "alice");
    assert.match(String(read["fingerprint256"]), /^([0-9A-F]{2}:){31}/);
    assert.ok(Number.isFinite(Date.parse(String(read["valid_to"]))));
    assert.equal("issuerCertificate" in read, false);
  });

  test("links who signed it, up to one that signs itself", () => {
    const read = peerCertificate([alice, root], true);
    const issuer = read["issuerCertificate"] as Record<string, unknown>;
    assert.equal(nameOf(read), "alice");
    assert.equal(nameOf(issuer), "Root");
    assert.equal(issuer["issuerCertificate"], issuer);
  });
});

/** Certificates and keys that cannot work are found out before anybody connects. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  authoritiesProblem,
  type CheckedIdentity,
  checkIdentity,
  type IdentityProblem,
  IS_ENCRYPTED,
} from "../../src/tls/identity.ts";
import { toPem } from "../../src/tls/pem.ts";
import {
  expired,
  keyPem,
  notYetValid,
  rsaKey,
  TestAuthority,
} from "../_support/certificates.ts";

const authority = new TestAuthority();
const good = authority.server(["a.test", "*.b.test"]);
const other = authority.server();
const rsa = authority.server(["a.test"], { key: rsaKey() });
const NOW = new Date();

function check(
  cert: string,
  key?: string,
  passphrase?: string,
): CheckedIdentity | IdentityProblem {
  return checkIdentity({ cert, key, passphrase }, NOW);
}

test("a good certificate tells names, end and fingerprint", () => {
  const identity = check(good.cert, good.key) as CheckedIdentity;
  assert.equal(identity.cert, good.cert);
  assert.equal(identity.key.trim(), good.key.trim());
  assert.deepEqual(identity.names, ["a.test", "*.b.test"]);
  assert.ok(identity.notAfter > NOW);
  assert.match(identity.fingerprint, /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
});

test("key and chain may lie in the certificate's file, in any order", () => {
  const identity = check(good.key + good.cert + authority.cert);
  assert.ok("names" in identity);
  assert.equal(identity.cert, good.cert + authority.cert);
  assert.equal(identity.key.trim(), good.key.trim());
});

for (
  const [form, key, cert] of [
    ["pkcs8", rsaKey(), rsa],
    ["pkcs1", rsaKey(), rsa],
    ["pkcs8", good.privateKey, good],
    ["sec1", good.privateKey, good],
  ] as const
) {
  const kind = `${key.asymmetricKeyType} key in ${form}`;
  test(`takes a plain ${kind}, and a passphrase that nothing needs`, () => {
    const identity = check(cert.cert, keyPem(key, form), "not needed");
    assert.ok("names" in identity);
    assert.equal(identity.passphrase, undefined);
  });

  test(`takes an encrypted ${kind} with its passphrase only`, () => {
    const pem = keyPem(key, form, "sésame");
    const identity = check(cert.cert, pem, "sésame");
    assert.ok("names" in identity);
    assert.equal(identity.passphrase, "sésame");
    assert.deepEqual(check(cert.cert, pem), {
      part: "key",
      reason: IS_ENCRYPTED,
    });
    for (const wrong of ["", "sesame", "x".repeat(2000)]) {
      assert.deepEqual(check(cert.cert, pem, wrong), {
        part: "passphrase",
        reason: "it does not open the private key",
      });
    }
  });
}

const DAMAGED = toPem("CERTIFICATE", new Uint8Array(300));
const DAMAGED_KEY = toPem("PRIVATE KEY", new Uint8Array(100));

for (
  const [what, cert, key, part, reason] of [
    ["an empty file", "", undefined, "cert", /no PEM certificate found/],
    ["something else", "hello", good.key, "cert", /no PEM certificate found/],
    [
      "a key in the certificate's place",
      good.key,
      undefined,
      "cert",
      /no PEM certificate/,
    ],
    ["a damaged certificate", DAMAGED, good.key, "cert", /^it is damaged/],
    [
      "a damaged chain",
      good.cert + DAMAGED,
      good.key,
      "cert",
      /^certificate 2 of it is damaged/,
    ],
    [
      "a certificate alone",
      good.cert,
      undefined,
      "cert",
      /holds no private key/,
    ],
    [
      "a certificate in the key's place",
      good.cert,
      good.cert,
      "key",
      /no PEM private key/,
    ],
    [
      "a damaged key",
      good.cert,
      DAMAGED_KEY,
      "key",
      /damaged or of unknown kind/,
    ],
    [
      "a damaged key beside the certificate",
      good.cert + DAMAGED_KEY,
      undefined,
      "cert",
      /damaged or of unknown kind/,
    ],
    [
      "the key of another certificate",
      good.cert,
      other.key,
      "key",
      /does not belong to the certificate/,
    ],
    [
      "a key of another kind",
      good.cert,
      keyPem(rsaKey(), "pkcs8"),
      "key",
      /does not belong/,
    ],
    [
      "the key of the authority below it",
      good.cert + authority.issued.key,
      undefined,
      "cert",
      /does not belong/,
    ],
  ] as const
) {
  test(`refuses ${what}`, () => {
    const problem = check(cert, key) as IdentityProblem;
    assert.equal(problem.part, part);
    assert.match(problem.reason, reason);
  });
}

test("refuses a certificate before and after its time", () => {
  const old = authority.server(["a.test"], expired());
  assert.match(
    (check(old.cert, old.key) as IdentityProblem).reason,
    /^the certificate expired on /,
  );
  const young = authority.server(["a.test"], notYetValid());
  assert.match(
    (check(young.cert, young.key) as IdentityProblem).reason,
    /^the certificate is not valid before /,
  );
});

test("a list of authorities holds certificates, all of them readable", () => {
  assert.equal(authoritiesProblem(authority.cert + good.cert), undefined);
  assert.match(authoritiesProblem("")!, /no PEM certificate found/);
  assert.match(authoritiesProblem(good.key)!, /no PEM certificate found/);
  assert.match(
    authoritiesProblem(authority.cert + DAMAGED)!,
    /^certificate 2 of it is damaged/,
  );
});

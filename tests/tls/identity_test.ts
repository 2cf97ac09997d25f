/** Certificates and keys that cannot work are found out before anybody connects. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  checkAuthorities,
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
  const both = authority.cert + good.cert;
  assert.deepEqual(checkAuthorities(both), { ca: both });
  for (
    const [text, reason] of [
      ["", "no PEM certificate found in it"],
      [good.key, "no PEM certificate found in it"],
      [authority.cert + DAMAGED, "certificate 2 of it is damaged"],
      [authority.cert.trimEnd() + good.cert, "certificate 1 of it is damaged"],
    ] as const
  ) {
    assert.deepEqual(checkAuthorities(text), { reason });
  }
});

test("takes files with a byte order mark, Windows line ends and text in front", () => {
  const dress = (pem: string) =>
    `\ufeffBag Attributes\r\n  x: y\r\n${pem.replaceAll("\n", " \r\n")}`;
  const identity = check(dress(good.cert), dress(good.key)) as CheckedIdentity;
  assert.equal(identity.cert, good.cert);
  assert.equal(identity.key, good.key);
  assert.deepEqual(checkAuthorities(dress(authority.cert)), {
    ca: authority.cert,
  });
});

test("a trusted certificate loses the settings behind it", () => {
  const settings = Uint8Array.of(0x30, 0x03, 0x0c, 0x01, 0x78);
  const trusted = Uint8Array.of(...good.der, ...settings);
  const identity = check(toPem("TRUSTED CERTIFICATE", trusted), good.key);
  assert.equal((identity as CheckedIdentity).cert, good.cert);
});

const octets = good.der;
const flipped = (at: number, value: number) => {
  const copy = Uint8Array.from(octets);
  copy[at] = value;
  return copy;
};

for (
  const [what, pem] of [
    [
      "joined to the next without a line break",
      good.cert.trimEnd() + good.cert,
    ],
    ["cut in its base64", good.cert.replace(/.{5}\n-----END/, "\n-----END")],
    ["cut before its end", good.cert.slice(0, -30)],
    ["that has lost its first line", good.cert.replace(/^.*\n/, "")],
    ["in one line", good.cert.replaceAll("\n", " ")],
    ["cut in its DER", toPem("CERTIFICATE", octets.slice(0, -1))],
    [
      "with something behind its DER",
      toPem("CERTIFICATE", Uint8Array.of(...octets, 0)),
    ],
    ["whose length is wrong", toPem("CERTIFICATE", flipped(3, octets[3]! - 1))],
    ["of another tag", toPem("CERTIFICATE", flipped(0, 0x31))],
    [
      "that is a key",
      toPem(
        "CERTIFICATE",
        Uint8Array.from(
          good.privateKey.export({ type: "pkcs8", format: "der" }),
        ),
      ),
    ],
  ] as const
) {
  test(`refuses a certificate ${what}`, () => {
    for (const text of [pem, good.cert + pem, pem + good.cert]) {
      const problem = check(text, good.key) as IdentityProblem;
      assert.equal(problem.part, "cert");
      assert.match(problem.reason, /\bit is damaged$/);
    }
  });
}

const keyOctets = Uint8Array.from(
  good.privateKey.export({ type: "pkcs8", format: "der" }),
);

for (
  const [what, pem] of [
    ["cut in its base64", good.key.replace(/.{5}\n-----END/, "\n-----END")],
    ["cut before its end", good.key.slice(0, -30)],
    [
      "joined to a certificate without a line break",
      good.key.trimEnd() + good.cert,
    ],
    ["in one line", good.key.replaceAll("\n", " ")],
    [
      "with something behind it",
      toPem(
        "PRIVATE KEY",
        Uint8Array.of(...keyOctets, 0),
      ),
    ],
    ["cut in its DER", toPem("PRIVATE KEY", keyOctets.slice(0, -1))],
  ] as const
) {
  test(`refuses a key ${what}`, () => {
    assert.deepEqual(check(good.cert, pem), {
      part: "key",
      reason: "the private key is damaged or of unknown kind",
    });
  });
}

test("names the form of OpenSSH", () => {
  const key = toPem("OPENSSH PRIVATE KEY", new Uint8Array(40));
  assert.deepEqual(check(good.cert, key), {
    part: "key",
    reason: "the private key is in the form of OpenSSH, expected PKCS #8",
  });
});

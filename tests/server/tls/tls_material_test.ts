/** From options and files to settings; every bad file is told in one line that names option and file. */
import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { join } from "node:path";
import { test } from "node:test";
import type { OptionsInput } from "../../../src/config/options/mod.ts";
import type { SslContext } from "../../../src/config/options/tls.ts";
import { resolveOptions } from "../../../src/config/resolve.ts";
import { ConfigError } from "../../../src/errors.ts";
import { loadTls, tlsFiles } from "../../../src/server/tls/tls_material.ts";
import {
  expired,
  keyPem,
  notYetValid,
  type ScratchFolder,
  TestAuthority,
  withFolder,
} from "../../_support/certificates.ts";
import { ENCRYPTED_KEYS, PLAIN_KEY } from "../../_support/encrypted_keys.ts";

const authority = new TestAuthority();
const good = authority.server(["a.test", "127.0.0.1"]);
const second = authority.server(["b.test", "*.b.test"]);
const nameless = authority.server([], { subject: [["O", "Nobody"]] });

function load(input: OptionsInput) {
  return loadTls(resolveOptions(input), undefined);
}

/** All files a test may need. */
function writeAll(folder: ScratchFolder) {
  return {
    cert: folder.write("cert.pem", good.cert),
    key: folder.write("key.pem", good.key),
    both: folder.write("both.pem", good.key, good.cert, authority.cert),
    second: folder.write("second.pem", second.cert, second.key),
    ca: folder.write("ca.pem", authority.cert),
    secret: folder.write("secret.pem", keyPem(good.privateKey, "pkcs8", "s")),
    other: folder.write("other.pem", second.key),
    empty: folder.write("empty.pem", ""),
    none: join(folder.path, "none.pem"),
    old: folder.write(
      "old.pem",
      authority.server(["a"], { ...expired(), key: good.privateKey }).cert,
    ),
    young: folder.write(
      "young.pem",
      authority.server(["a"], { ...notYetValid(), key: good.privateKey }).cert,
    ),
    nameless: folder.write("nameless.pem", nameless.cert, nameless.key),
    folder: folder.path,
  };
}

test("certificate and key come from their files, all else from the options", () =>
  withFolder(async (folder) => {
    const { cert, key } = writeAll(folder);
    const { settings, summary } = await load({
      sslCertfile: cert,
      sslKeyfile: key,
      sslMinVersion: "TLSv1.3",
      timeoutTlsHandshake: 3,
    });
    assert.deepEqual(settings, {
      identities: [{
        names: ["a.test"],
        cert: good.cert,
        key: good.key,
        passphrase: undefined,
      }],
      ca: undefined,
      clientCertificates: "none",
      minVersion: "TLSv1.3",
      maxVersion: "TLSv1.3",
      ciphers: undefined,
      alpn: ["http/1.1"],
      handshakeMs: 3000,
    });
    assert.match(summary, /^a\.test \(valid until \d{4}-\d\d-\d\d\)$/);
  }));

test("one file may hold key and chain; further certificates bring their names", () =>
  withFolder(async (folder) => {
    const files = writeAll(folder);
    const { settings, summary } = await load({
      sslCertfile: files.both,
      sslSni: [{ certfile: files.second }],
      sslCaCerts: files.ca,
      sslCertReqs: "required",
      sslCiphers: "ECDHE-ECDSA-AES128-GCM-SHA256",
    });
    assert.equal(settings.identities[0]!.cert, good.cert + authority.cert);
    assert.deepEqual(settings.identities[1]!.names, ["b.test", "*.b.test"]);
    assert.equal(settings.ca, authority.cert);
    assert.equal(settings.clientCertificates, "required");
    assert.equal(settings.ciphers, "ECDHE-ECDSA-AES128-GCM-SHA256");
    assert.match(summary, /^a\.test .*; b\.test, \*\.b\.test /);
  }));

test("an encrypted key is opened with the password, which goes on to TLS", () =>
  withFolder(async (folder) => {
    const { cert, secret } = writeAll(folder);
    const { settings } = await load({
      sslCertfile: cert,
      sslKeyfile: secret,
      sslKeyfilePassword: "s",
    });
    assert.equal(settings.identities[0]!.passphrase, "s");
  }));

const common = authority.server(["a.test"], {
  key: createPrivateKey(PLAIN_KEY),
});

for (const { name, isCommon, pem } of ENCRYPTED_KEYS) {
  test(`a key encrypted with ${name} is opened, or its encryption named`, () =>
    withFolder(async (folder) => {
      const options = {
        sslCertfile: folder.write("cert.pem", common.cert),
        sslKeyfile: folder.write("key.pem", pem),
      };
      const loaded = await load({ ...options, sslKeyfilePassword: "s" })
        .catch((error: ConfigError) => error.message);
      if (typeof loaded === "string") {
        assert.ok(!isCommon, loaded);
        assert.ok(
          loaded.includes(` encrypted with ${name}`) &&
            /\b(Deno|Bun|Node) \d+\.\d+\.\d+\b.* open/.test(loaded) &&
            loaded.endsWith(
              'convert the key with "openssl pkcs8 -topk8 -v2 aes-256-cbc"',
            ),
          loaded,
        );
      } else assert.equal(loaded.settings.identities[0]!.key, pem);
      await assert.rejects(load({ ...options, sslKeyfilePassword: "wrong" }), {
        message: isCommon
          ? /does not open the private key in ".*key\.pem"$/
          : new RegExp(` encrypted with ${name}`),
      });
      await assert.rejects(load(options), {
        message: /is encrypted, expected --ssl-keyfile-password$/,
      });
    }));
}

test("tlsFiles() names every file once", () => {
  const options = resolveOptions({
    sslCertfile: "a",
    sslKeyfile: "a",
    sslCaCerts: "c",
    sslSni: [{ certfile: "d", keyfile: "e" }, { certfile: "f" }],
  });
  assert.deepEqual(tlsFiles(options), ["a", "c", "d", "e", "f"]);
  assert.deepEqual(tlsFiles(resolveOptions({ sslDev: true })), []);
});

type Files = ReturnType<typeof writeAll>;

for (
  const [what, options, message] of [
    [
      "a certificate that does not exist",
      (f) => ({ sslCertfile: f.none }),
      /^Cannot read --ssl-certfile ".*none\.pem": it does not exist$/,
    ],
    [
      "a certificate that is a directory",
      (f) => ({ sslCertfile: f.folder }),
      /^Cannot read --ssl-certfile ".*": it is a directory$/,
    ],
    [
      "an empty certificate",
      (f) => ({ sslCertfile: f.empty, sslKeyfile: f.key }),
      /^Cannot use --ssl-certfile ".*empty\.pem": no PEM certificate found in it$/,
    ],
    [
      "an expired certificate",
      (f) => ({ sslCertfile: f.old, sslKeyfile: f.key }),
      /^Cannot use --ssl-certfile ".*old\.pem": the certificate expired on /,
    ],
    [
      "a certificate of tomorrow",
      (f) => ({ sslCertfile: f.young, sslKeyfile: f.key }),
      /^Cannot use --ssl-certfile ".*young\.pem": the certificate is not valid before /,
    ],
    [
      "a certificate without its key",
      (f) => ({ sslCertfile: f.cert }),
      /^Cannot use --ssl-certfile ".*cert\.pem": it holds no private key/,
    ],
    [
      "a key that does not exist",
      (f) => ({ sslCertfile: f.cert, sslKeyfile: f.none }),
      /^Cannot read --ssl-keyfile ".*none\.pem": it does not exist$/,
    ],
    [
      "a key that is a certificate",
      (f) => ({ sslCertfile: f.cert, sslKeyfile: f.cert }),
      /^Cannot use --ssl-keyfile ".*cert\.pem": no PEM private key found in it$/,
    ],
    [
      "the key of another certificate",
      (f) => ({ sslCertfile: f.cert, sslKeyfile: f.other }),
      /^Cannot use --ssl-keyfile ".*other\.pem": the private key does not belong to the certificate$/,
    ],
    [
      "an encrypted key without password",
      (f) => ({ sslCertfile: f.cert, sslKeyfile: f.secret }),
      /^Cannot use --ssl-keyfile ".*secret\.pem": the private key is encrypted, expected --ssl-keyfile-password$/,
    ],
    [
      "an encrypted key with a wrong password",
      (f) => ({
        sslCertfile: f.cert,
        sslKeyfile: f.secret,
        sslKeyfilePassword: "hunter2",
      }),
      /^Cannot use --ssl-keyfile-password: it does not open the private key in ".*secret\.pem"$/,
    ],
    [
      "authorities that do not exist",
      (f) => ({ sslCertfile: f.both, sslCaCerts: f.none }),
      /^Cannot read --ssl-ca-certs ".*none\.pem": it does not exist$/,
    ],
    [
      "authorities without certificates",
      (f) => ({ sslCertfile: f.both, sslCaCerts: f.key }),
      /^Cannot use --ssl-ca-certs ".*key\.pem": no PEM certificate found in it$/,
    ],
    [
      "a further certificate that does not exist",
      (f) => ({ sslCertfile: f.both, sslSni: [{ certfile: f.none }] }),
      /^Cannot read --ssl-sni ".*none\.pem": it does not exist$/,
    ],
    [
      "a further certificate with the key of another",
      (f) => ({
        sslCertfile: f.both,
        sslSni: [{ certfile: f.cert, keyfile: f.other }],
      }),
      /^Cannot use --ssl-sni ".*other\.pem": the private key does not belong/,
    ],
    [
      "a further certificate without a name",
      (f) => ({ sslCertfile: f.both, sslSni: [{ certfile: f.nameless }] }),
      /^Cannot use --ssl-sni ".*nameless\.pem": the certificate holds no host name$/,
    ],
  ] as readonly (readonly [string, (files: Files) => OptionsInput, RegExp])[]
) {
  test(`refuses ${what} with exit code 3`, () =>
    withFolder(async (folder) => {
      await assert.rejects(load(options(writeAll(folder))), (error) => {
        assert.ok(error instanceof ConfigError);
        assert.equal(error.exitCode, 3);
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /\n|hunter2/);
        return true;
      });
    }));
}

test("a factory makes certificates from memory (options:O-056)", async () => {
  const { settings } = await load({
    sslCiphers: "ECDHE-ECDSA-AES128-GCM-SHA256",
    sslContextFactory: (options) => {
      assert.equal(options.sslCertfile, undefined);
      return {
        identities: [
          { cert: good.cert + good.key },
          { cert: second.cert, key: second.key, names: ["x.test"] },
        ],
        ca: authority.cert,
        clientCertificates: "optional",
        maxVersion: "TLSv1.2",
      };
    },
  });
  assert.deepEqual(settings.identities.map(({ names }) => names), [
    ["a.test"],
    ["x.test"],
  ]);
  assert.equal(settings.identities[0]!.key, good.key);
  assert.equal(settings.clientCertificates, "optional");
  assert.equal(settings.maxVersion, "TLSv1.2");
  assert.equal(settings.minVersion, "TLSv1.2");
  assert.equal(settings.ciphers, "ECDHE-ECDSA-AES128-GCM-SHA256");
});

test("a factory changes what the options would make (options:O-056)", () =>
  withFolder(async (folder) => {
    const { both, ca } = writeAll(folder);
    const { settings } = await load({
      sslCertfile: both,
      sslCaCerts: ca,
      sslContextFactory: async (_options, defaultFactory) => ({
        ...await defaultFactory(),
        clientCertificates: "required",
      }),
    });
    assert.equal(settings.identities.length, 1);
    assert.equal(settings.ca, authority.cert);
    assert.equal(settings.clientCertificates, "required");
  }));

for (
  const [what, factory, message] of [
    [
      "asks for a default that is not there",
      (_: unknown, make: () => Promise<SslContext>) => make(),
      /^Cannot make the default SSL context: expected the option sslCertfile$/,
    ],
    [
      "returns nothing",
      () => undefined,
      /^Cannot use sslContextFactory: it must return an object with identities, at least one; got undefined$/,
    ],
    [
      "returns no identity",
      () => ({ identities: [] }),
      /it must return an object with identities, at least one; got an object$/,
    ],
    [
      "returns an identity without a certificate",
      () => ({ identities: [{ key: "x" }] }),
      /an identity needs a cert in PEM, got undefined$/,
    ],
    [
      "returns a key in the place of the context",
      () => good.key,
      /at least one; got a string$/,
    ],
    [
      "returns a key as bytes",
      () => ({ identities: [{ cert: good.cert, key: new Uint8Array(9) }] }),
      /expected a string as key, got an object$/,
    ],
    [
      "returns a passphrase that is no text",
      () => ({ identities: [{ ...good, passphrase: 7 }] }),
      /expected a string as passphrase, got 7$/,
    ],
    [
      "returns one name that is no list",
      () => ({ identities: [{ ...good, names: "a.test" }] }),
      /expected an array of strings as names, got a string$/,
    ],
    [
      "returns authorities that are no text",
      () => ({ identities: [good], ca: [authority.cert] }),
      /expected a ca in PEM, got an array$/,
    ],
    [
      "returns half an identity",
      () => ({ identities: [{ cert: good.cert }] }),
      /^Cannot use the cert of sslContextFactory: it holds no private key/,
    ],
    [
      "returns the key of another certificate",
      () => ({ identities: [{ cert: good.cert, key: second.key }] }),
      /^Cannot use the key of sslContextFactory: the private key does not belong/,
    ],
    [
      "returns authorities that are none",
      () => ({ identities: [{ cert: good.cert, key: good.key }], ca: "x" }),
      /^Cannot use the ca of sslContextFactory: no PEM certificate found in it$/,
    ],
    [
      "throws",
      () => {
        throw new Error("no\nvault");
      },
      /^Cannot use sslContextFactory: it threw 'no\\nvault'$/,
    ],
  ] as readonly (readonly [string, unknown, RegExp])[]
) {
  test(`refuses a factory that ${what}`, async () => {
    const sslContextFactory = factory as () => SslContext;
    await assert.rejects(load({ sslContextFactory }), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.equal(error.exitCode, 3);
      assert.match(error.message, message);
      return true;
    });
  });
}

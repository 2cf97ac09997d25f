/** Mutual TLS: who gets in, and what the application is told of the client (options:O-053, asgi: ). */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { after, describe, test } from "node:test";
import {
  expired,
  ScratchFolder,
  TestAuthority,
} from "../_support/certificates.ts";
import { needsProgram } from "../_support/needs.ts";
import { type ServerProcess, sharedServer } from "../_support/spawn_server.ts";
import { curl, opensslClient } from "../_support/tls_clients.ts";
import type { Seen } from "./apps/tls.ts";

const folder = new ScratchFolder();
after(() => folder.remove());

const authority = new TestAuthority();
const server = authority.server();
const CA = folder.write("ca.pem", authority.cert);
const TLS = [
  "--ssl-certfile",
  folder.write("cert.pem", server.cert, server.key),
  "--ssl-ca-certs",
  CA,
];

const alice = authority.client("alice, the first");
const between = authority.intermediate();
const below = authority.client("bob", { issuer: between });
const old = authority.client("old", expired());
const stranger = new TestAuthority("Somebody Else").client("mallory");
/** A certificate for servers says nothing about clients. */
const otherPurpose = authority.server(["alice"]);

const CLIENTS = {
  alice: folder.write("alice.pem", alice.cert, alice.key),
  chain: folder.write("chain.pem", below.cert, between.cert, below.key),
  old: folder.write("old.pem", old.cert, old.key),
  stranger: folder.write("stranger.pem", stranger.cert, stranger.key),
  server: folder.write("server.pem", otherPurpose.cert, otherPurpose.key),
};

const skip = needsProgram("curl");

function ask(to: ServerProcess, client?: string) {
  const cert = client === undefined ? [] : ["--cert", client];
  const url = `https://localhost:${to.port}/`;
  return curl("--cacert", CA, ...cert, url);
}

async function seen(to: ServerProcess, client?: string) {
  const { out, err } = await ask(to, client);
  assert.notEqual(out, "", err);
  const { tls } = JSON.parse(out) as Seen;
  assert.ok(tls);
  return tls;
}

const fingerprint = (pem: string) => new X509Certificate(pem).fingerprint256;

describe("--ssl-cert-reqs required (options:O-054)", { skip }, () => {
  const shared = sharedServer({
    app: "tls:app",
    args: [...TLS, "--ssl-cert-reqs", "required", "--log-level", "debug"],
  });

  test("lets in who is known, and tells who it is", async () => {
    const tls = await seen(shared.server, CLIENTS.alice);
    assert.equal(
      fingerprint(tls.client_cert_chain[0]!),
      fingerprint(alice.cert),
    );
    assert.equal(
      tls.client_cert_name,
      "CN=alice\\, the first,O=Tricorn,C=DE",
    );
    assert.equal(tls.client_cert_error, null);
  });

  test("lets in who comes with the certificates between", async () => {
    const tls = await seen(shared.server, CLIENTS.chain);
    assert.equal(
      fingerprint(tls.client_cert_chain[0]!),
      fingerprint(below.cert),
    );
    assert.equal(tls.client_cert_name, "CN=bob,O=Tricorn,C=DE");
  });

  for (
    const [who, client] of [
      ["without a certificate", undefined],
      ["whose certificate a stranger signed", CLIENTS.stranger],
      ["whose certificate has expired", CLIENTS.old],
      ["whose certificate is one for servers", CLIENTS.server],
    ] as const
  ) {
    for (const version of ["-tls1_2", "-tls1_3"]) {
      test(`refuses who comes ${who}, over ${version}`, {
        skip: needsProgram("openssl"),
      }, async () => {
        const from = shared.server.stderr.length;
        const cert = client === undefined
          ? []
          : ["-cert", client, "-key", client];
        const said = await opensslClient(shared.server.port, version, ...cert);
        assert.doesNotMatch(said.out, /^\{|HTTP\/1\.1 200/m);
        const refused =
          /INFO: +TLS handshake failed: client certificate refused \(.+\)/;
        await shared.server.line("stderr", refused, from);
      });
    }
  }

  test("does not take names from a client's certificate raw into the log", async () => {
    const forged = new TestAuthority("x").client("a\r\nERROR: forged \x1b[31m");
    const file = folder.write("forged.pem", forged.cert, forged.key);
    await ask(shared.server, file);
    await seen(shared.server, CLIENTS.alice);
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(shared.server.output, /^ERROR: forged|\x1b\[31m/m);
  });
});

describe("--ssl-cert-reqs optional", { skip }, () => {
  const shared = sharedServer({
    app: "tls:app",
    args: [...TLS, "--ssl-cert-reqs", "1"],
  });

  test("lets in who comes without", async () => {
    const tls = await seen(shared.server);
    assert.deepEqual(tls.client_cert_chain, []);
    assert.equal(tls.client_cert_name, null);
    assert.equal(tls.client_cert_error, null);
  });

  test("tells of who is known", async () => {
    const tls = await seen(shared.server, CLIENTS.alice);
    assert.equal(
      fingerprint(tls.client_cert_chain[0]!),
      fingerprint(alice.cert),
    );
    assert.equal(tls.client_cert_error, null);
  });

  for (
    const [who, client, name] of [
      ["a stranger signed", CLIENTS.stranger, "mallory"],
      ["has expired", CLIENTS.old, "old"],
    ] as const
  ) {
    test(`tells why a certificate that ${who} is not believed (asgi:A-204)`, async () => {
      const tls = await seen(shared.server, client);
      assert.equal(tls.client_cert_name, `CN=${name},O=Tricorn,C=DE`);
      assert.equal(tls.client_cert_chain.length > 0, true);
      assert.match(tls.client_cert_error ?? "", /./);
    });
  }
});

describe("--ssl-cert-reqs none", { skip }, () => {
  const shared = sharedServer({ app: "tls:app", args: TLS });

  test("asks nobody, and tells of nobody", async () => {
    const tls = await seen(shared.server, CLIENTS.stranger);
    assert.deepEqual(tls.client_cert_chain, []);
    assert.equal(tls.client_cert_name, null);
    assert.equal(tls.client_cert_error, null);
  });
});

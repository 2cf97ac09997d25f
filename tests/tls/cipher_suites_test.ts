import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { cipherSuiteNumber } from "../../src/tls/cipher_suites.ts";
import { needsProgram } from "../_support/needs.ts";

test("cipherSuiteNumber() knows the suites of TLS 1.3 and the usual ones of 1.2", () => {
  assert.equal(cipherSuiteNumber("TLS_AES_128_GCM_SHA256"), 0x1301);
  assert.equal(cipherSuiteNumber("TLS_AES_256_GCM_SHA384"), 0x1302);
  assert.equal(cipherSuiteNumber("TLS_CHACHA20_POLY1305_SHA256"), 0x1303);
  assert.equal(
    cipherSuiteNumber("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
    0xc02c,
  );
  assert.equal(
    cipherSuiteNumber("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
    0xcca8,
  );
});

test("cipherSuiteNumber() tells nothing of a name it does not know", () => {
  assert.equal(cipherSuiteNumber("TLS_NEVER_HEARD_OF"), null);
  assert.equal(cipherSuiteNumber("toString"), null);
});

test("openssl numbers its default suites alike", {
  skip: needsProgram("openssl"),
}, () => {
  const { stdout } = spawnSync("openssl", [
    "ciphers",
    "-V",
    "-stdname",
    "DEFAULT:!PSK:!SRP",
  ], { encoding: "utf8" });
  const rows = stdout.trim().split("\n").map((line) =>
    line.trim().split(/\s+/)
  );
  assert.ok(rows.length > 20);
  for (const [number, , name] of rows) {
    const expected = Number(number!.replace(",0x", ""));
    assert.equal(cipherSuiteNumber(name!), expected, name);
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { keyEncryption } from "../../src/tls/key_encryption.ts";
import { type PemBlock, privateKeyIn, toPem } from "../../src/tls/pem.ts";
import { ENCRYPTED_KEYS, PLAIN_KEY } from "../_support/encrypted_keys.ts";

for (const { name, isCommon, pem } of ENCRYPTED_KEYS) {
  test(`keyEncryption() reads ${name}`, () => {
    assert.deepEqual(keyEncryption(privateKeyIn(pem)!), { name, isCommon });
  });
}

test("keyEncryption() finds none where there is none", () => {
  assert.equal(keyEncryption(privateKeyIn(PLAIN_KEY)!), undefined);
  const fields = PLAIN_KEY.replace("\n", "\nProc-Type: 4,MIC-ONLY\n\n");
  assert.equal(keyEncryption(privateKeyIn(fields)!), undefined);
});

test("keyEncryption() calls what it cannot read unknown", () => {
  const cases: readonly PemBlock[] = [
    new Uint8Array(0),
    Uint8Array.of(0x30),
    Uint8Array.of(0x30, 0x02, 0x30, 0x00),
    Uint8Array.of(0x30, 0x04, 0x30, 0x02, 0x05, 0x00),
    Uint8Array.of(0x30, 0x82, 0xff, 0xff, 0x30),
  ].map((bytes) => {
    const label = "ENCRYPTED PRIVATE KEY";
    return { label, text: toPem(label, bytes), bytes };
  });
  for (const block of cases) {
    assert.deepEqual(keyEncryption(block), {
      name: "unknown",
      isCommon: false,
    });
  }
  const headers = PLAIN_KEY.replace("\n", "\nProc-Type: 4,ENCRYPTED\n\n");
  assert.equal(keyEncryption(privateKeyIn(headers)!)?.name, "unknown");
});

test("keyEncryption() survives an encryption that is cut anywhere", () => {
  for (const { pem } of ENCRYPTED_KEYS) {
    const { label, bytes } = privateKeyIn(pem)!;
    for (let cut = 0; cut < bytes!.length; cut++) {
      const some = bytes!.subarray(0, cut);
      const block = { label, text: toPem(label, some), bytes: some };
      assert.doesNotThrow(() => keyEncryption(block));
    }
  }
});

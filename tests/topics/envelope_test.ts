import assert from "node:assert/strict";
import { test } from "node:test";
import {
  fromBase64,
  readEnvelope,
  toBase64,
  writeEnvelope,
} from "../../src/topics/envelope.ts";

const octets = Uint8Array.from({ length: 20_000 }, (_, at) => at % 256);

for (
  const [name, data] of [
    ["text", 'a "b"\n\u2028é🎈'],
    ["nothing", ""],
    ["octets", octets],
    ["no octets", new Uint8Array(0)],
  ] as const
) {
  test(`readEnvelope() reads ${name} back`, () => {
    const message = { namespace: "n", topic: "t/é", data };
    assert.deepEqual(readEnvelope(writeEnvelope("me", message)), {
      id: "me",
      message,
    });
  });
}

test("writeEnvelope() writes what crossws/sync reads", () => {
  const message = { namespace: "n", topic: "t", data: Uint8Array.of(1, 2) };
  assert.equal(
    writeEnvelope("me", message),
    '{"id":"me","msg":{"namespace":"n","topic":"t","binary":true,"data":"AQI="}}',
  );
});

for (
  const text of [
    "",
    "hello",
    "null",
    "[]",
    '{"id":1}',
    '{"id":"me"}',
    '{"id":"me","msg":null}',
    '{"id":"me","msg":{"namespace":"n","topic":"t"}}',
    '{"id":"me","msg":{"namespace":"n","topic":7,"data":""}}',
    '{"id":"me","msg":{"namespace":"n","topic":"t","binary":true,"data":"%"}}',
  ]
) {
  test(`readEnvelope() leaves ${JSON.stringify(text)} alone`, () => {
    assert.equal(readEnvelope(text), undefined);
  });
}

test("base64 keeps all octets", () => {
  assert.deepEqual(fromBase64(toBase64(octets)), octets);
});

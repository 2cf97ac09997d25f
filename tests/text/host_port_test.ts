import assert from "node:assert/strict";
import { test } from "node:test";
import { bracketed, hostOfPair, hostPort } from "../../src/text/host_port.ts";

for (
  const [host, shown] of [
    ["127.0.0.1", "127.0.0.1"],
    ["example.org", "example.org"],
    ["::1", "[::1]"],
    ["fe80::1%eth0", "[fe80::1%eth0]"],
    ["", ""],
  ] as const
) {
  test(`bracketed() writes "${host}" as "${shown}"`, () => {
    assert.equal(bracketed(host), shown);
    assert.equal(hostPort(host, 80), `${shown}:80`);
  });
}

test("hostOfPair() takes port and brackets away", () => {
  assert.equal(hostOfPair("192.0.2.7:80"), "192.0.2.7");
  assert.equal(hostOfPair("[::1]:80"), "::1");
  assert.equal(hostOfPair(""), "");
});

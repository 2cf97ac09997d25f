import assert from "node:assert/strict";
import { test } from "node:test";
import {
  describeTarget,
  sharedLocalAddress,
  tcpAddress,
} from "../../../src/runtime/listen/addresses.ts";

for (
  const [name, host, shown] of [
    ["keeps IPv4", "192.0.2.1", "192.0.2.1"],
    ["keeps IPv6", "2001:db8::1", "2001:db8::1"],
    ["shows IPv4-mapped IPv6 as IPv4", "::ffff:192.0.2.1", "192.0.2.1"],
    ["keeps IPv6 that only begins alike", "::ffff:1", "::ffff:1"],
  ] as const
) {
  test(`tcpAddress() ${name}`, () => {
    assert.deepEqual(tcpAddress(host, 80), {
      kind: "tcp",
      host: shown,
      port: 80,
    });
  });
}

test("tcpAddress() is undefined for a peer that is gone", () => {
  assert.equal(tcpAddress(undefined, undefined), undefined);
});

for (
  const [target, shown] of [
    [{ kind: "tcp", host: "127.0.0.1", port: 8000 }, "127.0.0.1:8000"],
    [{ kind: "tcp", host: "::1", port: 80 }, "[::1]:80"],
    [{ kind: "tcp", host: "example.org", port: 0 }, "example.org:0"],
    [{ kind: "tcp", host: "", port: 80 }, "*:80"],
    [{ kind: "unix", path: "/run/app.sock" }, "unix:/run/app.sock"],
  ] as const
) {
  test(`describeTarget() writes ${shown}`, () =>
    assert.equal(describeTarget(target), shown));
}

test("sharedLocalAddress() knows it unless the listener is on every interface", () => {
  const one = { kind: "tcp", host: "127.0.0.1", port: 80 } as const;
  const path = { kind: "unix", path: "/run/app.sock" } as const;
  assert.equal(sharedLocalAddress(one), one);
  assert.equal(sharedLocalAddress(path), path);
  assert.equal(
    sharedLocalAddress({ kind: "tcp", host: "::", port: 80 }),
    undefined,
  );
  assert.equal(
    sharedLocalAddress({ kind: "tcp", host: "0.0.0.0", port: 80 }),
    undefined,
  );
});

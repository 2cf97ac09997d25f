import assert from "node:assert/strict";
import { test } from "node:test";
import {
  denoLacks,
  hasZone,
  nativeLacks,
  nodeLacks,
} from "../../../src/runtime/listen/capabilities.ts";
import type {
  ListenOptions,
  ListenTarget,
  TlsContext,
} from "../../../src/runtime/types.ts";
import { RUNTIME } from "../../_support/this_runtime.ts";

const OPTIONS: ListenOptions = { backlog: 16 };
const TLS = { ...OPTIONS, tls: {} as TlsContext };
const tcp = (host: string): ListenTarget => ({ kind: "tcp", host, port: 80 });
const UNIX: ListenTarget = { kind: "unix", path: "/run/app.sock" };

test("native sockets have no TLS, no descriptors, and no servers of node:net", () => {
  for (const lacks of [nativeLacks, denoLacks]) {
    assert.equal(lacks(tcp("127.0.0.1"), TLS), "TLS");
    assert.equal(lacks(UNIX, TLS), "TLS");
    assert.equal(lacks({ kind: "fd", fd: 3 }, OPTIONS), "inherited sockets");
    assert.equal(
      lacks({ kind: "server", server: {} }, OPTIONS),
      "servers of node:net",
    );
    assert.equal(lacks(tcp("127.0.0.1"), OPTIONS), undefined);
    assert.equal(lacks(UNIX, OPTIONS), undefined);
  }
});

test("those of Deno share no port, and cannot leave IPv4 out of a wildcard", () => {
  const shared = { ...OPTIONS, reusePort: true };
  assert.equal(denoLacks(tcp("127.0.0.1"), shared), "--reuse-port");
  assert.equal(denoLacks(UNIX, shared), undefined);
  assert.equal(nativeLacks(tcp("127.0.0.1"), shared), undefined);
  const only = { ...OPTIONS, ipv6Only: true };
  for (const host of ["", "::"]) {
    assert.equal(denoLacks(tcp(host), only), "--ipv6-only");
    assert.equal(nativeLacks(tcp(host), only), undefined);
  }
  // Only on a wildcard does it matter.
  assert.equal(denoLacks(tcp("::1"), only), undefined);
});

test("node:net lacks something on Deno alone", () => {
  const only = { ...OPTIONS, ipv6Only: true };
  const onDeno = (text: string) => RUNTIME === "deno" ? text : undefined;
  assert.equal(nodeLacks(tcp("::"), only), onDeno("--ipv6-only"));
  assert.equal(nodeLacks(tcp(""), only), onDeno("--ipv6-only"));
  assert.equal(nodeLacks(tcp("::1"), only), undefined);
  assert.equal(
    nodeLacks(tcp("fe80::1%eth0"), OPTIONS),
    onDeno("an IPv6 zone"),
  );
  assert.equal(nodeLacks({ kind: "fd", fd: 3 }, TLS), undefined);
});

test("hasZone() is true of a link-local address with its interface", () => {
  assert.equal(hasZone(tcp("fe80::1%eth0")), true);
  assert.equal(hasZone(tcp("fe80::1")), false);
  assert.equal(hasZone({ kind: "unix", path: "/run/100%.sock" }), false);
});

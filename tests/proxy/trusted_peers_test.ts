import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { doubtAbout, TrustedPeers } from "../../src/proxy/trusted_peers.ts";
import type { Address } from "../../src/runtime/types.ts";

const HERE: Address = { kind: "tcp", host: "127.0.0.1", port: 8000 };
const tcp = (host: string): Address => ({ kind: "tcp", host, port: 1 });
const UNNAMED: Address = { kind: "unix", path: "" };
const socket = (path: string): Address => ({ kind: "unix", path });

describe("TrustedPeers, by address (process:P-124)", () => {
  for (
    const [list, host, trusted] of [
      [["127.0.0.1"], "127.0.0.1", true],
      [["127.0.0.1"], "127.0.0.2", false],
      [["::1"], "0:0:0:0:0:0:0:1", true],
      [["2001:DB8::1"], "2001:db8:0:0::1", true],
      [["::ffff:192.0.2.1"], "192.0.2.1", true],
      [["192.0.2.1"], "::ffff:192.0.2.1", true],
      [["10.0.0.0/8"], "10.255.0.1", true],
      [["10.0.0.0/8"], "11.0.0.1", false],
      [["192.168.2.0/23"], "192.168.3.9", true],
      [["192.168.2.0/23"], "192.168.4.1", false],
      [["0.0.0.0/0"], "198.51.100.1", true],
      [["0.0.0.0/0"], "::1", false],
      [["2001:db8::/33"], "2001:db8:7fff::1", true],
      [["2001:db8::/33"], "2001:db8:8000::1", false],
      [["::/0"], "198.51.100.1", false],
      [["::/0"], "2001:db8::1", true],
      [["fe80::1"], "fe80::1%eth0", true],
      [["fe80::1%eth0"], "fe80::1%eth0", true],
      [["fe80::1%eth0"], "fe80::1%eth1", false],
      [["fe80::1%eth0"], "fe80::1", false],
      [["127.0.0.1%eth0"], "127.0.0.1", false],
      // Bits of a host in a network, and other slips, trust nobody.
      [["10.0.0.1/8"], "10.0.0.1", false],
      [["10.0.0.0/33"], "10.0.0.0", false],
      [["::ffff:10.0.0.0/104"], "10.9.9.9", true],
      [["::ffff:10.0.0.0/104"], "11.0.0.1", false],
      [["10.0.0.0/08"], "10.0.0.1", false],
      [["10.0.0.0/"], "10.0.0.0", false],
      [["10.0.0.0/8/8"], "10.0.0.0", false],
      [["010.0.0.1"], "10.0.0.1", false],
      [["localhost"], "127.0.0.1", false],
      [[], "127.0.0.1", false],
      [["*"], "198.51.100.1", true],
      [["*", "10.0.0.1"], "198.51.100.1", false],
    ] as const
  ) {
    test(`[${list}] ${trusted ? "trusts" : "does not trust"} ${host}`, () => {
      assert.equal(new TrustedPeers(list).trusts(tcp(host), HERE), trusted);
    });
  }
});

describe("TrustedPeers, behind UNIX sockets (process:P-122)", () => {
  for (
    const [list, path, trusted] of [
      [["unix:"], "/run/a.sock", true],
      [["unix:"], "", true],
      [["unix:/run/a.sock"], "/run/a.sock", true],
      [["/run/a.sock"], "/run/a.sock", true],
      [["unix:/run/a.sock"], "/run/b.sock", false],
      [["127.0.0.1"], "/run/a.sock", false],
      [[""], "", false],
      [["*"], "/run/a.sock", true],
    ] as const
  ) {
    test(`[${list}] ${trusted ? "trusts" : "does not trust"} "${path}"`, () => {
      const peers = new TrustedPeers(list);
      assert.equal(peers.trusts(UNNAMED, socket(path)), trusted);
    });
  }

  test("a TCP peer is not a UNIX one", () => {
    assert.equal(new TrustedPeers(["unix:"]).trusts(tcp("::1"), HERE), false);
  });

  test("a peer that is gone is nobody (process:P-126)", () => {
    assert.equal(new TrustedPeers(["::/0"]).trusts(undefined, HERE), false);
  });
});

describe("doubtAbout()", () => {
  for (
    const [entry, doubtful] of [
      ["127.0.0.1", false],
      ["10.0.0.0/8", false],
      ["::1", false],
      ["*", false],
      ["unix:", false],
      ["unix:/run/a.sock", false],
      ["/run/a.sock", false],
      ["my-proxy", false],
      ["10.0.0.1/8", true],
      ["10.0.0.0/40", true],
      ["300.1.1.1", true],
      ["2001:db8::g:1", false],
      ["1:2:3", true],
      ["fe80::1%eth0", false],
      ["fe80::/10%eth0", true],
      ["127.0.0.1%eth0", true],
      ["300.1.1.1/8", true],
      ["unix:10.0.0.1/8", false],
    ] as const
  ) {
    test(`${doubtful ? "has some" : "has none"} about ${entry}`, () => {
      assert.equal(doubtAbout(entry) !== undefined, doubtful);
    });
  }

  test('has some about "*" beside others (process:P-125)', () => {
    assert.equal(doubtAbout("*", ["*"]), undefined);
    assert.match(doubtAbout("*", ["*", "10.0.0.1"])!, /alone/);
  });
});

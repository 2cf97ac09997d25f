import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { problemOfPeer, TrustedPeers } from "../../src/proxy/trusted_peers.ts";
import type { Address } from "../../src/runtime/types.ts";

const HERE: Address = { kind: "tcp", host: "127.0.0.1", port: 8000 };
const tcp = (host: string): Address => ({ kind: "tcp", host, port: 1 });
const UNNAMED: Address = { kind: "unix", path: "" };
const socket = (path: string): Address => ({ kind: "unix", path });

describe("TrustedPeers, by address (process:P-124, options:O-043)", () => {
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

const NEITHER = /^is neither an IP address nor a network, /;
const NO_ADDRESS = /^is no IP address$/;
const NO_NETWORK = /^is no network/;
const HOST_BITS = /bits set behind its prefix$/;
const WIDTH_4 = /expected a prefix of 0 to 32 bits$/;
const WIDTH_6 = /expected a prefix of 0 to 128 bits$/;

describe("problemOfPeer()", () => {
  for (
    const entry of [
      "127.0.0.1",
      "0.0.0.0",
      "255.255.255.255",
      "10.0.0.0/8",
      "10.1.2.3/32",
      "0.0.0.0/0",
      "192.168.0.0/16",
      "::1",
      "::",
      "::/0",
      "2001:db8::/32",
      "2001:DB8::1/128",
      "::ffff:10.0.0.1",
      "::ffff:10.0.0.0/104",
      "fe80::1%eth0",
      "*",
      "unix:",
      "unix:/run/a.sock",
      "unix:a.sock",
      "unix:10.0.0.1/8",
      "/run/a.sock",
      "./a.sock",
      "../a.sock",
    ]
  ) {
    test(`has nothing to say of ${entry}`, () => {
      assert.equal(problemOfPeer(entry), undefined);
    });
  }

  for (
    const [entry, problem] of [
      ["foo", NEITHER],
      ["my-proxy", NEITHER],
      ["localhost", NEITHER],
      ["proxy.example.com", NEITHER],
      ["10.0.0.1;10.0.0.2", NEITHER],
      ["**", NEITHER],
      ["unix", NEITHER],
      ["a.sock", NEITHER],
      ["2001:db8::g:1", NEITHER],
      ["-10.0.0.1", NEITHER],
      ["10.0.0.256", NO_ADDRESS],
      ["300.1.1.1", NO_ADDRESS],
      ["010.0.0.1", NO_ADDRESS],
      ["10.0.0", NO_ADDRESS],
      ["10.0.0.1.", NO_ADDRESS],
      ["10", NO_ADDRESS],
      ["1:2:3", NO_ADDRESS],
      [":::", NO_ADDRESS],
      ["::12345", NO_ADDRESS],
      ["1:2:3:4:5:6:7:8:9", NO_ADDRESS],
      ["[::1]", /without brackets and port$/],
      ["[::1]:80", /without brackets and port$/],
      ["10.0.0.1:8080", /without a port$/],
      ["10.*", /expected one such as 10\.0\.0\.0\/8$/],
      ["192.168.*.*", /expected one such as 10\.0\.0\.0\/8$/],
      ["10.0.0.0/33", WIDTH_4],
      ["10.0.0.0/40", WIDTH_4],
      ["10.0.0.0/", WIDTH_4],
      ["10.0.0.0/-1", WIDTH_4],
      ["10.0.0.0/08", WIDTH_4],
      ["10.0.0.0/8/8", WIDTH_4],
      ["10.0.0.0/255.0.0.0", WIDTH_4],
      ["10.0.0.0/8.0", WIDTH_4],
      ["10.0.0.0/a", WIDTH_4],
      ["2001:db8::/129", WIDTH_6],
      ["1.2.3.4/24", HOST_BITS],
      ["10.0.0.1/8", HOST_BITS],
      ["127.0.0.1/8", HOST_BITS],
      ["10.0.0.1/0", HOST_BITS],
      ["2001:db8::1/64", HOST_BITS],
      ["300.1.1.1/8", NO_NETWORK],
      ["10/8", NO_NETWORK],
      ["fe80::/10%eth0", WIDTH_6],
      ["fe80::1%eth0/128", /an interface belongs to an address$/],
      ["127.0.0.1%eth0", /which only IPv6 addresses may have$/],
    ] as const
  ) {
    test(`tells what is wrong with ${entry}`, () => {
      assert.match(problemOfPeer(entry) ?? "nothing", problem);
    });
  }

  test('tells of "*" beside others (process:P-125)', () => {
    for (const list of [["*", "10.0.0.1"], ["10.0.0.1", "*"], ["*", "*"]]) {
      assert.match(problemOfPeer("*", list)!, /alone$/);
    }
  });

  test("tells of exactly those that trust no address and no socket", () => {
    // Every entry that passes trusts somebody, and every network that does is one that passes.
    const octets = ["0", "1", "10", "127", "255", "256", "01", ""];
    for (const first of octets) {
      for (const last of octets) {
        for (let bits = -1; bits <= 34; bits++) {
          const host = `${first}.0.0.${last}`;
          const entry = bits < 0 ? host : `${host}/${bits}`;
          const trusts = new TrustedPeers([entry]).trusts(tcp(host), HERE);
          assert.equal(problemOfPeer(entry) === undefined, trusts, entry);
        }
      }
    }
  });
});

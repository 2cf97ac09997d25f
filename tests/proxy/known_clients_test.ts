import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { findClient, ForwardedForHops } from "../../src/proxy/forwarded_for.ts";
import { KnownClients } from "../../src/proxy/known_clients.ts";
import { TrustedPeers } from "../../src/proxy/trusted_peers.ts";

const peers = new TrustedPeers(["10.0.0.0/8", "::1"]);
const look = (list: string) => findClient(new ForwardedForHops(list), peers);

describe("a list", () => {
  const lists = [
    "",
    ",",
    "192.0.2.7",
    "192.0.2.7:4711",
    "10.0.0.1",
    "192.0.2.7, 10.0.0.1",
    "198.51.100.2, 192.0.2.7, 10.0.0.1",
    "[2001:db8::1]:80, ::1",
    "unknown",
    "_hidden, 10.0.0.1",
    "<script>",
    "192.0.2.7,",
    "a, ".repeat(100) + "192.0.2.7",
  ];

  for (const list of lists) {
    test(`says the same when it comes again: ${list.slice(0, 40)}`, () => {
      const known = new KnownClients(peers);
      for (let time = 0; time < 3; time++) {
        assert.deepEqual(known.find(list), look(list));
      }
    });
  }

  test("is another where it differs in any character", () => {
    const known = new KnownClients(peers);
    for (const list of ["192.0.2.7", "192.0.2.70", "192.0.2.7 ", "192.0.2.8"]) {
      assert.deepEqual(known.find(list), look(list));
    }
  });

  test("is read once, if it is not long", () => {
    const known = new KnownClients(peers);
    assert.equal(known.find("192.0.2.7"), known.find("192.0.2.7"));
    const long = `${" ".repeat(200)}192.0.2.7`;
    assert.notEqual(known.find(long), known.find(long));
  });

  test("is right however many there have been, and forgotten in the end", () => {
    const known = new KnownClients(peers);
    const first = known.find("192.0.2.7");
    for (let i = 0; i < 2000; i++) {
      const list = `198.51.${i >> 8}.${i & 255}`;
      assert.equal(known.find(list).client!.host, list);
    }
    const again = known.find("192.0.2.7");
    assert.notEqual(again, first);
    assert.deepEqual(again, first);
  });
});

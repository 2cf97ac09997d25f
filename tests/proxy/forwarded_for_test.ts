import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { findClient, ForwardedForHops } from "../../src/proxy/forwarded_for.ts";
import { TrustedPeers } from "../../src/proxy/trusted_peers.ts";

const INSIDE = ["127.0.0.1", "10.0.0.0/8", "2001:db8::/32"];

function find(list: string, trusted: readonly string[] = INSIDE) {
  const hops = new ForwardedForHops(list);
  const { client, oddity, text } = findClient(hops, new TrustedPeers(trusted));
  return [
    client === undefined ? undefined : `${client.host} ${client.port}`,
    oddity,
    text,
  ];
}

describe("findClient() walks from right to left (process:P-131)", () => {
  for (
    const [list, client, trusted] of [
      ["192.0.2.1", "192.0.2.1 0"],
      ["192.0.2.1:4711", "192.0.2.1 4711"],
      ["192.0.2.1, 10.0.0.1", "192.0.2.1 0"],
      ["192.0.2.1,10.0.0.1,\t10.0.0.2 ", "192.0.2.1 0"],
      ["192.0.2.1, 2001:DB8::7, [2001:db8::8]:80", "192.0.2.1 0"],
      ["192.0.2.1, ::ffff:10.0.0.1", "192.0.2.1 0"],
      // All are trusted: the first of them asks for itself.
      ["10.0.0.3", "10.0.0.3 0"],
      ["10.0.0.3, 10.0.0.1", "10.0.0.3 0"],
      // Everybody is trusted: clients choose their address then.
      ["192.0.2.1, 192.0.2.2", "192.0.2.1 0", ["*"]],
    ] as const
  ) {
    test(`${list} comes to ${client}`, () => {
      assert.deepEqual(find(list, trusted), [client, undefined, ""]);
    });
  }
});

describe("findClient() does not believe what a client has sent", () => {
  for (
    const [what, list, claimed] of [
      ["an address", "10.0.0.9, 192.0.2.1", "10.0.0.9"],
      ["one of the server itself", "127.0.0.1, 192.0.2.1", "127.0.0.1"],
      [
        "a whole chain that looks trusted",
        "203.0.113.5, 10.0.0.1, 192.0.2.1, 10.0.0.2",
        "203.0.113.5, 10.0.0.1",
      ],
      ["garbage", '"\xff;for=[::,192.0.2.1', '"\xff;for=[::'],
      ["empty entries", " , , 192.0.2.1", " , "],
    ] as const
  ) {
    test(`${what}: ${list}`, () => {
      assert.deepEqual(find(list), ["192.0.2.1 0", "claimed", claimed]);
    });
  }
});

describe("findClient() leaves the client as it is", () => {
  for (
    const [what, list, oddity, text] of [
      ["for an empty field (process:P-133)", "", "missing", ""],
      ["for an empty entry", "192.0.2.1, ", "missing", ""],
      [
        "for an empty entry behind trusted ones",
        "192.0.2.1 , , , 10.0.0.1",
        "missing",
        "",
      ],
      ["for a name (process:P-134)", "localhost", "malformed", "localhost"],
      ["for a UNIX socket", "192.0.2.1, unix:", "malformed", "unix:"],
      [
        "for a bad port",
        "192.0.2.1, 192.0.2.2:x, 10.0.0.1",
        "malformed",
        "192.0.2.2:x",
      ],
      [
        "for U+00A0, which is no blank",
        "\xa0192.0.2.1",
        "malformed",
        "\xa0192.0.2.1",
      ],
      ["for a hidden one", "192.0.2.1, unknown", "hidden", "unknown"],
      ["for a made-up name", "_a, 10.0.0.1", "hidden", "_a"],
    ] as const
  ) {
    test(what, () => {
      assert.deepEqual(find(list), [undefined, oddity, text]);
    });
  }

  test("where everybody is trusted and one entry cannot be read", () => {
    assert.deepEqual(find("192.0.2.1, x, 192.0.2.2", ["*"]), [
      undefined,
      "malformed",
      "x",
    ]);
  });
});

test("ForwardedForHops ends behind the first entry, an empty one too", () => {
  for (
    const [list, expected] of [
      ["a, b", ["b", "a"]],
      [",a", ["a", ""]],
      ["", [""]],
      [",,", ["", "", ""]],
    ] as const
  ) {
    const hops = new ForwardedForHops(list);
    const read: string[] = [];
    while (hops.next() === "hop") {
      read.push(hops.node);
      assert.ok(read.length < 9);
    }
    assert.deepEqual(read, expected);
    assert.equal(hops.next(), "end");
  }
});

test("findClient() reads a list no further than it has to", () => {
  const read: string[] = [];
  const hops = new ForwardedForHops(`${"x,".repeat(30_000)}192.0.2.1,10.0.0.1`);
  findClient({
    next() {
      const step = hops.next();
      read.push(hops.node);
      return step;
    },
    get node() {
      return hops.node;
    },
    get rest() {
      return hops.rest;
    },
  }, new TrustedPeers(INSIDE));
  assert.deepEqual(read, ["10.0.0.1", "192.0.2.1"]);
});

test("findClient() reads an endless list of trusted hops once", () => {
  let steps = 0;
  const hops = new ForwardedForHops("10.0.0.1,".repeat(7000) + "10.0.0.2");
  const { client } = findClient({
    next() {
      steps++;
      return hops.next();
    },
    get node() {
      return hops.node;
    },
    get rest() {
      return hops.rest;
    },
  }, new TrustedPeers(INSIDE));
  assert.equal(client?.host, "10.0.0.1");
  assert.equal(steps, 7002);
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MAX_NODE, readNode } from "../../src/proxy/forwarded_node.ts";

function read(text: string): string | undefined {
  const node = readNode(text);
  return node?.kind === "address" ? `${node.host} ${node.port}` : node?.kind;
}

describe("readNode() (RFC 7239 §6, process:P-132)", () => {
  for (
    const [text, expected] of [
      ["192.0.2.1", "192.0.2.1 0"],
      ["192.0.2.1:4711", "192.0.2.1 4711"],
      ["192.0.2.1:0", "192.0.2.1 0"],
      ["192.0.2.1:65535", "192.0.2.1 65535"],
      ["192.0.2.1:_port", "192.0.2.1 0"],
      ["2001:db8::1", "2001:db8::1 0"],
      ["2001:DB8:0:0:0:0:0:1", "2001:db8::1 0"],
      ["::1", "::1 0"],
      ["[2001:db8::1]", "2001:db8::1 0"],
      ["[2001:db8::1]:443", "2001:db8::1 443"],
      ["[2001:db8::1]:_a.b-c", "2001:db8::1 0"],
      ["::ffff:192.0.2.1", "192.0.2.1 0"],
      ["[::ffff:192.0.2.1]:80", "192.0.2.1 80"],
      ["unknown", "hidden"],
      ["Unknown", "hidden"],
      ["unknown:80", "hidden"],
      ["_hidden", "hidden"],
      ["_SEVKISEK", "hidden"],
      ["_a.b-c_d:_p", "hidden"],
    ] as const
  ) {
    test(`reads ${text}`, () => assert.equal(read(text), expected));
  }

  for (
    const [what, text] of [
      ["nothing", ""],
      ["a name", "localhost"],
      ["a name that hides nothing", "_"],
      ["a letter beyond ASCII in a made-up name", "_\xe4"],
      ["a UNIX socket", "unix:"],
      ["a UNIX socket's path", "unix:/run/a.sock"],
      ["an address cut short", "192.0.2"],
      ["a leading zero, which is octal to some", "192.0.2.010"],
      ["an octet too large", "192.0.2.256"],
      ["a port that is none", "192.0.2.1:x"],
      ["no port behind the colon", "192.0.2.1:"],
      ["a port too large", "192.0.2.1:65536"],
      ["a port with a sign", "192.0.2.1:+80"],
      ["a port of six digits", "192.0.2.1:000080"],
      ["a port in hexadecimal digits", "192.0.2.1:0x50"],
      ["a bracket that is not closed", "[2001:db8::1"],
      ["a bracket that is not opened", "2001:db8::1]"],
      ["text behind the bracket", "[2001:db8::1]x"],
      ["a bad port behind the bracket", "[2001:db8::1]:x"],
      ["IPv4 in brackets", "[192.0.2.1]"],
      ["two addresses", "192.0.2.1 192.0.2.2"],
      ["an interface", "fe80::1%eth0"],
      ["quotes", '"192.0.2.1"'],
      ["a network", "192.0.2.0/24"],
      ["nine groups", "1:2:3:4:5:6:7:8:9"],
    ] as const
  ) {
    test(`refuses ${what}: ${text}`, () => {
      assert.equal(read(text), undefined);
    });
  }

  test("refuses what is longer than any node need be", () => {
    assert.equal(read(`_${"a".repeat(MAX_NODE - 1)}`), "hidden");
    assert.equal(read(`_${"a".repeat(MAX_NODE)}`), undefined);
  });
});

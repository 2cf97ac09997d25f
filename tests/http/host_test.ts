import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isHost } from "../../src/http/host.ts";

const GOOD = [
  ["a name", "localhost"],
  ["a name with a port", "example.com:8080"],
  ["upper case", "EXAMPLE.Com"],
  ["a trailing dot", "example.com."],
  ["an underscore", "my_service"],
  ["an IPv4 address", "127.0.0.1:80"],
  ["a percent escape", "caf%C3%a9.example"],
  ["escapes of the least and the greatest octet", "%00a%ff%FF"],
  ["the longest address", "[0000:0000:0000:0000:0000:ffff:255.255.255.255]"],
  ["a port of all digits", "a:09876"],
  ["sub-delimiters", "a!$&'()*+;=b"],
  ["an empty port (RFC 3986 §3.2.3)", "example.com:"],
  ["the largest port", "a:65535"],
  ["a port with leading zeros", "a:0000080"],
  ["an IPv6 address", "[2001:db8:0:0:8:800:200c:417a]"],
  ["a shortened IPv6 address with a port", "[2001:DB8::417a]:443"],
  ["the loopback address", "[::1]"],
  ["the unspecified address", "[::]"],
  ["an address that ends in two colons", "[fe80::]"],
  ["an address with a dotted quad", "[::ffff:192.0.2.1]"],
  ["six groups and a dotted quad", "[1:2:3:4:5:6:1.2.3.4]"],
  ["seven groups and two colons", "[1:2:3:4:5:6:7::]"],
  ["an address of a version to come", "[v1.a]"],
  ["one with colons and a port", "[VaF.a:b!$;=~]:80"],
] as const;

const BAD = [
  ["nothing", ""],
  ["a port without a host", ":80"],
  ["a list of hosts", "a,b"],
  ["a blank", "a b"],
  ["a tab", "a\tb"],
  ["userinfo", "user@a"],
  ["userinfo with a password", "a:80@b"],
  ["a path", "a/b"],
  ["a query", "a?b"],
  ["a fragment", "a#b"],
  ["a backslash", "a\\b"],
  ["angle brackets", "<a>"],
  ["a quote", 'a"b'],
  ["an octet that is not ASCII", "caf\xe9"],
  ["a broken escape", "a%zz"],
  ["an escape of one digit", "a%4"],
  ["a bad first digit in an escape", "a%g4"],
  ["a bad second digit in an escape", "a%4g"],
  ["a broken escape before a good port", "a%zz:80"],
  ["a cut escape before a good port", "a%:80"],
  ["half an escape of good digits before a port", "a%4:8"],
  ["a bare percent sign", "a%"],
  ["a port past 65535", "a:65536"],
  ["a port of many digits", `a:${"9".repeat(400)}`],
  ["a port with a sign", "a:+80"],
  ["a port of letters", "a:http"],
  ["two ports", "a:80:80"],
  ["an IPv6 address without brackets", "::1"],
  ["an unclosed bracket", "[::1"],
  ["a bracket in a name", "a]"],
  ["an empty literal", "[]"],
  ["text after a literal", "[::1]a"],
  ["text before a literal", "a[::1]"],
  ["an IPv4 address in brackets", "[1.2.3.4]"],
  ["seven groups", "[1:2:3:4:5:6:7]"],
  ["nine groups", "[1:2:3:4:5:6:7:8:9]"],
  ["two colons that stand for nothing", "[1:2:3:4::5:6:7:8]"],
  ["two colons twice", "[1::2::3]"],
  ["three colons", "[:::1]"],
  ["a single colon in front", "[:1::]"],
  ["a group of five digits", "[::12345]"],
  ["a group that is not hexadecimal", "[::g]"],
  ["a dotted quad in the middle", "[::1.2.3.4:5]"],
  ["a dotted quad before two colons", "[1.2.3.4::5]"],
  ["a dotted quad past 255", "[::1.2.3.256]"],
  ["a dotted quad with a leading zero", "[::1.2.3.04]"],
  ["a dotted quad of three", "[::1.2.3]"],
  ["a zone", "[fe80::1%25eth0]"],
  ["a future address without a version", "[v.a]"],
  ["a version without an address", "[v1.]"],
  ["a version that is not hexadecimal", "[vg.a]"],
  ["a future address with a list in it", "[v1.a,b]"],
  ["a future address with a path in it", "[v1.a/b]"],
  ["a future address with an escape", "[v1.%41]"],
  ["a future address with a bracket in it", "[v1.a[b]"],
  ["a future address with userinfo", "[v1.a@b]"],
] as const;

describe("isHost()", () => {
  for (const [what, text] of GOOD) {
    test(`accepts ${what}`, () => assert.equal(isHost(text), true));
  }
  for (const [what, text] of BAD) {
    test(`rejects ${what}`, () => assert.equal(isHost(text), false));
  }

  test("does not take what comes after a good host for it", () => {
    assert.equal(isHost("a:80"), true);
    assert.equal(isHost("a:80 "), false);
    assert.equal(isHost("a:8"), true);
    assert.equal(isHost(""), false);
    assert.equal(isHost("a:80"), true);
  });

  test("bounds the work on a literal", () => {
    assert.equal(isHost(`[${":".repeat(60_000)}]`), false);
    assert.equal(isHost(`[${"1:".repeat(30_000)}1]`), false);
  });

  test("reads a name of any length", () => {
    assert.equal(isHost("a".repeat(60_000)), true);
    assert.equal(isHost("%41".repeat(20_000)), true);
  });
});

/** RFC 4514, from names encoded by hand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { der, oid, readDer, sequence, TAG } from "../../src/tls/der.ts";
import { nameText, readName } from "../../src/tls/distinguished_name.ts";

function octets(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

function attribute(type: string, text: string, tag: number = TAG.utf8String) {
  const content = tag === TAG.utf8String
    ? new TextEncoder().encode(text)
    : octets(text);
  return sequence(oid(type), der(tag, content));
}

/** A name whose parts are sets of the attributes given. */
function textOf(...sets: Uint8Array[][]): string | undefined {
  const name = sequence(...sets.map((set) => der(TAG.set, ...set)));
  const parts = readName(name, readDer(name, 0)!);
  return parts && nameText(parts);
}

const CN = "2.5.4.3";
const O = "2.5.4.10";

for (
  const [what, value, expected] of [
    ["plain text", "alice", "alice"],
    ["a comma, as in 'Before\\, After'", "Before, After", "Before\\, After"],
    ["every special character", `"+,;<>\\`, `\\"\\+\\,\\;\\<\\>\\\\`],
    ["a space in front", "  x", "\\  x"],
    ["a space at the end", "x  ", "x \\ "],
    ["a single space", " ", "\\ "],
    ["a sharp in front", "#x", "\\#x"],
    ["a sharp elsewhere", "x#", "x#"],
    ["an equals sign", "a=b", "a=b"],
    ["a null", "a\0b", "a\\00b"],
    [
      "a line break that would forge a log line",
      "a\r\nERROR",
      "a\\0d\\0aERROR",
    ],
    ["a mark that turns text around", "a\u202eb", "a\\e2\\80\\aeb"],
    ["letters of any script", "Lučić", "Lučić"],
    ["nothing", "", ""],
  ] as const
) {
  test(`escapes ${what}`, () => {
    assert.equal(textOf([attribute(CN, value)]), `CN=${expected}`);
  });
}

test("shows the last part first", () => {
  assert.equal(
    textOf(
      [attribute("2.5.4.6", "DE", TAG.printableString)],
      [attribute(O, "Tricorn")],
      [attribute(CN, "x")],
    ),
    "CN=x,O=Tricorn,C=DE",
  );
});

test("joins the attributes of one part with a plus", () => {
  assert.equal(
    textOf([attribute("2.5.4.11", "Sales"), attribute(CN, "J.  Smith")]),
    "OU=Sales+CN=J.  Smith",
  );
});

test("shows a type without a short name as numbers, and its value in hexadecimal", () => {
  assert.equal(
    textOf([attribute("1.3.6.1.4.1.1466.0", "\x04\x02Hi", TAG.octetString)]),
    "1.3.6.1.4.1.1466.0=#04040402" + "4869",
  );
  assert.match(
    textOf([attribute("1.2.840.113549.1.9.1", "a@b", TAG.ia5String)])!,
    /^1\.2\.840\.113549\.1\.9\.1=#1603614062$/,
  );
});

test("reads every kind of string a certificate may hold", () => {
  const text = (tag: number, content: string) =>
    textOf([sequence(oid(CN), der(tag, octets(content)))]);
  assert.equal(text(TAG.printableString, "a"), "CN=a");
  assert.equal(text(TAG.teletexString, "\xe4"), "CN=ä");
  assert.equal(text(TAG.bmpString, "\x01\x0d"), "CN=č");
  assert.equal(text(TAG.universalString, "\0\x01\xf6\0"), "CN=😀");
  assert.equal(text(TAG.bmpString, "\x01"), "CN=#1e0101", "half a character");
  assert.equal(text(TAG.bmpString, "\xd8\0"), "CN=#1e02d800", "a surrogate");
  assert.equal(text(TAG.utf8String, "\xff"), "CN=#0c01ff", "no UTF-8");
});

test("a name without parts is empty", () => {
  assert.equal(textOf(), "");
});

test("a malformed name is none", () => {
  assert.equal(textOf([]), undefined);
  assert.equal(textOf([sequence(oid(CN))]), undefined);
  assert.equal(textOf([sequence()]), undefined);
});

test("a value of a hundred thousand characters is read", () => {
  const long = "x".repeat(100_000);
  assert.equal(
    textOf([attribute(CN, long, TAG.teletexString)])?.length,
    100_003,
  );
});

/** X.690 §8 and §10, by hand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bitString,
  der,
  integer,
  oid,
  oidText,
  readAll,
  readDer,
  sequence,
  time,
  utf8String,
} from "../../src/tls/der.ts";

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function bytes(text: string): Uint8Array {
  return Uint8Array.from(
    text.match(/../g) ?? [],
    (pair) => parseInt(pair, 16),
  );
}

for (
  const [what, value, expected] of [
    ["an empty sequence", sequence(), "3000"],
    ["a length of 127", der(4, new Uint8Array(127)).subarray(0, 2), "047f"],
    ["a length of 128", der(4, new Uint8Array(128)).subarray(0, 3), "048180"],
    ["a length of 256", der(4, new Uint8Array(256)).subarray(0, 4), "04820100"],
    [
      "an integer whose first bit is set",
      integer(Uint8Array.of(0x80)),
      "02020080",
    ],
    [
      "an integer without leading zeros",
      integer(Uint8Array.of(0, 0, 1)),
      "020101",
    ],
    ["zero", integer(Uint8Array.of(0)), "020100"],
    ["an identifier", oid("1.2.840.10045.4.3.2"), "06082a8648ce3d040302"],
    ["an identifier below 2", oid("2.5.29.17"), "0603551d11"],
    ["bits, some unused", bitString(Uint8Array.of(6), 1), "03020106"],
    ["text", utf8String("ä"), "0c02c3a4"],
    [
      "a time up to 2049",
      time(new Date("2049-12-31T23:59:59Z")),
      "170d3439313233313233353935395a",
    ],
    [
      "a time from 2050 on",
      time(new Date("2050-01-01T00:00:00.5Z")),
      "180f32303530303130313030303030305a",
    ],
  ] as const
) {
  test(`encodes ${what}`, () => assert.equal(hex(value), expected));
}

test("readDer() finds tag and content, long lengths included", () => {
  const long = der(4, new Uint8Array(300));
  assert.deepEqual(readDer(long, 0), { tag: 4, start: 4, end: 304 });
  assert.deepEqual(readDer(bytes("ff020101"), 1), { tag: 2, start: 3, end: 4 });
});

for (
  const [what, text] of [
    ["nothing", ""],
    ["a tag alone", "30"],
    ["more than there is", "300201"],
    ["the indefinite form", "30800000"],
    ["a length that is cut", "308201"],
    ["a length of five octets", "308500000000010a"],
    ["a tag of several octets", "1f8101010a"],
  ] as const
) {
  test(`readDer() refuses ${what}`, () => {
    assert.equal(readDer(bytes(text), 0), undefined);
  });
}

test("readDer() stays inside the value around it", () => {
  assert.equal(readDer(bytes("0403010203"), 0, 4), undefined);
});

test("readAll() wants values that fill the space", () => {
  const two = bytes("020101020102");
  assert.equal(readAll(two, 0, 6)?.length, 2);
  assert.equal(readAll(two, 0, 5), undefined);
  assert.deepEqual(readAll(two, 3, 3), []);
});

test("oidText() reads back what oid() wrote", () => {
  for (
    const dotted of ["1.2.840.10045.4.3.2", "2.5.4.3", "0.9.2342.1", "2.999.3"]
  ) {
    const value = oid(dotted);
    assert.equal(oidText(value, readDer(value, 0)!), dotted);
  }
});

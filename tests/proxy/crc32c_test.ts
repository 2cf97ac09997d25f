import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32c } from "../../src/proxy/crc32c.ts";

for (
  const [what, bytes, checksum] of [
    ["no octets", [], 0],
    ["32 octets of zeros", Array(32).fill(0), 0x8a9136aa],
    ["32 octets of ones", Array(32).fill(0xff), 0x62a8ab43],
    ["32 octets going up", Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
    [
      "32 octets going down",
      Array.from({ length: 32 }, (_, i) => 31 - i),
      0x113fdb5c,
    ],
  ] as const
) {
  test(`crc32c() of ${what} (RFC 3720 §B.4)`, () => {
    assert.equal(crc32c(Uint8Array.from(bytes)), checksum);
  });
}

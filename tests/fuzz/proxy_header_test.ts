import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readProxyHeader } from "../../src/proxy/proxy_header.ts";
import { proxyV2 } from "../_support/proxy_headers.ts";

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });

/** Bytes that begin as a header does, and go on as they like. */
const nearly = fc.oneof(
  bytes(300),
  bytes(120).map((rest) =>
    Uint8Array.of(...new TextEncoder().encode("PROXY TCP4 "), ...rest)
  ),
  fc.record({
    version: fc.constantFrom(2, 2, 2, 1),
    command: fc.nat(2),
    family: fc.constantFrom(0, 0x11, 0x12, 0x21, 0x31, 0x77),
    body: bytes(300),
    checksum: fc.boolean(),
  }).map(proxyV2),
);

test("whatever arrives, and in whatever pieces, is read to the same end", () => {
  fc.assert(
    fc.property(nearly, bytes(20), (header, rest) => {
      const whole = Uint8Array.of(...header, ...rest);
      const expected = readProxyHeader(whole);
      for (let size = 0; size <= whole.length; size++) {
        const reading = readProxyHeader(whole.slice(0, size));
        if (reading.kind === "needMore") continue;
        assert.deepEqual(reading, expected);
        // And it is not held longer than that takes.
        if (reading.kind === "header") assert.equal(reading.size, size);
        return;
      }
      assert.equal(expected.kind, "needMore");
    }),
    { numRuns: 500 },
  );
});

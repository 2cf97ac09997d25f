/**
 * What holds for what operators type and files hold, whatever it is:
 *
 * - an import string is taken apart without an exception, nothing is lost, and what is no URL is
 *   never fetched;
 * - an entry of forwarded-allow-ips is refused exactly if it would trust nobody;
 * - PEM is read without an exception, and a cut or changed file never yields another certificate.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  asExport,
  isUrl,
  splitImportString,
} from "../../src/application/import_string.ts";
import { ipOctets } from "../../src/text/ip_octets.ts";
import { problemOfPeer, TrustedPeers } from "../../src/proxy/trusted_peers.ts";
import { certificatesIn, pemBlocks, toPem } from "../../src/tls/pem.ts";

const RUNS = 2_000;

const word = fc.stringMatching(/^[A-Za-z0-9_$.@-]{0,12}$/);
const piece = fc.oneof(
  word,
  fc.constantFrom(
    ":",
    "::",
    "/",
    "//",
    "\\",
    ".ts",
    "http",
    "https",
    "data",
    "file",
    "npm",
    "jsr",
    "node",
    ",",
    " ",
  ),
  fc.string({ maxLength: 4 }),
);
const spec = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(""));

test("an import string is taken apart, and nothing of it is lost", () => {
  fc.assert(
    fc.property(spec, (text) => {
      asExport(text);
      const parts = splitImportString(text);
      if (parts === undefined) return;
      const { module, attribute } = parts;
      assert.notEqual(module, "");
      assert.notEqual(attribute, "");
      assert.equal(
        attribute === undefined ? module : `${module}:${attribute}`,
        text,
      );
    }),
    { numRuns: RUNS },
  );
});

test("nothing goes to the network that has no host, package or scope", () => {
  fc.assert(
    fc.property(spec, (text) => {
      if (!isUrl(text)) return;
      assert.match(
        text,
        /^(https?:\/\/|file:\/|npm:|jsr:\/?@|data:[^,]*,|blob:)/i,
      );
    }),
    { numRuns: RUNS },
  );
});

const octet = fc.oneof(
  fc.integer({ min: 0, max: 255 }).map(String),
  fc.constantFrom("256", "01", "", "*", "-1", "0x1"),
);
const ipv4 = fc.array(octet, { minLength: 3, maxLength: 5 })
  .map((octets) => octets.join("."));
const group = fc.oneof(fc.stringMatching(/^[0-9a-f]{1,4}$/), fc.constant(""));
const ipv6 = fc.array(group, { minLength: 2, maxLength: 9 })
  .map((groups) => groups.join(":"));
const size = fc.oneof(
  fc.constant(""),
  fc.integer({ min: -1, max: 130 }).map((bits) => `/${bits}`),
  fc.constantFrom("/", "/08", "/a", "/8/8", "%lo", "%lo/8"),
);
const host = fc.oneof(ipv4, ipv6, fc.ipV4(), fc.ipV6(), word);
const entry = fc.tuple(host, size).map((parts) => parts.join(""));

test("an entry of forwarded-allow-ips is refused exactly if it would trust nobody", () => {
  const here = { kind: "tcp", host: "127.0.0.1", port: 1 } as const;
  fc.assert(
    fc.property(entry, (text) => {
      const peers = new TrustedPeers([text]);
      // The first address of the network, or the address.
      const [address = ""] = text.split("/");
      const peer = { kind: "tcp", host: address, port: 1 } as const;
      const isPath = /^\.{0,2}\//.test(text);
      const isTrusted = ipOctets(address.split("%")[0]!) !== undefined &&
        peers.trusts(peer, here);
      assert.equal(
        problemOfPeer(text) === undefined,
        isTrusted || isPath || text.startsWith("unix:"),
        text,
      );
    }),
    { numRuns: RUNS },
  );
});

const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 });

test("whatever a file holds, its blocks are read without an exception", () => {
  const line = fc.constantFrom(
    "-----BEGIN CERTIFICATE-----",
    "-----END CERTIFICATE-----",
    "-----BEGIN PRIVATE KEY-----",
    "-----END PRIVATE KEY-----",
    "-----END CERTIFICATE----------BEGIN CERTIFICATE-----",
    "AQID",
    "AQI=",
    "A",
    "",
    "Proc-Type: 4,ENCRYPTED",
    "\ufeff",
  );
  const text = fc.oneof(
    fc.string({ maxLength: 200 }),
    fc.tuple(
      fc.array(fc.oneof(line, fc.string({ maxLength: 6 })), { maxLength: 12 }),
      fc.constantFrom("\n", "\r\n", "\r", " \n"),
    ).map(([lines, end]) => lines.join(end)),
  );
  fc.assert(
    fc.property(text, (text) => {
      for (const block of pemBlocks(text)) {
        if (block.bytes === undefined) continue;
        // What is handed on reads as the same again.
        const [again, ...more] = pemBlocks(block.text);
        assert.deepEqual(again, block);
        assert.equal(more.length, 0);
      }
    }),
    { numRuns: RUNS },
  );
});

test("a certificate that is cut or changed is damaged or another, and never passed over", () => {
  fc.assert(
    fc.property(
      bytes,
      fc.nat(),
      fc.constantFrom("", "-", "\n", "*", "é"),
      (bytes, at, put) => {
        const first = toPem("CERTIFICATE", bytes);
        const second = toPem("CERTIFICATE", Uint8Array.of(1, 2, 3));
        const end = first.indexOf("\n-----END") + 1;
        const begin = first.indexOf("\n") + 1;
        const cut = begin + at % (end - begin);
        // Inside of the base64 of the first.
        const changed = first.slice(0, cut) + put + first.slice(cut + 1) +
          second;
        const found = certificatesIn(changed);
        assert.equal(found.length, 2);
        assert.equal(found[1]!.text, second);
      },
    ),
    { numRuns: RUNS },
  );
});

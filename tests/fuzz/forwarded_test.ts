/**
 * What holds for the fields of proxies, whatever clients put into them:
 *
 * - what a client writes in front of what a trusted proxy appends changes nothing;
 * - what is found is an IP address, or nothing, and never an exception;
 * - what is written by the grammar of RFC 7239 is read back.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ForwardedHops } from "../../src/proxy/forwarded.ts";
import { findClient, ForwardedForHops } from "../../src/proxy/forwarded_for.ts";
import { TrustedPeers } from "../../src/proxy/trusted_peers.ts";
import {
  hostOf,
  portOf,
  prefixOf,
  schemeOf,
} from "../../src/proxy/x_forwarded.ts";
import { ipOctets, ipText } from "../../src/text/ip_octets.ts";

const RUNS = 2_000;
const INSIDE = new TrustedPeers(["10.0.0.0/8", "::1"]);

/** Pieces that mean something in one of the fields, and any octets. */
const piece = fc.oneof(
  fc.constantFrom(
    ...[",", ", ", ";", "=", '"', '\\"', "\\", "\t", " ", "[", "]", ":"],
    ...["for=", 'for="', "For=", "proto=", "host=", "by=", "x=", "_a"],
    ...["10.0.0.1", "192.0.2.1", "::1", "[::1]:80", "unknown", ":80"],
    ...["https", "/a", "//", "%2F", "%ff", "..", "localhost"],
  ),
  fc.stringMatching(/^[\t\x20-\x7e\x80-\xff]{0,6}$/),
);
const text = fc.array(piece, { maxLength: 20 })
  .map((pieces) => pieces.join(""));

const octets = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }),
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
);
/** An address of somebody who is no proxy. */
const stranger = octets.map(ipText).filter((host) =>
  !INSIDE.trustsAddress(ipOctets(host)!)
);
const hop = fc.constantFrom("10.0.0.1", "10.9.9.9:80", "[::1]:80", "::1");

test("what stands in front of the proxy's part of X-Forwarded-For changes nothing", () => {
  fc.assert(
    fc.property(
      text,
      fc.constantFrom(",", ", "),
      stranger,
      fc.array(hop, { maxLength: 3 }),
      (claim, joint, client, hops) => {
        const own = [client, ...hops].join(", ");
        const found = findClient(
          new ForwardedForHops(claim + joint + own),
          INSIDE,
        );
        assert.equal(found.client?.host, client);
      },
    ),
    { numRuns: RUNS },
  );
});

const quoted = (value: string) => `"${value.replace(/["\\]/g, "\\$&")}"`;
const node = (host: string) => quoted(host.includes(":") ? `[${host}]` : host);
const anyText = fc.stringMatching(/^[\t\x20-\x7e\x80-\xff]{0,12}$/);

test("what stands in front of the proxy's part of Forwarded changes nothing", () => {
  fc.assert(
    fc.property(
      text,
      fc.constantFrom(",", ", "),
      stranger,
      anyText,
      fc.boolean(),
      (claim, joint, client, host, isFirst) => {
        const pairs = [`for=${node(client)}`, `host=${quoted(host)}`];
        const own = (isFirst ? pairs : pairs.reverse()).join(";");
        const hops = new ForwardedHops(claim + joint + own);
        assert.equal(findClient(hops, INSIDE).client?.host, client);
        assert.equal(hops.host, host);
        assert.equal(hops.proto, undefined);
      },
    ),
    { numRuns: RUNS },
  );
});

test("of any text an address is found, or nothing", () => {
  const everybody = new TrustedPeers(["*"]);
  fc.assert(
    fc.property(text, (value) => {
      for (const peers of [INSIDE, everybody]) {
        for (const Hops of [ForwardedForHops, ForwardedHops]) {
          const { client, oddity } = findClient(new Hops(value), peers);
          if (client === undefined) {
            assert.ok(oddity !== undefined && oddity !== "claimed");
            continue;
          }
          assert.equal(ipText(ipOctets(client.host)!), client.host);
          assert.ok(client.port >= 0 && client.port <= 65535);
        }
      }
      assert.match(schemeOf(value) ?? "http", /^https?$/);
      assert.ok((portOf(value) ?? 1) > 0);
      assert.doesNotMatch(hostOf(value) ?? "", /[\s/,@\\]/);
      assert.match(prefixOf(value) ?? "", /^(\/[^/\\?#\0-\x1f]+)*$/);
    }),
    { numRuns: RUNS },
  );
});

test("what is written by the grammar of Forwarded is read back", () => {
  const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,8}$/);
  const value = fc.oneof(
    token.map((word) => [word, word] as const),
    anyText.map((content) => [quoted(content), content] as const),
  );
  const blank = fc.constantFrom("", " ", "\t ");
  const element = fc.record({
    pairs: fc.uniqueArray(
      fc.tuple(fc.constantFrom("for", "By", "PROTO", "host", "ext"), value),
      { selector: ([name]) => name, minLength: 1, maxLength: 5 },
    ),
    blanks: fc.tuple(blank, blank),
  });
  fc.assert(
    fc.property(fc.array(element, { maxLength: 4 }), (elements) => {
      const written = elements.map(({ pairs, blanks: [before, behind] }) =>
        before +
        pairs.map(([name, [raw]]) => `${name}=${raw}`).join(`${behind};`) +
        behind
      ).join(",");
      const hops = new ForwardedHops(written);
      let step = hops.next();
      for (const { pairs } of elements.toReversed()) {
        assert.equal(step, "hop", written);
        const told = pairs.find(([name]) => name === "for")?.[1][1] ?? "";
        assert.equal(hops.node, told, written);
        step = hops.next();
      }
      assert.equal(step, "end", written);
    }),
    { numRuns: RUNS },
  );
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { crc32c } from "../../src/proxy/crc32c.ts";
import {
  type ProxyReading,
  readProxyHeader,
} from "../../src/proxy/proxy_header.ts";
import { ipOctets } from "../../src/text/ip_octets.ts";
import { proxyV2, tcp4, values } from "../_support/proxy_headers.ts";

const ascii = (text: string) => new TextEncoder().encode(text);

/** Reads `bytes` whole and in every shorter piece, and demands that no piece says otherwise. */
function read(bytes: Uint8Array): ProxyReading {
  const whole = readProxyHeader(bytes);
  for (let size = 0; size < bytes.length; size++) {
    const part = readProxyHeader(bytes.slice(0, size));
    if (part.kind === "needMore") continue;
    assert.deepEqual(part, whole, `in ${size} bytes`);
  }
  return whole;
}

function faultOf(bytes: Uint8Array): string | undefined {
  const reading = read(bytes);
  return reading.kind === "fault" ? reading.fault : undefined;
}

test("crc32c() is that of RFC 3720", () => {
  assert.equal(crc32c(ascii("123456789")), 0xe3069283);
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
});

describe("version 1", () => {
  test("tells both ends, and where the client's bytes begin", () => {
    const line = "PROXY TCP4 198.51.100.7 192.0.2.1 56324 443\r\n";
    assert.deepEqual(read(ascii(`${line}GET /`)), {
      kind: "header",
      size: line.length,
      addresses: {
        source: { kind: "tcp", host: "198.51.100.7", port: 56324 },
        destination: { kind: "tcp", host: "192.0.2.1", port: 443 },
      },
    });
  });

  test("knows IPv6", () => {
    const reading = read(ascii("PROXY TCP6 2001:DB8::7 ::1 1 65535\r\n"));
    assert.ok(reading.kind === "header");
    assert.deepEqual(reading.addresses?.source, {
      kind: "tcp",
      host: "2001:db8::7",
      port: 1,
    });
  });

  test("tells IPv4-mapped addresses as IPv4, however they are spelt (asgi:A-056)", () => {
    const reading = read(
      ascii("PROXY TCP6 ::FFFF:203.0.113.1 2001:0db8:0::0001 1 2\r\n"),
    );
    assert.ok(reading.kind === "header");
    assert.deepEqual(reading.addresses, {
      source: { kind: "tcp", host: "203.0.113.1", port: 1 },
      destination: { kind: "tcp", host: "2001:db8::1", port: 2 },
    });
  });

  for (
    const line of [
      "PROXY UNKNOWN\r\n",
      "PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n",
    ]
  ) {
    test(`passes over ${JSON.stringify(line)}`, () => {
      const reading = read(ascii(`${line}x`));
      assert.ok(reading.kind === "header");
      assert.equal(reading.addresses, undefined);
      assert.equal(reading.size, line.length);
    });
  }

  for (
    const line of [
      "PROXY TCP4 198.51.100.7 192.0.2.1 56324 443\n\r\n",
      "PROXY TCP4 198.51.100.7 192.0.2.1 56324 443\rX",
      "PROXY TCP4 198.51.100.7 192.0.2.1 56324\r\n",
      "PROXY TCP4 198.51.100.7 192.0.2.1 56324 443 1\r\n",
      "PROXY TCP4 198.51.100.7 192.0.2.1 56324 443 \r\n",
      "PROXY TCP4  198.51.100.7 192.0.2.1 56324 443\r\n",
      "PROXY TCP4 198.51.100.7 192.0.2.1 056324 443\r\n",
      "PROXY TCP4 198.51.100.7 192.0.2.1 65536 443\r\n",
      "PROXY TCP4 198.51.100.7 192.0.2.1 -1 443\r\n",
      "PROXY TCP4 198.51.100.07 192.0.2.1 1 443\r\n",
      "PROXY TCP4 198.51.100 192.0.2.1 1 443\r\n",
      "PROXY TCP4 ::1 ::1 1 443\r\n",
      "PROXY TCP6 198.51.100.7 192.0.2.1 1 443\r\n",
      "PROXY TCP6 ::1%eth0 ::1 1 443\r\n",
      "PROXY UDP4 198.51.100.7 192.0.2.1 1 443\r\n",
      "PROXY UNKNOWNS\r\n",
      "PROXY UNKNOWN\n",
      "PROXY UNKNOWN a\nb\r\n",
      "PROXY UNKNOWN \xe9\r\n",
      "PROXY \r\n",
    ]
  ) {
    test(`refuses ${JSON.stringify(line)}`, () => {
      assert.equal(
        faultOf(ascii(line)),
        "BAD_PROXY_LINE",
      );
    });
  }

  test("refuses what has no end", () => {
    const line = ascii(`PROXY UNKNOWN ${"x".repeat(200)}\r\n`);
    assert.equal(faultOf(line), "PROXY_LINE_TOO_LONG");
    const longest = `PROXY UNKNOWN ${"x".repeat(107 - 16)}\r\n`;
    assert.equal(longest.length, 107);
    assert.equal(read(ascii(longest)).kind, "header");
  });

  for (
    const bytes of [
      "GET / HTTP/1.1\r\n",
      "\x16\x03\x01",
      "PROXX",
      "\r\n\r\n\0\rX",
    ]
  ) {
    test(`refuses ${JSON.stringify(bytes)}, which is none`, () => {
      assert.equal(faultOf(ascii(bytes)), "NO_PROXY_HEADER");
    });
  }
});

describe("version 2", () => {
  const addresses = {
    source: { kind: "tcp", host: "198.51.100.7", port: 56324 },
    destination: { kind: "tcp", host: "192.0.2.1", port: 443 },
  };
  const ADDRESSES = tcp4("198.51.100.7", "192.0.2.1", 56324, 443);

  test("tells both ends", () => {
    const header = proxyV2({ family: 0x11, body: ADDRESSES });
    assert.deepEqual(read(Uint8Array.of(...header, 0x47)), {
      kind: "header",
      size: header.length,
      addresses,
    });
  });

  test("knows IPv6 and UNIX sockets", () => {
    const body = Uint8Array.of(
      ...ipOctets("2001:db8::7")!,
      ...ipOctets("::ffff:192.0.2.1")!,
      ...[0, 1, 1, 0xbb],
    );
    const six = read(proxyV2({ family: 0x21, body }));
    assert.ok(six.kind === "header");
    assert.deepEqual(six.addresses, {
      source: { kind: "tcp", host: "2001:db8::7", port: 1 },
      destination: { kind: "tcp", host: "192.0.2.1", port: 443 },
    });
    const paths = new Uint8Array(216);
    paths.set(ascii("/run/client"));
    paths.set(ascii("\0server"), 108);
    const unix = read(proxyV2({ family: 0x31, body: paths }));
    assert.ok(unix.kind === "header");
    assert.deepEqual(unix.addresses, {
      source: { kind: "unix", path: "/run/client" },
      destination: { kind: "unix", path: "@server" },
    });
  });

  for (
    const [what, options] of [
      ["LOCAL", { command: 0, family: 0x11, body: ADDRESSES }],
      ["LOCAL without addresses", { command: 0, family: 0 }],
      ["a family nobody names", { family: 0 }],
      ["datagrams", { family: 0x12, body: ADDRESSES }],
      ["a transport nobody names", { family: 0x10, body: ADDRESSES }],
      ["a family nobody names, whatever follows", {
        family: 0,
        body: Uint8Array.of(4, 0),
      }],
    ] as const
  ) {
    test(`keeps the real addresses for ${what}`, () => {
      const reading = read(proxyV2(options));
      assert.ok(reading.kind === "header");
      assert.equal(reading.addresses, undefined);
    });
  }

  test("passes over values, and believes a checksum that is right", () => {
    const body = values(ADDRESSES, [0x04, ascii("nothing")], [
      0x05,
      ascii("id"),
    ]);
    const reading = read(proxyV2({ family: 0x11, body, checksum: true }));
    assert.ok(reading.kind === "header");
    assert.deepEqual(reading.addresses, addresses);
  });

  for (
    const [what, bytes, fault] of [
      [
        "another version",
        proxyV2({ version: 1, family: 0x11, body: ADDRESSES }),
        "BAD_PROXY_VERSION",
      ],
      [
        "an unknown command",
        proxyV2({ command: 2, family: 0x11, body: ADDRESSES }),
        "BAD_PROXY_COMMAND",
      ],
      [
        "a family of the future",
        proxyV2({ family: 0x41, body: ADDRESSES }),
        "BAD_PROXY_FAMILY",
      ],
      [
        "a transport of the future",
        proxyV2({ family: 0x13, body: ADDRESSES }),
        "BAD_PROXY_FAMILY",
      ],
      [
        "addresses cut short",
        proxyV2({ family: 0x11, body: ADDRESSES.slice(0, 11) }),
        "SHORT_PROXY_ADDRESSES",
      ],
      [
        "a value that is longer than the header",
        proxyV2({
          family: 0x11,
          body: Uint8Array.of(...ADDRESSES, 0x04, 0, 9, 1),
        }),
        "BAD_PROXY_VALUES",
      ],
      [
        "half a value",
        proxyV2({ family: 0x11, body: Uint8Array.of(...ADDRESSES, 0x04) }),
        "BAD_PROXY_VALUES",
      ],
      [
        "a checksum of another length",
        proxyV2({
          family: 0x11,
          body: values(ADDRESSES, [0x03, ascii("abc")]),
        }),
        "BAD_PROXY_VALUES",
      ],
      [
        "a wrong checksum",
        proxyV2({
          family: 0x11,
          body: values(ADDRESSES, [0x03, Uint8Array.of(1, 2, 3, 4)]),
        }),
        "BAD_PROXY_CHECKSUM",
      ],
    ] as const
  ) {
    test(`refuses ${what}`, () => {
      assert.equal(faultOf(bytes), fault);
    });
  }

  test("refuses what is too long before it has arrived", () => {
    const header = proxyV2({ family: 0x11, body: new Uint8Array(60_000) });
    assert.equal(
      faultOf(header.slice(0, 16)),
      "PROXY_HEADER_TOO_LONG",
    );
  });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { ipOctets, ipText, unmapped } from "../../src/text/ip_octets.ts";

for (
  const [text, expected] of [
    ["127.0.0.1", "7f000001"],
    ["255.255.255.255", "ffffffff"],
    ["0.0.0.0", "00000000"],
    ["10.20.99.100", "0a146364"],
    ["::1", "00000000000000000000000000000001"],
    ["::", "00000000000000000000000000000000"],
    ["2001:db8::ff00:42:8329", "20010db8000000000000ff0000428329"],
    ["1:2:3:4:5:6:7:8", "00010002000300040005000600070008"],
    ["1:2:3:4:5:6:7::", "00010002000300040005000600070000"],
    ["::ffff:192.0.2.1", "00000000000000000000ffffc0000201"],
  ] as const
) {
  test(`ipOctets() reads ${text}`, () => {
    const octets = [...ipOctets(text) ?? []];
    const hex = octets.map((octet) => octet.toString(16).padStart(2, "0"));
    assert.equal(hex.join(""), expected);
  });
}

for (
  const text of [
    "",
    "localhost",
    "1.2.3",
    "1.2.3.256",
    "1.2.3.4.5",
    "1.2.3.4.",
    "1.2.3.",
    ".1.2.3",
    "1..2.3",
    "01.2.3.4",
    "1.2.3.04",
    "00.0.0.0",
    "1.2.3.1000",
    "1.2.3.4 ",
    "+1.2.3.4",
    "1.2.3.\u0664",
    "0x7f.0.0.1",
    ":",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "12345::",
    "g::",
    "::1.2.3.999",
    "fe80::1%eth0",
  ]
) {
  test(`ipOctets() refuses '${text}'`, () => {
    assert.equal(ipOctets(text), undefined);
  });
}

test("ipText() writes addresses as RFC 5952 has them", () => {
  for (
    const text of [
      "192.0.2.1",
      "::",
      "::1",
      "1::",
      "2001:db8::1",
      "2001:db8:0:1:1:1:1:1",
      "2001:0:0:1::1",
      "1:2:3:4:5:6:7:8",
      "fe80::1:0:0:1",
    ]
  ) {
    assert.equal(ipText(ipOctets(text)!), text);
  }
  assert.equal(ipText(ipOctets("::ffff:192.0.2.1")!), "192.0.2.1");
});

test("unmapped() takes IPv4-mapped addresses apart, and no others", () => {
  for (
    const [text, size] of [
      ["::ffff:192.0.2.1", 4],
      ["192.0.2.1", 4],
      ["::192.0.2.1", 16],
      ["1::ffff:192.0.2.1", 16],
      ["::fffe:192.0.2.1", 16],
    ] as const
  ) {
    assert.equal(unmapped(ipOctets(text)!).length, size, text);
  }
});

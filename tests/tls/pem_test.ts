import assert from "node:assert/strict";
import { test } from "node:test";
import {
  certificatesIn,
  fromPem,
  type PemBlock,
  pemBlocks,
  privateKeyIn,
  toPem,
} from "../../src/tls/pem.ts";

const CERT = toPem("CERTIFICATE", Uint8Array.of(1, 2, 3));
const OTHER = toPem("CERTIFICATE", new Uint8Array(100).fill(7));
const KEY = toPem("EC PRIVATE KEY", Uint8Array.of(9));

const texts = (blocks: readonly PemBlock[]) =>
  blocks.map(({ text, bytes }) => bytes === undefined ? "damaged" : text);

test("toPem() breaks lines after 64 characters, and fromPem() reads them back", () => {
  assert.equal(
    CERT,
    "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n",
  );
  assert.equal(Math.max(...OTHER.split("\n").map((line) => line.length)), 64);
  assert.deepEqual(fromPem(OTHER), new Uint8Array(100).fill(7));
});

test("certificatesIn() and privateKeyIn() look into one file with everything", () => {
  const text = `Bag Attributes\n${KEY}subject=CN = x\n${CERT}\n${OTHER}`;
  assert.deepEqual(texts(certificatesIn(text)), [CERT, OTHER]);
  assert.equal(privateKeyIn(text)?.text, KEY);
  assert.deepEqual(pemBlocks(text).map(({ label }) => label), [
    "EC PRIVATE KEY",
    "CERTIFICATE",
    "CERTIFICATE",
  ]);
});

for (
  const [what, text] of [
    ["Windows line ends", CERT.replaceAll("\n", "\r\n")],
    ["old Mac line ends", CERT.replaceAll("\n", "\r")],
    ["a byte order mark", `\ufeff${CERT}`],
    ["blanks behind the lines", CERT.replaceAll("\n", " \t\n")],
    ["blanks in front of the lines", CERT.replaceAll(/^/gm, "    ")],
    ["empty lines", CERT.replaceAll("\n", "\n\n")],
    ["no line break at the end", CERT.trimEnd()],
    ["text in front", `subject=CN = "x"\n -----\n${CERT}`],
    ["text behind", `${CERT}-----\nend\n`],
    ["base64 in one line or in short ones", CERT.replace("AQID", "AQ\nID")],
  ] as const
) {
  test(`a block with ${what} is read`, () => {
    assert.deepEqual(texts(certificatesIn(text)), [CERT]);
  });
}

test("files that begin with a byte order mark may be joined", () => {
  assert.deepEqual(
    texts(pemBlocks(`\ufeff${CERT}\ufeff${OTHER}\ufeff${KEY}`)),
    [CERT, OTHER, KEY],
  );
});

test("header fields of an encrypted key stay in front of it", () => {
  const headers = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,0011\n\n";
  const text = KEY.replace("\n", `\n${headers}`);
  assert.equal(privateKeyIn(text.replaceAll("\n", "\r\n"))?.text, text);
  assert.deepEqual(privateKeyIn(text)?.bytes, Uint8Array.of(9));
});

for (
  const [what, text, found] of [
    [
      "joined without a line break",
      CERT.trimEnd() + CERT,
      ["damaged", "damaged"],
    ],
    ["without an end", CERT.split("\n", 2).join("\n"), ["damaged"]],
    ["with a cut end", CERT.slice(0, -20), ["damaged"]],
    [
      "without an end in front of another",
      CERT.split("\n", 2).join("\n") + "\n" + OTHER,
      ["damaged", OTHER],
    ],
    ["without a beginning", CERT.slice(CERT.indexOf("\n") + 1), ["damaged"]],
    [
      "with the end of another kind",
      CERT.replace("END CERTIFICATE", "END X509 CRL"),
      ["damaged"],
    ],
    ["all in one line", CERT.replaceAll("\n", " "), ["damaged"]],
    ["with an empty body", CERT.replace("AQID\n", ""), ["damaged"]],
    ["with a foreign character", CERT.replace("AQ", "A*"), ["damaged"]],
    ["with a comment in it", CERT.replace("AQID", "# x\nAQID"), ["damaged"]],
    ["whose base64 is cut", CERT.replace("AQID", "AQI"), ["damaged"]],
    ["with padding inside", CERT.replace("AQID", "AQ==AQID"), ["damaged"]],
    ["with a mark of four dashes", CERT.replace("-----E", "----E"), [
      "damaged",
    ]],
    ["with text behind the end", `${CERT.trimEnd()} # x\n`, ["damaged"]],
  ] as const
) {
  test(`a block ${what} is damaged, and not passed over`, () => {
    assert.deepEqual(texts(certificatesIn(text)), found);
  });
}

test("a request and parameters are no certificate", () => {
  assert.deepEqual(
    certificatesIn(toPem("CERTIFICATE REQUEST", Uint8Array.of(1))),
    [],
  );
  assert.deepEqual(
    certificatesIn(toPem("EC PARAMETERS", Uint8Array.of(1))),
    [],
  );
  assert.equal(privateKeyIn(CERT), undefined);
});

test("fromPem() gives nothing for text that is no PEM, or no base64", () => {
  assert.equal(fromPem("hello"), undefined);
  assert.equal(fromPem(CERT.replace("AQID", "A*ID")), undefined);
});

test("a long text without an end is looked at once", () => {
  const text = "-----BEGIN CERTIFICATE-----\n".repeat(20_000);
  const blocks = certificatesIn(text);
  assert.equal(blocks.length, 20_000);
  assert.ok(blocks.every(({ bytes }) => bytes === undefined));
});

/**
 * Properties of the request parser:
 *
 * - any bytes give outcomes or a documented fault, never an exception;
 * - any cutting of the input gives the same outcomes;
 * - memory held is bounded by the limits, whatever arrives;
 * - what a generator writes as a request, the parser reads back;
 * - a valid request with bytes changed, removed or added never throws;
 * - two parsers whose pushes interleave read what they read separately;
 * - a field value that is read as a length, a coding or a host is so by the letter of the grammar.
 */
import assert from "node:assert/strict";
import { isIPv6 } from "node:net";
import { describe, test } from "node:test";
import fc from "fast-check";
import { HTTP_FAULTS } from "../../src/faults.ts";
import { isHost } from "../../src/http/host.ts";
import * as feeding from "../_support/feed.ts";

const { octets, readPieces, Reader } = feeding;

const RUNS = 1_500;

/** Small, so that inputs of a few hundred bytes reach every one of them. */
const LIMITS = {
  maxHeadBytes: 220,
  maxTargetBytes: 60,
  maxHeaders: 8,
  maxChunkLineBytes: 20,
  maxTrailerBytes: 60,
  maxTrailers: 3,
};

// -- Inputs.

const TOKEN = "!#$%&'*+-.^_`|~09azAZ";
const VISIBLE = Array.from(
  { length: 94 },
  (_, i) => String.fromCharCode(i + 33),
);
const VALUE = [
  ...VISIBLE,
  "\t",
  " ",
  ...Array.from({ length: 128 }, (_, i) => String.fromCharCode(i + 128)),
];

function text(
  units: string | readonly string[],
  minLength: number,
  maxLength: number,
): fc.Arbitrary<string> {
  return fc.string({
    unit: fc.constantFrom(...units),
    minLength,
    maxLength,
  });
}

/** What requests are made of, and what attackers make them of. */
const PART = fc.constantFrom(
  "GET",
  "POST",
  " ",
  "  ",
  "/",
  "/a?b#c",
  "*",
  "http://h",
  "HTTP/1.1",
  "HTTP/1.0",
  "HTTP/2.0",
  "\r\n",
  "\r\n",
  "\r\n\r\n",
  "\n",
  "\r",
  "\0",
  "\t",
  "\x16",
  "\xa0",
  "\x7f",
  "Host: a",
  "Host:",
  "Host: [::1]:80",
  "Content-Length: 5",
  "Content-Length: 6",
  "Content-Length: 5, 5",
  "Content-Length:",
  "Transfer-Encoding: chunked",
  "Transfer-Encoding : chunked",
  "Transfer-Encoding: gzip, chunked",
  "transfer-encoding:\x0bchunked",
  "Connection: close, upgrade",
  "Upgrade: websocket",
  "Expect: 100-continue",
  "TE: trailers",
  " folded",
  "x: y",
  "x",
  ":",
  ";a=b",
  "0",
  "5",
  "5\r\nhello\r\n",
  "0\r\n\r\n",
  "1;x\r\n",
  "ffffffffffffffff",
  "hello",
  "%zz",
  "[",
  "@",
  "GET / HTTP/1.1\r\nHost: a\r\n",
  "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n",
);

const SOUP = fc.array(PART, { maxLength: 30 }).map((parts) =>
  octets(parts.join(""))
);

/** Any bytes at all, bytes that look like requests, and both. */
const BYTES = fc.oneof(
  fc.uint8Array({ maxLength: 400 }),
  SOUP,
  fc.tuple(SOUP, fc.uint8Array({ maxLength: 40 })).map(([a, b]) =>
    Uint8Array.from([...a, ...b])
  ),
);

/** `bytes` in pieces that end at `cuts`, which are taken modulo its length; some are empty. */
function pieces(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const stops = cuts.map((cut) => cut % (bytes.length + 1));
  stops.push(0, bytes.length);
  stops.sort((a, b) => a - b);
  return stops.slice(1).map((stop, i) => bytes.subarray(stops[i], stop));
}

const CUTS = fc.array(fc.nat(1_000), { maxLength: 12 });

// -- Valid requests.

interface Written {
  method: string;
  path: string;
  query: string | undefined;
  headers: [name: string, value: string][];
  /** One chunk each; `undefined` for a body of known length. */
  chunks: string[] | undefined;
  body: string;
  trailers: [name: string, value: string][];
}

const FIELD = fc.tuple(
  text(TOKEN, 1, 8).map((name) => `x-${name}`),
  text(VALUE, 0, 12),
);
const DATA = text(
  Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)),
  1,
  20,
);

const REQUEST: fc.Arbitrary<Written> = fc.record({
  method: text(TOKEN, 1, 6).filter((method) => method !== "CONNECT"),
  path: text(VISIBLE.filter((char) => !"?#".includes(char)), 0, 12).map(
    (path) => `/${path}`,
  ),
  query: fc.option(text(VISIBLE.filter((char) => char !== "#"), 0, 12), {
    nil: undefined,
  }),
  headers: fc.array(FIELD, { maxLength: 4 }),
  chunks: fc.option(fc.array(DATA, { maxLength: 4 }), { nil: undefined }),
  body: fc.oneof(fc.constant(""), DATA),
  trailers: fc.array(FIELD, { maxLength: 2 }),
});

function lines(fields: readonly (readonly [string, string])[]): string {
  return fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
}

function write(request: Written): string {
  const { method, path, query, headers, chunks, body, trailers } = request;
  const head = `${method} ${path}${
    query === undefined ? "" : `?${query}`
  } HTTP/1.1\r\nHost: a\r\n${lines(headers)}`;
  if (chunks === undefined) {
    return `${head}Content-Length: ${body.length}\r\n\r\n${body}`;
  }
  return `${head}Transfer-Encoding: chunked\r\n\r\n${
    chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`)
      .join("")
  }0\r\n${lines(trailers)}\r\n`;
}

/** A field as it is read: name in lower case, value without blanks around it. */
function received([name, value]: readonly [string, string]): [string, string] {
  return [name.toLowerCase(), value.replace(/^[ \t]+|[ \t]+$/g, "")];
}

// -- Properties.

function check<T extends [unknown, ...unknown[]]>(
  property: fc.IPropertyWithHooks<T>,
  numRuns = RUNS,
): void {
  fc.assert(property, { numRuns });
}

describe("any bytes", () => {
  test("give outcomes or a documented fault", () => {
    check(
      fc.property(BYTES, fc.boolean(), (bytes, isSmall) => {
        const { fault } = readPieces([bytes], isSmall ? LIMITS : {});
        if (fault !== undefined) assert.ok(fault in HTTP_FAULTS);
      }),
      2 * RUNS,
    );
  });

  test("give the same however they are cut", () => {
    check(
      fc.property(BYTES, CUTS, fc.boolean(), (bytes, cuts, isSmall) => {
        const limits = isSmall ? LIMITS : {};
        assert.deepEqual(
          readPieces(pieces(bytes, cuts), limits),
          readPieces([bytes], limits),
        );
      }),
      3 * RUNS,
    );
  });

  test("are held within the limits", () => {
    // Buffers double, and a request that is not asked for yet may be held beside one that is.
    const most = 2 * (LIMITS.maxHeadBytes + LIMITS.maxTrailerBytes);
    check(
      fc.property(fc.array(BYTES, { maxLength: 6 }), CUTS, (inputs, cuts) => {
        const reader = new Reader(LIMITS);
        for (const input of inputs) {
          for (const piece of pieces(input, cuts)) {
            reader.push(piece);
            const { heldBytes, unreadBytes } = reader.parser;
            assert.ok(unreadBytes <= heldBytes);
            assert.ok(heldBytes <= Math.max(256, most, 2 * piece.length));
            if (reader.reading.fault !== undefined) {
              assert.equal(heldBytes, 0);
            }
          }
        }
      }),
    );
  });
});

describe("a request", () => {
  test("is read back as it was written", () => {
    check(
      fc.property(
        fc.array(REQUEST, { minLength: 1, maxLength: 3 }),
        CUTS,
        (written, cuts) => {
          const bytes = octets(written.map(write).join(""));
          const { requests, fault } = readPieces(pieces(bytes, cuts));
          assert.equal(fault, undefined);
          assert.equal(requests.length, written.length);
          requests.forEach(({ head, body, trailers }, i) => {
            const expected = written[i];
            assert.equal(head.method, expected.method);
            assert.equal(head.rawPath, expected.path);
            assert.equal(head.query, expected.query ?? "");
            assert.deepEqual(
              head.headers.slice(1, -1),
              expected.headers.map(received),
            );
            assert.equal(body, expected.chunks?.join("") ?? expected.body);
            assert.deepEqual(
              trailers,
              expected.chunks === undefined
                ? []
                : expected.trailers.map(received),
            );
          });
        },
      ),
    );
  });

  test("with bytes changed, removed or added never throws", () => {
    const change = fc.record({
      at: fc.nat(1_000),
      removed: fc.nat(3),
      added: fc.oneof(fc.constant(""), PART, DATA),
    });
    check(
      fc.property(
        fc.array(REQUEST, { minLength: 1, maxLength: 2 }),
        fc.array(change, { minLength: 1, maxLength: 3 }),
        CUTS,
        (written, changes, cuts) => {
          let input = written.map(write).join("");
          for (const { at, removed, added } of changes) {
            const place = at % (input.length + 1);
            input = input.slice(0, place) + added +
              input.slice(place + removed);
          }
          const bytes = octets(input);
          const whole = readPieces([bytes]);
          assert.deepEqual(readPieces(pieces(bytes, cuts)), whole);
        },
      ),
      2 * RUNS,
    );
  });
});

test("two connections read what each would read alone", () => {
  const side = fc.tuple(
    fc.oneof(BYTES, REQUEST.map((r) => octets(write(r)))),
    CUTS,
  );
  check(
    fc.property(
      side,
      side,
      fc.infiniteStream(fc.boolean()),
      (one, two, turns) => {
        const queues = [pieces(...one), pieces(...two)];
        const readers = [new Reader(), new Reader()];
        while (queues[0].length > 0 || queues[1].length > 0) {
          const wanted = turns.next().value ? 1 : 0;
          const turn = queues[wanted].length > 0 ? wanted : 1 - wanted;
          readers[turn].push(queues[turn].shift()!);
        }
        assert.deepEqual(readers[0].reading, readPieces([one[0]]));
        assert.deepEqual(readers[1].reading, readPieces([two[0]]));
      },
    ),
  );
});

describe("a field value", () => {
  const POST = "POST / HTTP/1.1\r\n";
  const length = fc.oneof(
    text("0123456789", 1, 18),
    text("0123456789,+-. \t\xa0\xb2exX", 0, 8),
  );

  test("is a length if all its items are the same digits", () => {
    check(fc.property(length, (value) => {
      const { requests } = readPieces([
        octets(`${POST}Host: a\r\nContent-Length: ${value}\r\n\r\n`),
      ]);
      const items = value.split(",").map((item) =>
        item.replace(/^[ \t]+|[ \t]+$/g, "")
      );
      const isGood = items.every((item) => /^[0-9]+$/.test(item)) &&
        new Set(items.map(BigInt)).size === 1 &&
        BigInt(items[0]) <= BigInt(Number.MAX_SAFE_INTEGER);
      assert.equal(requests.length, isGood ? 1 : 0);
      if (isGood) {
        assert.equal(requests[0].head.contentLength, Number(items[0]));
      }
    }));
  });

  test("is a coding if it is chunked and nothing else", () => {
    const coding = fc.array(
      fc.constantFrom("chunked", "Chunked", ",", " ", ";", "x", "\xa0", "\t"),
      { maxLength: 4 },
    ).map((parts) => parts.join(""));
    check(fc.property(coding, (value) => {
      const { requests } = readPieces([
        octets(`${POST}Host: a\r\nTransfer-Encoding: ${value}\r\n\r\n`),
      ]);
      const isGood = /^[ \t]*chunked[ \t]*$/i.test(value);
      assert.equal(requests.length, isGood ? 1 : 0);
    }));
  });

  test("is a host in brackets if it is an IPv6 address", () => {
    const inner = fc.oneof(
      fc.ipV6(),
      text("0123456789abcdefABCDEF:.", 0, 24),
      fc.array(
        fc.constantFrom("1", "ffff", ":", "::", "1.2.3.4", "12345", "."),
        {
          maxLength: 18,
        },
      ).map((parts) => parts.join("")),
    );
    check(
      fc.property(inner, (address) => {
        assert.equal(
          isHost(`[${address}]`),
          isIPv6(address),
          address,
        );
      }),
      3 * RUNS,
    );
  });

  test("that is a host names one and nothing else", () => {
    const value = fc.oneof(
      text("aZ09-._~!$&'()*+,;=%:@/?#[]\\ \xa0\xe9", 0, 10),
      fc.tuple(fc.domain(), PART).map((parts) => parts.join("")),
    );
    check(fc.property(value, (host) => {
      if (isHost(host)) {
        assert.match(host, /^(\[[0-9A-Fa-f:.]+\]|[^\s,@/?#\\[\]:]+)(:\d*)?$/);
      }
    }));
  });

  test("is a host if it is an address or a domain, with a port or not", () => {
    const name = fc.oneof(
      fc.ipV6().map((address) => `[${address}]`),
      fc.ipV4(),
      fc.domain(),
    );
    check(fc.property(name, fc.nat(65_535), (host, port) => {
      assert.ok(isHost(host), host);
      assert.ok(isHost(`${host}:${port}`), host);
    }));
  });
});

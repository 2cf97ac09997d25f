import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { HttpFaultCode } from "../../src/faults.ts";
import { newKey } from "../../src/http1/head_cache.ts";
import { HeadParser } from "../../src/http1/head_parser.ts";
import type { Http1RequestHead } from "../../src/http1/request_head.ts";
import { FAULT, NEEDS_MORE } from "../../src/http1/scan_result.ts";
import { DEFAULT_LIMITS } from "../../src/http/limits.ts";
import { feed, feedFault, feedOne, octets } from "../_support/feed.ts";

const HOST = "Host: a\r\n";

/** A head with this request line. */
function line(text: string): string {
  return `${text}\r\n${HOST}\r\n`;
}

/** A head with these lines after its `host`. */
function fields(text: string): string {
  return `GET / HTTP/1.1\r\n${HOST}${text}\r\n`;
}

/** One connection's parser. */
class ConnectionHeads extends HeadParser {
  readonly #source = { limits: DEFAULT_LIMITS, key: newKey(), misses: 0 };

  read(bytes: Uint8Array, base: number, end: number): number {
    return this.parse(bytes, base, end, this.#source);
  }
}

function headOf(input: string): Http1RequestHead {
  return feedOne(input).head;
}

function refuses(
  cases: readonly (readonly [string, string, HttpFaultCode])[],
): void {
  for (const [behavior, input, fault] of cases) {
    test(`rejects ${behavior}`, () => assert.equal(feedFault(input), fault));
  }
}

test("reads a whole head", () => {
  const head = headOf(
    "PUT /a/b?c=d HTTP/1.1\r\nHost: example.com:80\r\nX-One: 1\r\nx-one: 2\r\n" +
      "Content-Length: 0\r\nTE: trailers\r\nExpect: 100-continue\r\n" +
      "Connection: close, Upgrade\r\nUpgrade: H2C\r\n\r\n",
  );
  assert.deepEqual(head, {
    method: "PUT",
    version: "1.1",
    rawPath: "/a/b",
    query: "c=d",
    headers: [
      ["host", "example.com:80"],
      ["x-one", "1"],
      ["x-one", "2"],
      ["content-length", "0"],
      ["te", "trailers"],
      ["expect", "100-continue"],
      ["connection", "close, Upgrade"],
      ["upgrade", "H2C"],
    ],
    contentLength: 0,
    isChunked: false,
    hasBody: false,
    mayHaveTrailers: false,
    keepAlive: false,
    expectsContinue: true,
    acceptsTrailers: true,
    upgrade: "h2c",
    isForwarded: false,
  });
});

describe("a head", () => {
  for (
    const [name, isForwarded] of [
      ["Forwarded", true],
      ["X-Forwarded-For", true],
      ["x-forwarded-host", true],
      ["X-FORWARDED-PORT", true],
      ["X-Forwarded-Prefix", true],
      ["X-Forwarded-Proto", true],
      ["X-Forwarded-Server", false],
      ["X-Forwarded", false],
      ["X-Real-IP", false],
      ["Upgrade", false],
    ] as const
  ) {
    test(`with ${name} ${isForwarded ? "notes" : "does not note"} that a proxy speaks`, () => {
      const head = headOf(`GET / HTTP/1.1\r\n${HOST}${name}: x\r\n\r\n`);
      assert.equal(head.isForwarded, isForwarded);
      assert.deepEqual(head.headers.at(-1), [name.toLowerCase(), "x"]);
    });
  }

  test("does not keep the note of the one before", () => {
    const parser = new ConnectionHeads();
    const told = "X-Forwarded-For: x\r\n";
    const notes = [told, "", "Forwarded: x\r\n", told, told, told, ""].map(
      (field) => {
        const bytes = octets(`GET / HTTP/1.1\r\n${HOST}${field}\r\n`);
        assert.equal(parser.read(bytes, 0, bytes.length), bytes.length);
        return parser.head!.isForwarded;
      },
    );
    assert.deepEqual(notes, [true, false, true, true, true, true, false]);
  });
});

describe("RFC 9112 §2.2: line ends and what stands where a request should", () => {
  refuses([
    [
      "a bare LF after the request line",
      `GET / HTTP/1.1\n${HOST}\r\n`,
      "BAD_LINE_END",
    ],
    [
      "a bare LF after a field",
      "GET / HTTP/1.1\r\nHost: a\n\r\n",
      "BAD_LINE_END",
    ],
    [
      "a bare LF for the empty line",
      `GET / HTTP/1.1\r\n${HOST}\n`,
      "BAD_LINE_END",
    ],
    [
      "a bare CR after the version",
      "GET / HTTP/1.1\rHost: a\r\n\r\n",
      "BAD_LINE_END",
    ],
    [
      "a bare CR for the empty line",
      `GET / HTTP/1.1\r\n${HOST}\rX`,
      "BAD_LINE_END",
    ],
    ["a bare CR in a value", fields("x: a\rb\r\n"), "BAD_HEADER_VALUE"],
    ["two CR", fields("x: a\r\r\n"), "BAD_HEADER_VALUE"],
    [
      "a TLS handshake",
      "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
      "TLS_ON_PLAIN_PORT",
    ],
    [
      "the preface of HTTP/2",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "HTTP2_PREFACE",
    ],
    ["NUL", "\0", "BAD_METHOD"],
  ]);
});

describe("RFC 9112 §3: request line", () => {
  refuses([
    ["HTTP/0.9", "GET /\r\n", "BAD_REQUEST_LINE"],
    ["a method alone", "GET\r\n", "BAD_REQUEST_LINE"],
    [
      "two blanks before the target",
      line("GET  / HTTP/1.1"),
      "BAD_REQUEST_LINE",
    ],
    [
      "two blanks before the version",
      line("GET /  HTTP/1.1"),
      "BAD_REQUEST_LINE",
    ],
    ["a tab before the version", line("GET /\tHTTP/1.1"), "BAD_TARGET"],
    ["a blank after the version", line("GET / HTTP/1.1 "), "BAD_REQUEST_LINE"],
    ["a blank in the target", line("GET /a b HTTP/1.1"), "BAD_REQUEST_LINE"],
    [
      "a second request line in the target",
      line("GET / HTTP/1.1 HTTP/1.1"),
      "BAD_REQUEST_LINE",
    ],
    ["a version without target", line("GET HTTP/1.1"), "BAD_REQUEST_LINE"],
    ["a response", "HTTP/1.1 200 OK\r\n\r\n", "BAD_METHOD"],
  ]);
});

describe("RFC 9112 §3.1: method", () => {
  for (
    const method of [
      "GET",
      "POST",
      "HEAD",
      "PUT",
      "DELETE",
      "PATCH",
      "OPTIONS",
      "QUERY",
      "XET",
      "GXT",
      "GEX",
      "XOST",
      "PXST",
      "POXT",
      "POSX",
      "get",
      "GeT",
      "POSTS",
      "!#$%&'*+-.^_`|~9",
    ]
  ) {
    test(`reads ${method} as it is`, () => {
      assert.equal(headOf(line(`${method} / HTTP/1.1`)).method, method);
    });
  }

  refuses([
    ["an empty one", line(" / HTTP/1.1"), "BAD_METHOD"],
    ["a separator", line("G(T / HTTP/1.1"), "BAD_METHOD"],
    ["a colon", "Host: a\r\n\r\n", "BAD_METHOD"],
    ["an octet that is not ASCII", line("G\xc9T / HTTP/1.1"), "BAD_METHOD"],
    ["a tab behind it", line("GET\t/ HTTP/1.1"), "BAD_METHOD"],
  ]);
});

describe("RFC 9112 §3.2: target", () => {
  for (
    const [behavior, request, rawPath, query] of [
      [
        "is split at the first question mark",
        "GET /p?q?r HTTP/1.1",
        "/p",
        "q?r",
      ],
      [
        "has an empty query after a bare question mark",
        "GET /p? HTTP/1.1",
        "/p",
        "",
      ],
      ["keeps escapes", "GET /%2F%zz?%20 HTTP/1.1", "/%2F%zz", "%20"],
      [
        "keeps dot segments and double slashes",
        "GET //a/../b/./ HTTP/1.1",
        "//a/../b/./",
        "",
      ],
      [
        "keeps bytes that browsers leave bare",
        'GET /{a}|"b"?[c]^` HTTP/1.1',
        '/{a}|"b"',
        "[c]^`",
      ],
      ["loses a fragment (http:H-016)", "GET /p#f HTTP/1.1", "/p", ""],
      [
        "loses a fragment with a question mark",
        "GET /p#f?q HTTP/1.1",
        "/p",
        "",
      ],
      ["loses a fragment after a query", "GET /p?q#f?r HTTP/1.1", "/p", "q"],
      ["may be absolute", "GET http://b/p?q HTTP/1.1", "/p", "q"],
      ["may be absolute without a path", "GET http://b HTTP/1.1", "/", ""],
      [
        "may be absolute with a query only",
        "GET http://b?q HTTP/1.1",
        "/",
        "q",
      ],
      [
        "may be absolute with a fragment only",
        "GET http://b#f HTTP/1.1",
        "/",
        "",
      ],
      ["may be an asterisk", "OPTIONS * HTTP/1.1", "*", ""],
      ["may be an absolute asterisk", "OPTIONS http://b HTTP/1.1", "*", ""],
    ] as const
  ) {
    test(behavior, () => {
      const head = headOf(line(request));
      assert.deepEqual([head.rawPath, head.query], [rawPath, query]);
    });
  }

  refuses([
    [
      "a raw octet that is not ASCII",
      line("GET /caf\xe9 HTTP/1.1"),
      "BAD_TARGET",
    ],
    ["a control octet", line("GET /\x01 HTTP/1.1"), "BAD_TARGET"],
    ["NUL", line("GET /\0 HTTP/1.1"), "BAD_TARGET"],
    ["DEL", line("GET /\x7f HTTP/1.1"), "BAD_TARGET"],
    ["a path without a slash", line("GET a HTTP/1.1"), "BAD_TARGET"],
    ["a query without a path", line("GET ?q HTTP/1.1"), "BAD_TARGET"],
    ["an asterisk for GET", line("GET * HTTP/1.1"), "BAD_TARGET"],
    [
      "CONNECT, whose syntax is right",
      line("CONNECT a:443 HTTP/1.1"),
      "CONNECT_METHOD",
    ],
    [
      "CONNECT of an IPv6 address",
      line("CONNECT [::1]:443 HTTP/1.1"),
      "CONNECT_METHOD",
    ],
    ["CONNECT without a port", line("CONNECT a HTTP/1.1"), "BAD_TARGET"],
    ["CONNECT with an empty port", line("CONNECT a: HTTP/1.1"), "BAD_TARGET"],
    ["CONNECT without a host", line("CONNECT :443 HTTP/1.1"), "BAD_TARGET"],
    ["CONNECT of a user", line("CONNECT a@b:443 HTTP/1.1"), "BAD_TARGET"],
    ["CONNECT of an URL", line("CONNECT http://a:1 HTTP/1.1"), "BAD_TARGET"],
    ["an authority for GET", line("GET a:443 HTTP/1.1"), "BAD_TARGET"],
    ["a path for CONNECT", line("CONNECT / HTTP/1.1"), "BAD_TARGET"],
    [
      "userinfo in an absolute target",
      line("GET http://a@b/ HTTP/1.1"),
      "BAD_TARGET",
    ],
  ]);

  test("an absolute target wins over a different host", () => {
    const { headers } = headOf(
      "GET http://b:1/ HTTP/1.1\r\nx: 1\r\nHost: a\r\ny: 2\r\n\r\n",
    );
    assert.deepEqual(headers, [["x", "1"], ["host", "b:1"], ["y", "2"]]);
  });

  test("an absolute target makes the host of HTTP/1.0, placed first", () => {
    const { headers } = headOf("GET http://b/ HTTP/1.0\r\nx: 1\r\n\r\n");
    assert.deepEqual(headers, [["host", "b"], ["x", "1"]]);
  });

  refuses([
    [
      "an absolute target without host in HTTP/1.1",
      "GET http://b/ HTTP/1.1\r\n\r\n",
      "MISSING_HOST",
    ],
    [
      "two hosts, whatever the target",
      `GET http://b/ HTTP/1.1\r\n${HOST}Host: b\r\n\r\n`,
      "REPEATED_HOST",
    ],
    [
      "a broken host, whatever the target",
      "GET http://b/ HTTP/1.1\r\nHost: a/b\r\n\r\n",
      "BAD_HOST",
    ],
  ]);
});

describe("RFC 9112 §2.3: version", () => {
  for (const version of ["1.0", "1.1"] as const) {
    test(`reads ${version}`, () => {
      assert.equal(headOf(line(`GET / HTTP/${version}`)).version, version);
    });
  }

  for (const version of ["1.2", "1.9"]) {
    test(`reads ${version} as 1.1 (RFC 9110 §2.5)`, () => {
      assert.equal(headOf(line(`GET / HTTP/${version}`)).version, "1.1");
    });
  }

  refuses([
    ["HTTP/1.2 without a host", "GET / HTTP/1.2\r\n\r\n", "MISSING_HOST"],
    ["HTTP/2.0", line("GET / HTTP/2.0"), "UNSUPPORTED_VERSION"],
    [
      "HTTP/2.0 with a method like that of its preface",
      line("PRX * HTTP/2.0"),
      "UNSUPPORTED_VERSION",
    ],
    [
      "HTTP/2.0 with another one like it",
      line("PXI * HTTP/2.0"),
      "UNSUPPORTED_VERSION",
    ],
    [
      "HTTP/3.0 with the method of that preface",
      line("PRI * HTTP/3.0"),
      "UNSUPPORTED_VERSION",
    ],
    ["HTTP/0.9 spelled out", line("GET / HTTP/0.9"), "UNSUPPORTED_VERSION"],
    ["HTTP/1", line("GET / HTTP/1"), "BAD_REQUEST_LINE"],
    ["HTTP/1.10", line("GET / HTTP/1.10"), "BAD_REQUEST_LINE"],
    ["HTTP/11.1", line("GET / HTTP/11.1"), "BAD_REQUEST_LINE"],
    ["a comma in it", line("GET / HTTP/1,1"), "BAD_REQUEST_LINE"],
    ["lower case", line("GET / http/1.1"), "BAD_REQUEST_LINE"],
    ["another protocol", line("GET / HTTPS/1.1"), "BAD_REQUEST_LINE"],
    ["no digits", line("GET / HTTP/a.b"), "BAD_REQUEST_LINE"],
  ]);
});

describe("RFC 9112 §5: field lines", () => {
  for (
    const [behavior, text, expected] of [
      ["lowers names", "X-Custom-NAME: V\r\n", [["x-custom-name", "V"]]],
      ["lowers names it knows", "User-AGENT: V\r\n", [["user-agent", "V"]]],
      ["keeps order and repeats", "b: 1\r\na: 2\r\nb: 3\r\n", [["b", "1"], [
        "a",
        "2",
      ], ["b", "3"]]],
      ["does not join cookies", "Cookie: a\r\nCookie: b\r\n", [
        ["cookie", "a"],
        ["cookie", "b"],
      ]],
      ["drops blanks around a value", "x: \t a b\t \t\r\n", [["x", "a b"]]],
      ["needs no blank after the colon", "x:a\r\n", [["x", "a"]]],
      ["reads an empty value", "x:\r\ny: \t \r\n", [["x", ""], ["y", ""]]],
      ["keeps colons in a value", "x: a:b\r\n", [["x", "a:b"]]],
      ["keeps octets that are not ASCII", "x: \x80caf\xe9\xff\r\n", [[
        "x",
        "\x80caf\xe9\xff",
      ]]],
      ["keeps a tab in a value", "x: a\tb\r\n", [["x", "a\tb"]]],
      ["does not trim other blanks", "x: \xa0a\x85\r\n", [["x", "\xa0a\x85"]]],
      ["reads any token as a name", "!#$%&'*+-.^_`|~9: a\r\n", [[
        "!#$%&'*+-.^_`|~9",
        "a",
      ]]],
      ["reads names of objects", "__proto__: a\r\nconstructor: b\r\n", [[
        "__proto__",
        "a",
      ], ["constructor", "b"]]],
    ] as const
  ) {
    test(behavior, () => {
      assert.deepEqual(headOf(fields(text)).headers.slice(1), expected);
    });
  }

  refuses([
    ["a blank before the colon", fields("x : a\r\n"), "BAD_HEADER_NAME"],
    [
      "Transfer-Encoding with a blank before the colon",
      fields("Transfer-Encoding : chunked\r\n"),
      "BAD_HEADER_NAME",
    ],
    [
      "Transfer-Encoding with a tab before the colon",
      fields("Transfer-Encoding\t: chunked\r\n"),
      "BAD_HEADER_NAME",
    ],
    [
      "Transfer-Encoding with a vertical tab before the colon",
      fields("Transfer-Encoding\x0b: chunked\r\n"),
      "BAD_HEADER_NAME",
    ],
    ["an empty name", fields(": a\r\n"), "BAD_HEADER_NAME"],
    ["a name without a colon", fields("abc\r\n"), "BAD_HEADER_NAME"],
    ["a separator in a name", fields("a[b]: c\r\n"), "BAD_HEADER_NAME"],
    [
      "an octet that is not ASCII in a name",
      fields("caf\xe9: c\r\n"),
      "BAD_HEADER_NAME",
    ],
    ["a control octet in a name", fields("a\0: c\r\n"), "BAD_HEADER_NAME"],
    ["NUL in a value", fields("a: b\0c\r\n"), "BAD_HEADER_VALUE"],
    [
      "a vertical tab before a coding",
      fields("Transfer-Encoding:\x0bchunked\r\n"),
      "BAD_HEADER_VALUE",
    ],
    [
      "an escape character in a value",
      fields("a: \x1b[31m\r\n"),
      "BAD_HEADER_VALUE",
    ],
    ["DEL in a value", fields("a: \x7f\r\n"), "BAD_HEADER_VALUE"],
  ]);
});

describe("RFC 9112 §5.2: obsolete folding", () => {
  refuses([
    [
      "a line that starts with a blank",
      fields("a: b\r\n c\r\n"),
      "OBSOLETE_FOLD",
    ],
    [
      "a line that starts with a tab",
      fields("a: b\r\n\tc\r\n"),
      "OBSOLETE_FOLD",
    ],
    [
      "a coding on the next line",
      fields("Transfer-Encoding:\r\n chunked\r\n"),
      "OBSOLETE_FOLD",
    ],
    [
      "a blank before the first field",
      `GET / HTTP/1.1\r\n ${HOST}\r\n`,
      "OBSOLETE_FOLD",
    ],
    ["a line of blanks", fields("a: b\r\n \r\n"), "OBSOLETE_FOLD"],
  ]);
});

describe("RFC 9112 §6: framing", () => {
  for (
    const [behavior, text, expected] of [
      ["has no body without a length", "", {
        contentLength: -1,
        isChunked: false,
        hasBody: false,
      }],
      ["has no body of length 0", "Content-Length: 0\r\n", {
        contentLength: 0,
        isChunked: false,
        hasBody: false,
      }],
    ] as const
  ) {
    test(behavior, () => {
      const { contentLength, isChunked, hasBody } = headOf(fields(text));
      assert.deepEqual({ contentLength, isChunked, hasBody }, expected);
    });
  }

  for (
    const [behavior, text, expected] of [
      ["has a body of its length", "Content-Length: 5\r\n", [5, false, true]],
      ["has a body in chunks", "Transfer-Encoding: chunked\r\n", [
        -1,
        true,
        true,
      ]],
    ] as const
  ) {
    test(behavior, () => {
      const { contentLength, isChunked, hasBody } =
        feed(fields(text)).requests[0].head;
      assert.deepEqual([contentLength, isChunked, hasBody], expected);
    });
  }

  test("gives the application one value of two lengths of 0", () => {
    const { headers } = headOf(
      fields("Content-Length: 0\r\nContent-Length: 0\r\n"),
    );
    assert.deepEqual(headers.slice(1), [["content-length", "0"]]);
  });

  for (
    const text of [
      "Content-Length: 5, 5\r\n",
      "Content-Length: 5\r\nContent-Length: 5\r\n",
      "Content-Length: 5 ,5\r\nx: y\r\nContent-Length: 05\r\n",
    ]
  ) {
    test(`gives the application one value of ${JSON.stringify(text)}`, () => {
      const { requests } = feed(fields(text));
      const lengths = requests[0].head.headers.filter(([name]) =>
        name === "content-length"
      );
      assert.deepEqual(lengths, [["content-length", "5"]]);
      assert.equal(requests[0].head.contentLength, 5);
    });
  }

  refuses([
    [
      "two different Content-Length values",
      fields("Content-Length: 5\r\nContent-Length: 6\r\n"),
      "CONFLICTING_CONTENT_LENGTH",
    ],
    [
      "Content-Length and Transfer-Encoding",
      fields("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
      "CONTENT_LENGTH_AND_TRANSFER_ENCODING",
    ],
    [
      "Transfer-Encoding and Content-Length",
      fields("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
      "CONTENT_LENGTH_AND_TRANSFER_ENCODING",
    ],
  ]);
});

describe("RFC 9112 §9.3: persistence", () => {
  for (
    const [version, text, keepAlive] of [
      ["1.1", "", true],
      ["1.1", "Connection: close\r\n", false],
      ["1.1", "Connection: keep-alive\r\n", true],
      ["1.1", "Connection: keep-alive, close\r\n", false],
      ["1.1", "Connection: keep-alive\r\nConnection: close\r\n", false],
      ["1.0", "", false],
      ["1.0", "Connection: keep-alive\r\n", true],
      ["1.0", "Connection: x, Keep-Alive\r\n", true],
      ["1.0", "Connection: close, keep-alive\r\n", false],
    ] as const
  ) {
    test(`HTTP/${version} with ${JSON.stringify(text)}: ${keepAlive}`, () => {
      const head = headOf(`GET / HTTP/${version}\r\n${HOST}${text}\r\n`);
      assert.equal(head.keepAlive, keepAlive);
    });
  }
});

describe("RFC 9110 §7.8: Upgrade", () => {
  for (
    const [behavior, text, upgrade] of [
      [
        "is what both fields say (http:H-126)",
        "Connection: Upgrade\r\nUpgrade: WebSocket\r\n",
        "websocket",
      ],
      [
        "does not depend on order",
        "Upgrade: websocket\r\nConnection: keep-alive, upgrade\r\n",
        "websocket",
      ],
      [
        "is ignored without Connection (http:H-131)",
        "Upgrade: websocket\r\n",
        undefined,
      ],
      [
        "is ignored with another Connection",
        "Connection: close\r\nUpgrade: websocket\r\n",
        undefined,
      ],
      ["is none without a protocol", "Connection: upgrade\r\n", undefined],
      [
        "is none with an empty protocol",
        "Connection: upgrade\r\nUpgrade:\r\n",
        undefined,
      ],
    ] as const
  ) {
    test(behavior, () => assert.equal(headOf(fields(text)).upgrade, upgrade));
  }
});

describe("limits of a head", () => {
  const head = "GET /1234567 HTTP/1.1\r\nHost: a\r\nx: 1\r\n\r\n";
  const target = "/1234567".length;
  for (
    const [behavior, limits, fault] of [
      ["accepts fewer bytes", { maxHeadBytes: head.length + 1 }, undefined],
      ["accepts as many bytes", { maxHeadBytes: head.length }, undefined],
      [
        "rejects more bytes",
        { maxHeadBytes: head.length - 1 },
        "HEAD_TOO_LARGE",
      ],
      ["accepts a shorter target", { maxTargetBytes: target + 1 }, undefined],
      ["accepts as long a target", { maxTargetBytes: target }, undefined],
      [
        "rejects a longer target",
        { maxTargetBytes: target - 1 },
        "TARGET_TOO_LONG",
      ],
      [
        "rejects a target that fills the head",
        { maxHeadBytes: 8 },
        "TARGET_LONGER_THAN_HEAD",
      ],
      ["accepts fewer fields", { maxHeaders: 3 }, undefined],
      ["accepts as many fields", { maxHeaders: 2 }, undefined],
      ["rejects more fields", { maxHeaders: 1 }, "TOO_MANY_HEADERS"],
    ] as const
  ) {
    test(behavior, () => assert.equal(feedFault(head, limits), fault));
  }

  test("are known as soon as they are reached", () => {
    const cases = [
      ["GET /".padEnd(9, "x"), { maxTargetBytes: 4 }, "TARGET_TOO_LONG"],
      ["G".repeat(20), { maxHeadBytes: 20 }, "HEAD_TOO_LARGE"],
      ["GET / HTTP/1.1\r\nx", { maxHeaders: 0 }, "TOO_MANY_HEADERS"],
    ] as const;
    for (const [input, limits, fault] of cases) {
      assert.equal(feedFault(input.slice(0, -1), limits), undefined);
      assert.equal(feedFault(input, limits), fault);
    }
  });

  test("more fields than the notes have room for at first", () => {
    const lines = Array.from({ length: 700 }, (_, i) => `x${i}: ${i}\r\n`);
    const limits = { maxHeaders: 1000 };
    const { head } = feedOne(fields(lines.join("")), limits);
    assert.equal(head.headers.length, 701);
    assert.deepEqual(head.headers[700], ["x699", "699"]);
  });
});

test("heads of several connections that arrive bit by bit do not mix", () => {
  const inputs = Array.from({ length: 5 }, (_, i) =>
    octets(
      `GET /${i} HTTP/1.1\r\nHost: host${i}\r\n` +
        `x-${"n".repeat(i)}: ${"v".repeat(i * 3)}\r\n`.repeat(i + 1) + "\r\n",
    ));
  const parsers = inputs.map(() => new ConnectionHeads());
  const heads = inputs.map(() => undefined as Http1RequestHead | undefined);
  const longest = Math.max(...inputs.map((input) => input.length));
  for (let end = 1; end <= longest; end++) {
    parsers.forEach((parser, i) => {
      if (end > inputs[i].length) return;
      const size = parser.read(inputs[i], 0, end);
      assert.notEqual(size, FAULT);
      if (size > 0) heads[i] = parser.head;
    });
  }
  heads.forEach((head, i) => {
    assert.equal(head?.rawPath, `/${i}`);
    assert.deepEqual(head?.headers, [
      ["host", `host${i}`],
      ...Array(i + 1).fill([`x-${"n".repeat(i)}`, "v".repeat(i * 3)]),
    ]);
  });
});

test("a head may move between calls", () => {
  const input = octets("GET /path HTTP/1.1\r\nHost: a\r\n\r\n");
  const parser = new ConnectionHeads();
  for (let end = 1; end <= input.length; end++) {
    const moved = new Uint8Array(end + input.length);
    moved.set(input.subarray(0, end), end);
    const size = parser.read(moved, end, end * 2);
    assert.equal(size, end === input.length ? end : 0);
  }
  assert.equal(parser.head?.rawPath, "/path");
});

test("strings and pairs are fresh for each head", () => {
  const parser = new ConnectionHeads();
  const input = octets(fields("x: 1\r\n"));
  parser.read(input, 0, input.length);
  const first = parser.head!;
  first.headers.push(["y", "2"]);
  first.headers[0][1] = "changed";
  parser.read(input, 0, input.length);
  assert.deepEqual(parser.head!.headers, [["host", "a"], ["x", "1"]]);
});

describe("a head that came before", () => {
  /** A parser that has read `text` often enough to know it. */
  function knowing(text: string): ConnectionHeads {
    const parser = new ConnectionHeads();
    const bytes = octets(text);
    for (let i = 0; i < 3; i++) parser.read(bytes, 0, bytes.length);
    return parser;
  }
  const LINE = "GET /a?b HTTP/1.1\r\n";
  const KNOWN = `${LINE}${HOST}\r\n`;

  test("may come in pieces, cut anywhere", () => {
    const bytes = octets(KNOWN);
    for (let cut = 1; cut < bytes.length; cut++) {
      const parser = knowing(KNOWN);
      assert.equal(parser.read(bytes, 0, cut), NEEDS_MORE);
      assert.equal(parser.lookedAt, cut);
      assert.equal(parser.read(bytes, 0, bytes.length), bytes.length);
      assert.equal(parser.lookedAt, 0);
      const { method, rawPath, query, headers } = parser.head!;
      assert.deepEqual([method, rawPath, query], ["GET", "/a", "b"]);
      assert.deepEqual(headers, [["host", "a"]]);
    }
  });

  test("leaves nothing of its line to the next", () => {
    const parser = knowing(KNOWN);
    const next = octets(`POST /c HTTP/1.0\r\n${HOST}\r\n`);
    assert.equal(parser.read(next, 0, next.length), next.length);
    const { method, version, rawPath, query } = parser.head!;
    assert.deepEqual([method, version, rawPath, query], [
      "POST",
      "1.0",
      "/c",
      "",
    ]);
  });

  test("is not in the log once it was read", () => {
    const parser = knowing(KNOWN);
    const bytes = octets(KNOWN);
    assert.equal(parser.read(bytes, 0, bytes.length), bytes.length);
    assert.equal(parser.seenLine(bytes, 0, 0), undefined);
  });

  test("has its line in the log if other fields behind it are refused", () => {
    const parser = knowing(KNOWN);
    const bytes = octets(`${LINE}b ad: x\r\n`);
    assert.equal(parser.read(bytes, 0, bytes.length), FAULT);
    assert.deepEqual(parser.seenLine(bytes, 0, bytes.length), {
      method: "GET",
      rawPath: "/a",
      query: "b",
      version: "1.1",
    });
  });

  test("has the host of its absolute form each time", () => {
    const text = `GET http://b/c HTTP/1.1\r\n${HOST}\r\n`;
    const parser = knowing(text);
    const bytes = octets(text);
    assert.equal(parser.read(bytes, 0, bytes.length), bytes.length);
    assert.deepEqual(parser.head!.headers, [["host", "b"]]);
  });
});

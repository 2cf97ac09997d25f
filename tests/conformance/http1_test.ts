/**
 * The cases of the public HTTP/1.1 suite h1spec, in the order of the RFCs: see README.md. Each
 * says which section asks for what, and asks for exactly that where the suite leaves a choice.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { pause, RawClient } from "../_support/raw_client.ts";
import { sharedServer } from "../_support/spawn_server.ts";

const shared = sharedServer({ app: "echo:app" });

/** Time a wrong answer gets to show itself, in milliseconds. */
const SHOW_MS = 40;

/** One exchange: what is sent, what comes back. */
interface Case {
  readonly name: string;
  readonly sent: string;
  readonly status: number;
  /** Body of the answer; not looked at where it is absent. */
  readonly body?: string;
}

async function check({ sent, status, body }: Case): Promise<void> {
  const client = await RawClient.connect(shared.server.target);
  try {
    client.send(sent);
    const response = await client.readFinalResponse();
    assert.equal(response.status, status, response.rawHead);
    if (body !== undefined) assert.equal(response.body, body);
    // RFC 9112 §9.6: after a message that could not be read, nothing behind it can be trusted.
    if (status >= 400) assert.equal(await client.ended(), "fin");
  } finally {
    client.close();
  }
}

function section(title: string, cases: readonly Case[]): void {
  describe(title, () => {
    for (const one of cases) test(one.name, () => check(one));
  });
}

describe("RFC 9112 §2.2: a message may arrive in any pieces, and is not answered before its end", () => {
  const whole = "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n";
  for (
    const [where, size] of [
      ["in the method", 1],
      ["before the target", 4],
      ["after the target", 10],
      ["before the version", 11],
      ["in the version", 15],
      ["after the version", 19],
      ["between CR and LF of the request line", 20],
      ["after the request line", 21],
      ["in a field name", 24],
      ["after the colon", 26],
      ["before a field value", 27],
      ["after a field value", 36],
      ["between CR and LF of a field", 37],
      ["after a field line", 38],
      ["between CR and LF of the empty line", 39],
    ] as const
  ) {
    test(`cut ${where}`, async () => {
      const client = await RawClient.connect(shared.server.target);
      client.send(whole.slice(0, size));
      await pause(SHOW_MS);
      assert.deepEqual([client.pending, client.end], ["", undefined]);
      client.send(whole.slice(size));
      assert.equal((await client.readResponse()).status, 200);
      client.close();
    });
  }
});

section("RFC 9112 §2.2: lines end in CRLF", [
  {
    name: "a CR without LF where the head could end is refused",
    sent: "GET / HTTP/1.1\r\nHost: example.com\r\n\rSome-Header: Test\r\n\r\n",
    status: 400,
  },
]);

section("RFC 9112 §2.3: version", [
  {
    name:
      "a major version that is not ours is refused as such (RFC 9110 §15.6.6)",
    sent: "GET / HTTP/9.9\r\nHost: example.com\r\n\r\n",
    status: 505,
  },
  {
    name: "no version at all is refused",
    sent: "GET / \r\n\r\n",
    status: 400,
  },
]);

section("RFC 9112 §3: request line", [
  {
    name: "a plain GET is answered",
    sent: "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n",
    status: 200,
    body: "",
  },
  {
    name: "words in front of the method are refused",
    sent: "Extra lineGET / HTTP/1.1\r\nHost: example.com\r\n\r\n",
    status: 400,
  },
]);

section("RFC 9112 §3.2: host", [
  {
    name: "HTTP/1.1 without host is refused",
    sent: "GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\n",
    status: 400,
  },
  {
    name: "two hosts are refused",
    sent: "GET / HTTP/1.1\r\nHost: example.com\r\nHost: example.org\r\n\r\n",
    status: 400,
  },
]);

section("RFC 9112 §5: field lines", [
  {
    name: "names in any case, a tab before a value and an empty value are fine",
    sent: "GET / HTTP/1.1\r\nhoSt:\texample.com\r\nempty:\r\n\r\n",
    status: 200,
  },
  {
    name: "a value of one blank is an empty value",
    sent: "GET / HTTP/1.1\r\nHost: example.com\r\nX-Empty-Header: \r\n\r\n",
    status: 200,
  },
  {
    name: "a name that is no token is refused (RFC 9110 §5.6.2)",
    sent: "GET / HTTP/1.1\r\nHost: example.com\r\nX-Invalid[]: test\r\n\r\n",
    status: 400,
  },
  {
    name: "a control character in a value is refused (RFC 9110 §5.5)",
    sent:
      "GET / HTTP/1.1\r\nHost: example.com\r\nX-Bad-Control-Char: test\x07\r\n\r\n",
    status: 400,
  },
]);

section("RFC 9112 §6: the length of a body", [
  {
    name: "content-length delimits a body",
    sent:
      "POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 5\r\n\r\nhello",
    status: 200,
    body: "hello",
  },
  {
    name: "a negative content-length is refused (RFC 9110 §8.6)",
    sent:
      "GET / HTTP/1.1\r\nHost: example.com\r\nContent-Length: -1234\r\n\r\n",
    status: 400,
  },
  {
    name: "a negative content-length that overflows every integer is refused",
    sent: "GET / HTTP/1.1\r\nHost: example.com\r\n" +
      "Content-Length: -123456789123456789123456789\r\n\r\n",
    status: 400,
  },
  {
    name: "a content-length of letters is refused",
    sent: "GET / HTTP/1.1\r\nHost: example.com\r\nContent-Length: abc\r\n\r\n",
    status: 400,
  },
  {
    name:
      "content-length beside transfer-encoding is refused, in any case (RFC 9112 §6.3)",
    sent: "POST / HTTP/1.1\r\nHost: example.com\r\ncontent-LengtH: 5\r\n" +
      "TransFer-Encoding: chunked\r\n\r\nc\r\nHellO world1\r\n0\r\n\r\n",
    status: 400,
  },
]);

section("RFC 9112 §7.1: chunks", [
  {
    name: "chunks are put together",
    sent:
      "POST / HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\n" +
      "c\r\nHellO world1\r\n0\r\n\r\n",
    status: 200,
    body: "HellO world1",
  },
]);

section("RFC 9110 §10.1.1: expect", [
  {
    name: "an expectation of 100 without a body is answered",
    sent: "GET / HTTP/1.1\r\nHost: example.com\r\nExpect: 100-continue\r\n\r\n",
    status: 200,
  },
]);

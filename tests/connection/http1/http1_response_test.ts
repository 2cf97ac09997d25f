import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { BodyInput, HeaderInput } from "../../../src/asgi.ts";
import { DefaultHeaders } from "../../../src/connection/output/default_headers.ts";
import {
  COPY_LIMIT,
  OutputBuffer,
  WriterPool,
} from "../../../src/connection/output/output_buffer.ts";
import {
  Http1Response,
  type RequestFacts,
} from "../../../src/connection/http1/http1_response.ts";
import { FakeSocket } from "../../_support/fake_socket.ts";

const GET: RequestFacts = {
  method: "GET",
  version: "1.1",
  acceptsTrailers: false,
};
const HEAD: RequestFacts = { ...GET, method: "HEAD" };
const OLD: RequestFacts = { ...GET, version: "1.0" };
const TE: RequestFacts = { ...GET, acceptsTrailers: true };

interface SetUp {
  readonly date?: boolean;
  readonly server?: string;
  readonly closes?: boolean;
}

function setUp(
  request: RequestFacts = GET,
  { date = false, server, closes = false }: SetUp = {},
) {
  const socket = new FakeSocket();
  const defaults = new DefaultHeaders({ date, server, headers: [] });
  defaults.refresh(0);
  const out = new OutputBuffer(socket, new WriterPool());
  const owner = {
    closes: false,
    decideClose: (isNeeded: boolean) => owner.closes = closes || isNeeded,
  };
  const stream = new Http1Response(out, defaults, owner);
  stream.begin(request);
  return {
    socket,
    stream,
    owner,
    out,
    /** All that was written since the last call. */
    text: () => {
      out.flush();
      return socket.takeText();
    },
  };
}

/** One whole response: everything after the status line. */
function respond(
  request: RequestFacts,
  status: number,
  headers: HeaderInput,
  bodies: readonly BodyInput[],
  options: SetUp = {},
) {
  const { stream, owner, text } = setUp(request, options);
  assert.equal(stream.start(status, headers, false), undefined);
  const problems = bodies.map((body, i) =>
    stream.write(body, i === bodies.length - 1)?.message
  );
  const written = text();
  return {
    problems: problems.filter((problem) => problem !== undefined),
    text: written.slice(written.indexOf("\r\n") + 2),
    closes: owner.closes,
    bodyBytes: stream.bodyBytes,
  };
}

const CHUNKED = "transfer-encoding: chunked\r\n\r\n";

describe("framing (RFC 9112 §6.3)", () => {
  const asked = [["transfer-encoding", "chunked"]] as const;
  const length = (n: number) => [["content-length", `${n}`]] as const;
  for (
    const [behavior, request, status, headers, bodies, expected, closes] of [
      // One piece, many pieces.
      [
        "tells the length of a single piece (asgi:A-102)",
        GET,
        200,
        [],
        ["hello"],
        "content-length: 5\r\n\r\nhello",
        false,
      ],
      [
        "tells the length of an empty single piece",
        GET,
        200,
        [],
        [""],
        "content-length: 0\r\n\r\n",
        false,
      ],
      [
        "chunks several pieces (asgi:A-101, http:H-052)",
        GET,
        200,
        [],
        ["hel", "lo", ""],
        `${CHUNKED}3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n`,
        false,
      ],
      [
        "ends chunks with a last piece that has bytes",
        GET,
        200,
        [],
        ["hel", "lo"],
        `${CHUNKED}3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n`,
        false,
      ],
      [
        "writes no chunk for an empty piece (asgi:A-081)",
        GET,
        200,
        [],
        ["", "a", "", ""],
        `${CHUNKED}1\r\na\r\n0\r\n\r\n`,
        false,
      ],
      [
        "keeps a length given (http:H-042)",
        GET,
        200,
        length(5),
        ["he", "llo"],
        "content-length: 5\r\n\r\nhello",
        false,
      ],
      [
        "chunks a single piece when asked to (http:H-053)",
        GET,
        200,
        asked,
        ["hello"],
        `${CHUNKED}5\r\nhello\r\n0\r\n\r\n`,
        false,
      ],
      [
        "prefers chunks to a length (http:H-054, wishes:R-015)",
        GET,
        200,
        [...asked, ...length(2)],
        ["hello"],
        `${CHUNKED}5\r\nhello\r\n0\r\n\r\n`,
        false,
      ],
      // HTTP/1.0.
      [
        "tells HTTP/1.0 the length of a single piece",
        OLD,
        200,
        [],
        ["hello"],
        "content-length: 5\r\nconnection: keep-alive\r\n\r\nhello",
        false,
      ],
      [
        "ends several pieces for HTTP/1.0 by closing (wishes:R-016)",
        OLD,
        200,
        [],
        ["hel", "lo"],
        "connection: close\r\n\r\nhello",
        true,
      ],
      [
        "keeps a length for HTTP/1.0",
        OLD,
        200,
        length(5),
        ["hel", "lo"],
        "content-length: 5\r\nconnection: keep-alive\r\n\r\nhello",
        false,
      ],
      [
        "never chunks for HTTP/1.0, asked or not",
        OLD,
        200,
        asked,
        ["hel", "lo"],
        "connection: close\r\n\r\nhello",
        true,
      ],
      [
        "keeps the length for HTTP/1.0 when both were given",
        OLD,
        200,
        [...asked, ...length(5)],
        ["hello"],
        "content-length: 5\r\nconnection: keep-alive\r\n\r\nhello",
        false,
      ],
      // HEAD: asgi:A-105, http:H-056 to H-058.
      [
        "tells HEAD the length GET would have",
        HEAD,
        200,
        [],
        ["hello"],
        "content-length: 5\r\n\r\n",
        false,
      ],
      [
        "tells HEAD nothing it does not know",
        HEAD,
        200,
        [],
        [""],
        "\r\n",
        false,
      ],
      ["tells HEAD of chunks", HEAD, 200, [], ["hel", "lo"], CHUNKED, false],
      [
        "tells HEAD of chunks asked for",
        HEAD,
        200,
        asked,
        ["hello"],
        CHUNKED,
        false,
      ],
      [
        "keeps the length for HEAD",
        HEAD,
        200,
        length(5),
        [""],
        "content-length: 5\r\n\r\n",
        false,
      ],
      [
        "does not check lengths for HEAD",
        HEAD,
        200,
        length(5),
        ["more than five"],
        "content-length: 5\r\n\r\n",
        false,
      ],
      [
        "closes for HTTP/1.0 HEAD as for GET",
        { ...HEAD, version: "1.0" },
        200,
        [],
        ["a", "b"],
        "connection: close\r\n\r\n",
        true,
      ],
      // Statuses without a body: asgi:A-106, http:H-059 to H-061.
      ["frames a 204 with nothing", GET, 204, [], [""], "\r\n", false],
      ["drops a body of 204", GET, 204, [], ["no", "body"], "\r\n", false],
      ["drops a length of 204", GET, 204, length(5), [""], "\r\n", false],
      [
        "ignores chunks asked for with 204",
        GET,
        204,
        asked,
        [""],
        "\r\n",
        false,
      ],
      ["frames a 304 with nothing", GET, 304, [], [""], "\r\n", false],
      [
        "keeps the length of 304",
        GET,
        304,
        length(5),
        [""],
        "content-length: 5\r\n\r\n",
        false,
      ],
      [
        "drops a body of 304 that has a length",
        GET,
        304,
        length(5),
        ["hello"],
        "content-length: 5\r\n\r\n",
        false,
      ],
      [
        "keeps the length of 304 for HEAD",
        HEAD,
        304,
        length(5),
        [""],
        "content-length: 5\r\n\r\n",
        false,
      ],
      [
        "drops a 204 body for HTTP/1.0 without closing",
        OLD,
        204,
        [],
        ["a", "b"],
        "connection: keep-alive\r\n\r\n",
        false,
      ],
      // 205: RFC 9110 §15.3.6.
      [
        "frames a 205 with no content",
        GET,
        205,
        [],
        [""],
        "content-length: 0\r\n\r\n",
        false,
      ],
      [
        "drops a body of 205 and its length",
        GET,
        205,
        length(5),
        ["hel", "lo"],
        "content-length: 0\r\n\r\n",
        false,
      ],
      [
        "ignores chunks asked for with 205",
        GET,
        205,
        asked,
        ["no", "body"],
        "content-length: 0\r\n\r\n",
        false,
      ],
      [
        "tells HEAD of a 205 what it tells GET",
        HEAD,
        205,
        [],
        [""],
        "content-length: 0\r\n\r\n",
        false,
      ],
      [
        "keeps HTTP/1.0 after a 205",
        OLD,
        205,
        [],
        ["a", "b"],
        "content-length: 0\r\nconnection: keep-alive\r\n\r\n",
        false,
      ],
      // Closing.
      [
        "obeys connection: close (asgi:A-074)",
        GET,
        200,
        [["connection", "close"]],
        ["x"],
        "content-length: 1\r\nconnection: close\r\n\r\nx",
        true,
      ],
    ] as const
  ) {
    test(behavior, () => {
      const result = respond(request as RequestFacts, status, headers, bodies);
      assert.deepEqual(result.problems, []);
      assert.equal(result.text, expected);
      assert.equal(result.closes, closes);
    });
  }

  test("says close when the connection must", () => {
    const { text, closes } = respond(GET, 200, [], ["x"], { closes: true });
    assert.equal(text, "content-length: 1\r\nconnection: close\r\n\r\nx");
    assert.equal(closes, true);
  });

  test("chunks when the head left before the body came (asgi:A-076)", () => {
    const { stream, text } = setUp();
    stream.start(200, [], false);
    stream.endHead(-1);
    assert.equal(text(), `HTTP/1.1 200 OK\r\n${CHUNKED}`);
    stream.write("hello", true);
    assert.equal(text(), "5\r\nhello\r\n0\r\n\r\n");
  });
});

describe("bodies", () => {
  for (
    const [what, body, octets] of [
      ["octets", Uint8Array.of(0, 0x80, 0xff), "\x00\x80\xff"],
      ["ASCII text", "plain", "plain"],
      [
        "text as UTF-8 (asgi:A-005, http:H-070)",
        "caf\xe9 \u20ac \ud83d\ude00",
        "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
      ],
      ["a lone surrogate as U+FFFD", "a\ud800b", "a\xef\xbf\xbdb"],
      ["text of 1024 units", "x".repeat(1024), "x".repeat(1024)],
      ["text of 1025 units", "x".repeat(1025), "x".repeat(1025)],
      ["long text as UTF-8", "\xe9".repeat(5000), "\xc3\xa9".repeat(5000)],
      [
        "a body as large as is copied",
        new Uint8Array(COPY_LIMIT).fill(0x61),
        "a".repeat(COPY_LIMIT),
      ],
      [
        "a larger body",
        new Uint8Array(COPY_LIMIT + 1).fill(0x61),
        "a".repeat(COPY_LIMIT + 1),
      ],
      [
        "part of a buffer",
        new Uint8Array([1, 2, 3, 4]).subarray(1, 3),
        "\x02\x03",
      ],
    ] as const
  ) {
    test(`sends ${what}, and counts octets`, () => {
      const { text, bodyBytes } = respond(GET, 200, [], [body]);
      assert.equal(text, `content-length: ${octets.length}\r\n\r\n${octets}`);
      assert.equal(bodyBytes, octets.length);
    });
  }

  test("chunks tell octets, not units", () => {
    const { text } = respond(GET, 200, [], ["\xe9", "\u20ac"]);
    assert.equal(
      text,
      `${CHUNKED}2\r\n\xc3\xa9\r\n3\r\n\xe2\x82\xac\r\n0\r\n\r\n`,
    );
  });

  for (const framing of ["length", "chunked"]) {
    test(`passes a large body of framing ${framing} to the socket uncopied`, () => {
      const { stream, socket, out } = setUp();
      const given: Uint8Array[] = [];
      const write = socket.write.bind(socket);
      socket.write = (bytes) => {
        given.push(bytes);
        return write(bytes);
      };
      const body = new Uint8Array(COPY_LIMIT * 4).fill(0x62);
      const before = body.slice();
      stream.start(200, [], false);
      stream.write(body, framing === "length");
      stream.write("", true);
      out.flush();
      assert.ok(given.includes(body));
      assert.deepEqual(body, before); // asgi:A-024: nor changed
    });
  }

  test("head and small body leave in one write", () => {
    const { stream, socket, out } = setUp();
    stream.start(200, [], false);
    stream.write("hello", true);
    out.flush();
    assert.equal(socket.writes.length, 1);
  });
});

describe("a body that does not fit its content-length", () => {
  const FIVE = [["content-length", "5"]] as const;

  test("is refused whole when it is too long, and the head can still be replaced (asgi:A-103)", () => {
    const { stream, text } = setUp();
    stream.start(200, FIVE, false);
    const problem = stream.write("123456", true);
    assert.match(
      problem!.message,
      /^Response content longer than Content-Length/,
    );
    assert.equal(problem!.isPartial, false);
    assert.equal(stream.isHeadOpen, true);
    stream.retract();
    assert.equal(text(), "");
  });

  test("is refused when it is too short, and the head can still be replaced (asgi:A-104)", () => {
    const { stream, text } = setUp();
    stream.start(200, FIVE, false);
    const problem = stream.write("1234", true);
    assert.match(
      problem!.message,
      /^Response content shorter than Content-Length/,
    );
    assert.equal(problem!.isPartial, false);
    stream.retract();
    assert.equal(text(), "");
  });

  for (
    const [what, pieces, expected, problem, isPartial] of [
      ["just fits", ["123", "45"], "12345", undefined, false],
      ["is one octet too long", ["123", "456"], "123", "longer", false],
      ["is one octet too short", ["123", "4"], "1234", "shorter", true],
      ["ends empty and short", ["123", ""], "123", "shorter", true],
    ] as const
  ) {
    test(`after the head has left, a second piece that ${what}`, () => {
      const { stream, owner, text } = setUp();
      stream.start(200, FIVE, false);
      stream.write(pieces[0], false);
      text();
      const found = stream.write(pieces[1], true);
      assert.equal(pieces[0] + text(), expected);
      assert.equal(found === undefined, problem === undefined);
      if (problem !== undefined) {
        assert.match(found!.message, new RegExp(problem));
        assert.equal(found!.isPartial, isPartial);
      }
      assert.equal(owner.closes, problem !== undefined);
    });
  }
});

describe("heads", () => {
  test("begin with the default lines, then the application's fields (http:H-044)", () => {
    const { text } = respond(GET, 200, [["X-A", "1"]], ["x"], {
      date: true,
      server: "tricorn",
    });
    assert.equal(
      text,
      "date: Thu, 01 Jan 1970 00:00:00 GMT\r\nserver: tricorn\r\nx-a: 1\r\ncontent-length: 1\r\n\r\nx",
    );
  });

  for (
    const [what, headers, expected] of [
      [
        "date",
        [["x-a", "1"], ["Date", "mine"]],
        "server: tricorn\r\nx-a: 1\r\ndate: mine\r\n",
      ],
      [
        "server",
        [["Server", "mine"]],
        "date: Thu, 01 Jan 1970 00:00:00 GMT\r\nserver: mine\r\n",
      ],
      [
        "date and server",
        [["server", "s"], ["date", "d"]],
        "server: s\r\ndate: d\r\n",
      ],
    ] as const
  ) {
    test(`leave ${what} to an application that sets it (http:H-046)`, () => {
      const { text } = respond(GET, 200, headers, [""], {
        date: true,
        server: "tricorn",
      });
      assert.equal(text, `${expected}content-length: 0\r\n\r\n`);
    });
  }

  test("of a refused field leave nothing behind (wishes:R-019)", () => {
    const { stream, text } = setUp();
    assert.equal(
      typeof stream.start(200, [["ok", "1"], ["bad", "\r\n"]], false),
      "string",
    );
    assert.equal(stream.isHeadOpen, false);
    assert.equal(stream.start(500, [], false), undefined);
    stream.write("", true);
    assert.equal(
      text(),
      "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n",
    );
  });

  test("of fields that cannot be iterated leave nothing behind", () => {
    const { stream, text } = setUp();
    const broken = (function* (): Generator<readonly [string, string]> {
      yield ["a", "1"];
      throw new RangeError("from the application");
    })();
    assert.throws(() => stream.start(200, broken, false), RangeError);
    assert.equal(stream.isHeadOpen, false);
    assert.equal(text(), "");
  });

  test("can be taken back while they are open, behind a pipelined answer", () => {
    const { stream, text } = setUp();
    stream.start(200, [], false);
    stream.write("first", true);
    stream.begin(GET);
    stream.start(200, [["x", "y"]], false);
    stream.retract();
    assert.equal(text(), "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nfirst");
  });

  test("cannot be taken back once they are ended", () => {
    const { stream, text } = setUp();
    stream.start(200, [], false);
    stream.endHead(-1);
    stream.retract();
    assert.equal(stream.isHeadCommitted, true);
    assert.equal(text(), `HTTP/1.1 200 OK\r\n${CHUNKED}`);
  });

  test("leave nothing to the next response on the connection", () => {
    const { stream, owner, text } = setUp(TE);
    stream.start(200, [["connection", "close"], ["content-length", "1"]], true);
    stream.write("x", true);
    stream.addTrailers([["a", "b"]]);
    stream.endWithTrailers();
    text();
    assert.equal(owner.closes, true);
    stream.begin(GET);
    assert.equal(stream.bodyBytes, 0);
    stream.start(200, [], false);
    stream.write("hello", true);
    assert.equal(text(), "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello");
    assert.equal(owner.closes, false);
  });
});

describe("trailers", () => {
  function withTrailers(
    request: RequestFacts,
    headers: HeaderInput,
    bodies: readonly string[],
    ...trailers: HeaderInput[]
  ) {
    const { stream, text } = setUp(request);
    stream.start(200, headers, true);
    bodies.forEach((body, i) => stream.write(body, i === bodies.length - 1));
    for (const fields of trailers) {
      assert.equal(stream.addTrailers(fields), undefined);
    }
    stream.endWithTrailers();
    return text().slice("HTTP/1.1 200 OK\r\n".length);
  }

  for (
    const [behavior, request, headers, bodies, trailers, expected] of [
      [
        "travel after the last chunk if te asked for them (asgi:A-177)",
        TE,
        [],
        ["a"],
        [[["X-Sum", "1"]]],
        `${CHUNKED}1\r\na\r\n0\r\nx-sum: 1\r\n\r\n`,
      ],
      ["force chunks even on a single piece (asgi:A-179)", TE, [], [""], [[[
        "x",
        "1",
      ]]], `${CHUNKED}0\r\nx: 1\r\n\r\n`],
      ["are joined from several messages", TE, [], ["a", ""], [[["x", "1"]], [[
        "y",
        "2",
      ]]], `${CHUNKED}1\r\na\r\n0\r\nx: 1\r\ny: 2\r\n\r\n`],
      ["are dropped if te did not ask (asgi:A-177)", GET, [], ["a"], [[[
        "x",
        "1",
      ]]], `${CHUNKED}1\r\na\r\n0\r\n\r\n`],
      [
        "are dropped beside a content-length (asgi:A-179)",
        TE,
        [["content-length", "1"]],
        ["a"],
        [[["x", "1"]]],
        "content-length: 1\r\n\r\na",
      ],
      ["may be empty", TE, [], ["a"], [[]], `${CHUNKED}1\r\na\r\n0\r\n\r\n`],
      ["are dropped on HEAD", { ...TE, method: "HEAD" }, [], ["a"], [[[
        "x",
        "1",
      ]]], CHUNKED],
    ] as const
  ) {
    test(behavior, () => {
      assert.equal(
        withTrailers(request as RequestFacts, headers, bodies, ...trailers),
        expected,
      );
    });
  }

  test("that are refused leave nothing behind, and others may follow (asgi:A-180)", () => {
    const { stream, text } = setUp(TE);
    stream.start(200, [], true);
    stream.write("", true);
    assert.equal(
      typeof stream.addTrailers([["ok", "1"], ["bad", "\n"]]),
      "string",
    );
    assert.equal(
      typeof stream.addTrailers([["content-length", "1"]]),
      "string",
    );
    assert.equal(stream.addTrailers([["x", "1"]]), undefined);
    stream.endWithTrailers();
    assert.match(text(), /\r\n\r\n0\r\nx: 1\r\n\r\n$/);
  });
});

describe("interim responses", () => {
  const HINT = "HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n";

  test("stand in front of a head that is not begun (asgi:A-183)", () => {
    const { stream, text } = setUp();
    assert.equal(stream.writeInterim(103, [["link", "</a.css>"]]), undefined);
    assert.equal(text(), HINT);
  });

  test("slip in front of a head that is open, in order", () => {
    const { stream, text } = setUp();
    stream.start(200, [], false);
    stream.writeInterim(103, [["link", "</a.css>"]]);
    stream.writeInterim(103, [["link", "</b.css>"]]);
    stream.write("x", true);
    assert.equal(
      text(),
      `${HINT}${
        HINT.replace("a.css", "b.css")
      }HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx`,
    );
  });

  test("stay when the head behind them is taken back", () => {
    const { stream, text } = setUp();
    stream.start(200, [], false);
    stream.writeInterim(103, [["link", "</a.css>"]]);
    stream.retract();
    assert.equal(text(), HINT);
  });

  test("with a bad field leave nothing behind", () => {
    const { stream, text } = setUp();
    assert.equal(
      typeof stream.writeInterim(103, [["link", "a\r\nb: c"]]),
      "string",
    );
    assert.equal(text(), "");
  });

  test("do not touch what the open head said of its framing", () => {
    const { stream, text } = setUp();
    stream.start(200, [["content-length", "1"]], false);
    stream.writeInterim(103, [["link", "x"]]);
    stream.write("x", true);
    assert.match(text(), /200 OK\r\ncontent-length: 1\r\n\r\nx$/);
  });

  test("writeContinue() writes 100 Continue (asgi:A-108)", () => {
    const { stream, text } = setUp();
    stream.writeContinue();
    assert.equal(text(), "HTTP/1.1 100 Continue\r\n\r\n");
  });
});

describe("writeWhole()", () => {
  const PLAIN = "content-type: text/plain; charset=utf-8\r\n";

  test("writes an answer of the server's own, and closes (http:H-099)", () => {
    const { stream, owner, text } = setUp();
    stream.writeWhole(500);
    assert.equal(
      text(),
      `HTTP/1.1 500 Internal Server Error\r\n${PLAIN}content-length: 21\r\nconnection: close\r\n\r\nInternal Server Error`,
    );
    assert.equal(owner.closes, true);
  });

  test("takes the place of an open head", () => {
    const { stream, text } = setUp();
    stream.start(200, [["content-length", "99"], ["x", "y"]], true);
    stream.writeWhole(400, "No.");
    assert.equal(
      text(),
      `HTTP/1.1 400 Bad Request\r\n${PLAIN}content-length: 3\r\nconnection: close\r\n\r\nNo.`,
    );
  });

  test("adds fields (http:H-133)", () => {
    const { stream, text } = setUp();
    stream.writeWhole(503, undefined, [["retry-after", "1"]]);
    assert.match(text(), /\r\nretry-after: 1\r\ncontent-length: 19\r\n/);
  });

  test("has no body for HEAD, and the same head", () => {
    const { stream, text } = setUp(HEAD);
    stream.writeWhole(500);
    assert.match(
      text(),
      /\r\ncontent-length: 21\r\nconnection: close\r\n\r\n$/,
    );
  });
});

describe("what a stream tells", () => {
  for (
    const [request, status, isBodyless, forbids] of [
      [GET, 200, false, false],
      [HEAD, 200, true, false],
      [GET, 204, true, true],
      [GET, 304, true, true],
      [HEAD, 304, true, false],
    ] as const
  ) {
    test(`${request.method} ${status}: bodyless ${isBodyless}, by its status ${forbids}`, () => {
      const { stream } = setUp(request);
      stream.start(status, [], false);
      assert.equal(stream.isBodyless, isBodyless);
      assert.equal(stream.forbidsBody, forbids);
      assert.equal(stream.status, status);
    });
  }

  test("the length that was declared", () => {
    const { stream } = setUp();
    stream.start(200, [["content-length", "7"]], false);
    assert.equal(stream.declaredLength, 7);
    stream.retract();
    stream.start(200, [], false);
    assert.equal(stream.declaredLength, -1);
  });
});

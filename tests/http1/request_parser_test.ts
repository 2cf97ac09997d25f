import assert from "node:assert/strict";
import process from "node:process";
import { describe, test } from "node:test";
import type { HttpFaultCode } from "../../src/faults.ts";
import { DEFAULT_LIMITS } from "../../src/http/limits.ts";
import { RequestParser } from "../../src/http1/request_parser.ts";
import * as feeding from "../_support/feed.ts";

const { byteString, feed, feedFault, feedOne, octets, Reader, split } = feeding;

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const POST = "POST / HTTP/1.1\r\nHost: a\r\n";

function sized(body: string, length = body.length): string {
  return `${POST}Content-Length: ${length}\r\n\r\n${body}`;
}

function chunked(chunks: string): string {
  return `${POST}Transfer-Encoding: chunked\r\n\r\n${chunks}`;
}

describe("RFC 9112 §2.2: empty lines before a request", () => {
  for (
    const [behavior, input, requests, fault] of [
      ["skips one", `\r\n${GET}`, 1, undefined],
      ["skips some", `${"\r\n".repeat(8)}${GET}`, 1, undefined],
      ["skips one between requests", `${GET}\r\n${GET}`, 2, undefined],
      [
        "counts anew for each request",
        `${"\r\n".repeat(8)}${GET}`.repeat(2),
        2,
        undefined,
      ],
      ["does not skip them for ever", "\r\n".repeat(9), 0, "BAD_REQUEST_LINE"],
      ["rejects a bare LF", `\n${GET}`, 0, "BAD_REQUEST_LINE"],
      ["rejects a bare CR", `\r${GET}`, 0, "BAD_REQUEST_LINE"],
      ["rejects a blank", ` \r\n${GET}`, 0, "BAD_METHOD"],
    ] as const
  ) {
    test(behavior, () => {
      const reading = feed(input);
      assert.equal(reading.fault, fault);
      assert.equal(reading.requests.length, requests);
    });
  }
});

describe("RFC 9112 §6.3: bodies of known length", () => {
  for (
    const [behavior, input, body] of [
      ["reads none without a length", GET, ""],
      ["reads none of length 0", sized(""), ""],
      ["reads one byte", sized("x"), "x"],
      ["reads all octets", sized("\0\r\n\xff\x80"), "\0\r\n\xff\x80"],
      ["reads what looks like a request", sized(GET), GET],
      [
        "reads the body of a GET (http:H-026)",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi",
        "hi",
      ],
      [
        "reads a body in HTTP/1.0",
        "POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi",
        "hi",
      ],
      [
        "reads a body beside Upgrade (http:H-129)",
        `${POST}Connection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\nhi`,
        "hi",
      ],
    ] as const
  ) {
    test(behavior, () => assert.equal(feedOne(input).body, body));
  }

  test("a body that is not whole has no end", () => {
    const { requests, isBetweenMessages } = feed(sized("hell", 5));
    assert.equal(requests[0].body, "hell");
    assert.equal(requests[0].trailers, undefined);
    assert.equal(isBetweenMessages, false);
  });

  test("takes the request behind it for the next one", () => {
    const { requests } = feed(sized("hello") + GET + sized("x"));
    assert.deepEqual(requests.map(({ body }) => body), ["hello", "", "x"]);
  });
});

describe("RFC 9112 §7.1: chunked bodies", () => {
  for (
    const [behavior, chunks, body] of [
      ["reads none", "0\r\n\r\n", ""],
      ["reads one", "5\r\nhello\r\n0\r\n\r\n", "hello"],
      ["joins several", "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", "abc"],
      [
        "reads sizes of either case",
        "A\r\n0123456789\r\na\r\n0123456789\r\n00\r\n\r\n",
        "0123456789".repeat(2),
      ],
      ["reads line ends as data", "4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n"],
      [
        "reads what looks like a last chunk",
        "5\r\n0\r\n\r\n\r\n0\r\n\r\n",
        "0\r\n\r\n",
      ],
      ["skips extensions", "1;a=b\r\nx\r\n0;c\r\n\r\n", "x"],
    ] as const
  ) {
    test(behavior, () => {
      const request = feedOne(chunked(chunks));
      assert.equal(request.body, body);
      assert.equal(request.head.isChunked, true);
      assert.equal(request.head.hasBody, true);
      assert.deepEqual(request.trailers, []);
    });
  }

  for (
    const [behavior, chunks, fault] of [
      ["a size that is none", "x\r\n", "BAD_CHUNK_SIZE"],
      ["an empty size", "\r\n", "BAD_CHUNK_SIZE"],
      ["a bare LF after a size", "1\nx\r\n0\r\n\r\n", "BAD_CHUNK_SIZE"],
      [
        "a bare LF after the last size (TE.TE by line end)",
        "0\n\r\n",
        "BAD_CHUNK_SIZE",
      ],
      [
        "a bare LF in an extension (smuggling by chunk-ext)",
        "1;\nx\r\n0\r\n\r\n",
        "BAD_CHUNK_SIZE",
      ],
      ["a line that never ends", `1;${"x".repeat(300)}`, "CHUNK_LINE_TOO_LONG"],
      ["data longer than its size", "1\r\nxy\r\n0\r\n\r\n", "BAD_CHUNK_END"],
      ["a bare LF after data", "1\r\nx\n0\r\n\r\n", "BAD_CHUNK_END"],
      ["a bare CR after data", "1\r\nx\rX0\r\n\r\n", "BAD_CHUNK_END"],
      [
        "a chunk behind data without a line end",
        "1\r\nx0\r\n\r\n",
        "BAD_CHUNK_END",
      ],
      ["a bare CR for the empty line", "0\r\n\rX", "BAD_TRAILER"],
      ["a bare LF for the empty line", "0\r\n\n", "BAD_TRAILER"],
      ["a request in place of the empty line", `0\r\n${GET}`, "BAD_TRAILER"],
    ] as const
  ) {
    test(`rejects ${behavior}`, () => {
      assert.equal(feedFault(chunked(chunks)), fault satisfies HttpFaultCode);
    });
  }

  test("a fault in a body leaves the head and what came before", () => {
    const { requests, fault } = feed(chunked("2\r\nhi\r\nx"));
    assert.equal(fault, "BAD_CHUNK_SIZE");
    assert.equal(requests[0].body, "hi");
    assert.equal(requests[0].trailers, undefined);
  });

  test("takes the request behind it for the next one", () => {
    const { requests } = feed(
      chunked("1\r\nx\r\n0\r\n\r\n") + GET + chunked("0\r\n\r\n"),
    );
    assert.deepEqual(requests.map(({ body }) => body), ["x", "", ""]);
  });
});

describe("RFC 9112 §7.1.2: trailers", () => {
  test("come with the end", () => {
    const { trailers } = feedOne(chunked("0\r\nX-Sum: 1\r\nx-b: 2\r\n\r\n"));
    assert.deepEqual(trailers, [["x-sum", "1"], ["x-b", "2"]]);
  });

  test("are those of one request only", () => {
    const { requests } = feed(
      chunked("0\r\na: 1\r\n\r\n") + chunked("0\r\n\r\n") + GET +
        chunked("0\r\nb: 2\r\n\r\n"),
    );
    const trailers = requests.map((request) => request.trailers);
    assert.deepEqual(trailers, [[["a", "1"]], [], [], [["b", "2"]]]);
  });

  test("do not change the head", () => {
    const { head } = feedOne(chunked("0\r\nx-a: 1\r\n\r\n"));
    assert.ok(!head.headers.some(([name]) => name === "x-a"));
  });

  test("may not reframe the message", () => {
    for (const name of ["Content-Length", "Transfer-Encoding", "Host"]) {
      assert.equal(
        feedFault(chunked(`0\r\n${name}: 5\r\n\r\n`)),
        "SMUGGLED_TRAILER",
      );
    }
  });

  test("that should have been in the head are dropped", () => {
    const { requests } = feed(
      `${chunked("0\r\nContent-Type: a\r\nx: y\r\n\r\n")}${GET}`,
    );
    assert.equal(requests.length, 2);
    assert.deepEqual(requests[0].trailers, [["x", "y"]]);
  });

  for (
    const [behavior, limits, fault] of [
      ["as many bytes as allowed", { maxTrailerBytes: 8 }, undefined],
      ["more bytes than allowed", { maxTrailerBytes: 7 }, "TRAILERS_TOO_LARGE"],
      ["as many fields as allowed", { maxTrailers: 1 }, undefined],
      ["more fields than allowed", { maxTrailers: 0 }, "TOO_MANY_TRAILERS"],
    ] as const
  ) {
    test(`may have ${fault === undefined ? "" : "not "}${behavior}`, () => {
      const input = chunked("0\r\na: 1\r\n\r\n");
      assert.equal(feedFault(input, limits), fault);
    });
  }

  test("no limit refuses a section without fields", () => {
    const limits = { maxTrailerBytes: 1, maxTrailers: 0 };
    assert.equal(feedFault(chunked("0\r\n\r\n"), limits), undefined);
  });
});

describe("RFC 9112 §9.3.2: pipelining", () => {
  test("requests are read in order", () => {
    const paths = Array.from({ length: 20 }, (_, i) => `/${i}`);
    const { requests } = feed(
      paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(""),
    );
    assert.deepEqual(requests.map(({ head }) => head.rawPath), paths);
  });

  test("garbage behind a request does not take it away (http:H-095)", () => {
    const { requests, fault } = feed(`${GET}\0garbage`);
    assert.equal(requests.length, 1);
    assert.notEqual(requests[0].trailers, undefined);
    assert.equal(fault, "BAD_METHOD");
  });

  test("nothing is read behind a fault", () => {
    assert.equal(feed(`\0\r\n\r\n${GET}${GET}`).requests.length, 0);
  });

  test("next() stops at each outcome, so that the rest can wait", () => {
    const parser = new RequestParser();
    parser.push(octets(GET + GET));
    assert.equal(parser.next(), "head");
    assert.equal(parser.next(), "end");
    assert.equal(parser.unreadBytes, GET.length);
    parser.hold();
    parser.push(octets(GET));
    assert.equal(parser.unreadBytes, GET.length * 2);
    assert.equal(parser.next(), "head");
  });
});

describe("RequestParser: memory", () => {
  test("body pieces are spans of what was pushed", () => {
    const parser = new RequestParser();
    const bytes = octets(sized("hello"));
    parser.push(bytes);
    parser.next();
    assert.equal(parser.next(), "body");
    assert.equal(parser.bytes, bytes);
    assert.equal(parser.end, bytes.length);
    assert.equal(parser.end - parser.start, 5);
  });

  for (
    const [when, input] of [
      ["nothing was pushed", ""],
      ["a request was read", GET],
      ["a body was read", sized("hello")],
      ["trailers were read", chunked("1\r\nx\r\n0\r\na: b\r\n\r\n")],
      ["a fault was found", `${GET}\0`],
    ] as const
  ) {
    test(`keeps nothing when ${when}`, () => {
      for (const size of [1, input.length || 1]) {
        const reader = new Reader();
        for (const piece of split(octets(input), size)) reader.push(piece);
        const { parser } = reader;
        assert.equal(parser.heldBytes, 0);
        assert.equal(parser.unreadBytes, 0);
        assert.equal(parser.bytes.length, 0);
        assert.equal(parser.trailers.length, 0);
        assert.equal(parser.head.headers.length, 0);
      }
    });
  }

  test("keeps nothing in the middle of a body", () => {
    const reader = new Reader();
    reader.push(octets(sized("hel", 10)));
    assert.equal(reader.parser.heldBytes, 0);
    assert.equal(reader.parser.bytes.length, 0);
  });

  test("keeps a copy of the unread part and no more", () => {
    const parser = new RequestParser();
    const bytes = octets(`${GET}GET /par`);
    parser.push(bytes);
    parser.next();
    parser.next();
    parser.hold();
    bytes.fill(0x58);
    assert.equal(parser.heldBytes, "GET /par".length);
    parser.push(octets("t HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert.equal(parser.next(), "head");
    assert.equal(parser.head.rawPath, "/part");
  });

  test("keeps no body piece once the next bytes wait", () => {
    const parser = new RequestParser();
    parser.push(octets(`${sized("x")}GET`));
    for (const expected of ["head", "body", "end"]) {
      assert.equal(parser.next(), expected);
    }
    parser.hold();
    assert.equal(byteString(parser.bytes), "GET");
    assert.equal(parser.heldBytes, "GET".length);
  });

  test("bytes may follow without a call in between", () => {
    const parser = new RequestParser();
    for (const path of ["/1", "/22", "/333"]) {
      parser.push(octets(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`));
      assert.equal(parser.next(), "head");
      assert.equal(parser.head.rawPath, path);
      assert.equal(parser.next(), "end");
    }
  });

  test("a buffer that is used again and again keeps the order", () => {
    const parser = new RequestParser();
    const pathOf = (i: number) => `/${"x".repeat(i * 7 % 50)}${i}`;
    let pushed = 0;
    const push = () => {
      const path = pathOf(pushed++);
      parser.push(octets(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`));
    };
    for (let i = 0; i < 5; i++) push();
    for (let read = 0; read < 500; read++) {
      assert.equal(parser.next(), "head");
      assert.equal(parser.head.rawPath, pathOf(read));
      assert.equal(parser.next(), "end");
      parser.hold();
      push();
      assert.ok(parser.heldBytes < 2_000, `${parser.heldBytes} bytes`);
    }
  });

  test("bytes pushed behind a fault are dropped", () => {
    const parser = new RequestParser();
    parser.push(octets("\0"));
    assert.equal(parser.next(), "fault");
    for (let i = 0; i < 10; i++) parser.push(new Uint8Array(1000));
    assert.equal(parser.heldBytes, 0);
    assert.equal(parser.next(), "fault");
    assert.equal(parser.fault, "BAD_METHOD");
  });

  test("an endless head keeps what its limit allows", () => {
    const reader = new Reader({ maxHeadBytes: 10_000 });
    reader.push(octets("GET / HTTP/1.1\r\nx: "));
    let most = 0;
    for (let i = 0; i < 5_000; i++) {
      reader.push(octets("abcd"));
      most = Math.max(most, reader.parser.heldBytes);
    }
    assert.equal(reader.reading.fault, "HEAD_TOO_LARGE");
    assert.equal(reader.parser.heldBytes, 0);
    assert.ok(most >= 9_000 && most <= 20_000, `${most} bytes were kept`);
  });

  test("endless chunk lines and trailers keep what their limits allow", () => {
    for (const chunks of ["1;", "0\r\na: "]) {
      const reader = new Reader({ maxTrailerBytes: 500 });
      reader.push(octets(chunked(chunks)));
      for (let i = 0; i < 5_000; i++) {
        reader.push(octets("x"));
        assert.ok(reader.parser.heldBytes <= 1_024);
      }
      assert.notEqual(reader.reading.fault, undefined);
    }
  });
});

describe("RequestParser: what is left to know", () => {
  for (
    const [state, input, isBetween, unread] of [
      ["nothing arrived", "", true, 0],
      ["half an empty line", "\r", true, 1],
      ["an empty line", "\r\n", true, 0],
      ["a byte of a head", "G", false, 0],
      ["a head that is not whole", "GET / HTTP/1.1\r\nHost: a\r\n\r", false, 0],
      ["a request", GET, true, 0],
      ["a request and half an empty line", `${GET}\r`, true, 1],
      ["a body that is not whole", sized("hell", 5), false, 0],
      ["half a chunk line", chunked("1"), false, 1],
      ["no end of a chunk", chunked("1\r\nx"), false, 0],
      ["half an end of a chunk", chunked("1\r\nx\r"), false, 1],
      ["no empty line behind the last chunk", chunked("0\r\n"), false, 0],
    ] as const
  ) {
    test(`after ${state}`, () => {
      for (const size of [1, input.length || 1]) {
        const reader = new Reader();
        for (const piece of split(octets(input), size)) reader.push(piece);
        assert.equal(reader.parser.isBetweenMessages, isBetween);
        assert.equal(reader.parser.unreadBytes, unread);
      }
    });
  }

  test("a request that is not asked for yet is unread", () => {
    const parser = new RequestParser();
    parser.push(octets("G"));
    assert.equal(parser.unreadBytes, 1);
    assert.equal(parser.isBetweenMessages, false);
    parser.push(octets("ET"));
    assert.equal(parser.unreadBytes, 3);
    parser.next();
    assert.equal(parser.unreadBytes, 0);
    parser.push(octets(" /"));
    assert.equal(parser.unreadBytes, 2);
  });

  test("half an empty line is no message, and more than that is one", () => {
    const parser = new RequestParser();
    parser.push(octets("\r"));
    assert.equal(parser.isBetweenMessages, true);
    parser.push(octets("G"));
    assert.equal(parser.isBetweenMessages, false);
  });

  test("the head lasts until its request has ended", () => {
    const parser = new RequestParser();
    parser.push(octets(chunked("1\r\nx\r\n0\r\na: b\r\n\r\n")));
    for (const expected of ["head", "body", "end"]) {
      assert.equal(parser.next(), expected);
      assert.equal(parser.head.method, "POST");
    }
    assert.deepEqual(parser.trailers, [["a", "b"]]);
  });
});

describe("takeRest()", () => {
  for (
    const [behavior, input, rest] of [
      ["hands over what comes behind a request", `${GET}rest`, "rest"],
      ["hands over nothing where there is nothing", GET, ""],
    ] as const
  ) {
    test(behavior, () => {
      const reader = new RequestParser();
      const bytes = octets(input);
      reader.push(bytes);
      assert.equal(reader.next(), "head");
      assert.equal(reader.next(), "end");
      const taken = reader.takeRest();
      bytes.fill(0x58);
      assert.equal(byteString(taken), rest);
      assert.equal(reader.heldBytes, 0);
    });
  }

  test("ends the reading: later bytes belong to somebody else", () => {
    const parser = new RequestParser();
    parser.push(octets(GET));
    parser.next();
    parser.takeRest();
    parser.push(octets(GET));
    assert.equal(parser.next(), "needMore");
    assert.equal(parser.heldBytes, 0);
    assert.equal(parser.isBetweenMessages, false);
  });
});

describe("RequestParser: work is linear", () => {
  /** Bytes that are copied while `run` runs. */
  function countCopied(run: () => void): number {
    const prototype = Object.getPrototypeOf(Uint8Array.prototype);
    const { set } = prototype;
    let copied = 0;
    prototype.set = function (source: ArrayLike<number>, offset?: number) {
      copied += source.length;
      return set.call(this, source, offset);
    };
    try {
      run();
    } finally {
      prototype.set = set;
    }
    return copied;
  }

  test("a head in single bytes is copied a few times at most", () => {
    for (const size of [1_000, 10_000, 60_000]) {
      const head = octets(
        `GET / HTTP/1.1\r\nHost: a\r\nx: ${"y".repeat(size)}\r\n\r\n`,
      );
      const parser = new RequestParser();
      const copied = countCopied(() => {
        for (let at = 0; at < head.length; at++) {
          parser.push(head.subarray(at, at + 1));
          if (at + 1 < head.length) assert.equal(parser.next(), "needMore");
        }
      });
      assert.equal(parser.next(), "head");
      assert.ok(copied < head.length * 4, `${copied} of ${head.length} bytes`);
    }
  });

  test("a pipeline that is read slowly is copied a few times at most", () => {
    const requests = 2_000;
    const parser = new RequestParser();
    const copied = countCopied(() => {
      parser.push(octets(GET.repeat(requests)));
      for (let i = 0; i < requests; i++) {
        assert.equal(parser.next(), "head");
        assert.equal(parser.next(), "end");
        parser.hold();
        parser.push(octets("\r\n"));
      }
    });
    const size = (GET.length + 2) * requests;
    assert.ok(copied < size * 4, `${copied} of ${size} bytes`);
  });

  /** Least processor time of several runs, per unit of `size`: what others run does not count. */
  function timePer(size: number, run: () => void): number {
    let best = Infinity;
    for (let i = 0; i < 5; i++) {
      const start = process.cpuUsage();
      run();
      const { user, system } = process.cpuUsage(start);
      best = Math.min(best, user + system);
    }
    return Math.max(best, 1) / size;
  }

  /** Reads `bytes` in pieces and expects `ends` requests. */
  function read(bytes: Uint8Array, size: number, ends: number): void {
    const parser = new RequestParser({
      ...DEFAULT_LIMITS,
      maxHeadBytes: 1 << 20,
      maxHeaders: 1 << 20,
    });
    let found = 0;
    for (let at = 0; at < bytes.length; at += size) {
      parser.push(bytes.subarray(at, at + size));
      for (;;) {
        const outcome = parser.next();
        if (outcome === "needMore") break;
        assert.notEqual(outcome, "fault");
        if (outcome === "end") found++;
      }
    }
    assert.equal(found, ends);
  }

  // Sixteen times the size: quadratic work takes sixteen times as long for each part. A few times
  // as long is the noise of a busy machine.
  const GROWTH = 16;
  const MARGIN = 6;
  for (
    const [behavior, input, pieces] of [
      [
        "a long field in single bytes",
        (n: number) =>
          `GET / HTTP/1.1\r\nHost: a\r\nx: ${"y".repeat(n * 10)}\r\n\r\n`,
        1,
      ],
      [
        "many fields in single bytes",
        (n: number) =>
          `GET / HTTP/1.1\r\nHost: a\r\n${"x: y\r\n".repeat(n)}\r\n`,
        1,
      ],
      [
        "lists of many items",
        (n: number) =>
          `GET / HTTP/1.1\r\nHost: a\r\nConnection: ${
            "x, ".repeat(n)
          }x\r\n\r\n`,
        Infinity,
      ],
      [
        "blanks behind a value",
        (n: number) =>
          `GET / HTTP/1.1\r\nHost: a\r\nx: y${" ".repeat(n * 10)}\r\n\r\n`,
        1,
      ],
      [
        "many lines of one list",
        (n: number) =>
          `GET / HTTP/1.1\r\nHost: a\r\n${"Upgrade: x\r\n".repeat(n)}\r\n`,
        Infinity,
      ],
      [
        "one-byte chunks",
        (n: number) => chunked(`${"1\r\nx\r\n".repeat(n * 4)}0\r\n\r\n`),
        Infinity,
      ],
      [
        "one-byte chunks in single bytes",
        (n: number) => chunked(`${"1\r\nx\r\n".repeat(n)}0\r\n\r\n`),
        1,
      ],
    ] as const
  ) {
    test(`of ${behavior}`, () => {
      const [small, large] = [400, 400 * GROWTH].map((n) => {
        const bytes = octets(input(n));
        const size = Math.min(pieces, bytes.length);
        // Both sizes do the same work in all: the collector takes its share of
        // each, where it might never run in the one reading of the small one.
        return timePer(400 * GROWTH, () => {
          for (let times = 400 * GROWTH / n; times > 0; times--) {
            read(bytes, size, 1);
          }
        });
      });
      assert.ok(large < small * MARGIN, `${small} grew to ${large}`);
    });
  }

  test("100,000 one-byte chunks are as many pieces", () => {
    const reader = new Reader();
    const chunks = 100_000;
    reader.push(octets(chunked(`${"1\r\nx\r\n".repeat(chunks)}0\r\n\r\n`)));
    assert.equal(reader.reading.requests[0].body.length, chunks);
    assert.equal(reader.outcomes, chunks + 2);
  });
});

describe("what is told of a request line that was refused", () => {
  const long = "x".repeat(300);
  for (
    const [bytes, method, rawPath, query, version] of [
      ["GET /a?b HTTP/1.1\r\nbad header\r\n", "GET", "/a", "b", "1.1"],
      ["GET /a HTTP/1.1\r\n\r\n", "GET", "/a", "", "1.1"], // no host
      ["POST /a?b?c HTTP/2.0\r\n", "POST", "/a", "b?c", "2.0"],
      ["GET /a b HTTP/1.1\r\n", "GET", "/a", "", ""],
      ["GET /a\r\n", "GET", "/a", "", ""],
      ["GET /a\x01b HTTP/1.1\r\n", "GET", "/a", "", ""],
      ["GET a HTTP/1.1\r\nhost: a\r\n\r\n", "GET", "a", "", "1.1"],
      [`GET /${long} HTTP/2.0\r\n`, "GET", `/${long.slice(45)}...`, "", "2.0"],
      [
        `GET /?${long} HTTP/2.0\r\n`,
        "GET",
        "/",
        `${long.slice(44)}...`,
        "2.0",
      ],
      [`${long} / HTTP/2.0\r\n`, `${long.slice(44)}...`, "/", "", "2.0"],
    ] as const
  ) {
    const shown = JSON.stringify(bytes.replace(long, "x…"));
    test(`of ${shown}, byte by byte and whole`, () => {
      for (const size of [1, bytes.length]) {
        const parser = new RequestParser();
        for (let at = 0; at < bytes.length; at += size) {
          parser.push(octets(bytes.slice(at, at + size)));
          if (parser.next() === "fault") break;
        }
        assert.equal(parser.next(), "fault");
        assert.deepEqual(parser.seenLine(), {
          method,
          rawPath,
          query,
          version,
        });
      }
    });
  }

  test("a head that has begun tells what has arrived of it", () => {
    const parser = new RequestParser();
    assert.equal(parser.seenLine(), undefined);
    parser.push(octets("GE"));
    parser.next();
    assert.equal(parser.seenLine(), undefined);
    parser.push(octets("T /some"));
    parser.next();
    assert.deepEqual(parser.seenLine(), {
      method: "GET",
      rawPath: "/some",
      query: "",
      version: "",
    });
  });

  test("a line that was known from the request before is told as well", () => {
    const parser = new RequestParser();
    for (let i = 0; i < 4; i++) {
      parser.push(octets("GET /known?q HTTP/1.1\r\nhost: a\r\n\r\n"));
      assert.equal(parser.next(), "head");
      assert.equal(parser.next(), "end");
    }
    parser.push(octets("GET /known?q HTTP/1.1\r\nhost: a\r\nx : y\r\n"));
    assert.equal(parser.next(), "fault");
    assert.deepEqual(parser.seenLine(), {
      method: "GET",
      rawPath: "/known",
      query: "q",
      version: "1.1",
    });
  });
});

test("connections that are read in turn know nothing of each other", () => {
  // Whole heads, heads in pieces, and refused ones, which leave what read them in the middle.
  const inputs = [
    GET.repeat(4),
    `GET /${"a".repeat(40)}?b HTTP/1.1\r\nHost: first\r\nCookie: c=1\r\n\r\n`
      .repeat(2),
    sized("body").repeat(3),
    "GET / HTTP/1.1\r\nHost: a\r\nbad header: 1\r\n\r\n",
    "PUT / HTTP/3.7\r\nHost: a\r\n\r\n",
    `${GET}GET / HTTP/1.1\r\nHost: x`,
    chunked("4\r\nwiki\r\n0\r\nX-T: 1\r\n\r\n").repeat(2),
    `${GET}\x16\x03\x01`,
  ].map(octets);
  for (const size of [1, 2, 3, 7, 19, 26, 64, 1000]) {
    const alone = inputs.map((input) =>
      feeding.readPieces(inPieces(input, size))
    );
    const readers = inputs.map(() => new Reader());
    const pieces = inputs.map((input) => inPieces(input, size));
    const longest = Math.max(...pieces.map(({ length }) => length));
    for (let at = 0; at < longest; at++) {
      readers.forEach((reader, of) => {
        const piece = pieces[of][at];
        if (piece !== undefined) reader.push(piece);
      });
    }
    readers.forEach(({ reading, parser }, of) => {
      assert.deepEqual(reading, alone[of], `input ${of} in pieces of ${size}`);
      if (reading.fault === undefined) return;
      assert.match(parser.seenLine()?.method ?? "GET", /^(GET|PUT)$/);
    });
  }
});

function inPieces(input: Uint8Array, size: number): Uint8Array[] {
  const count = Math.ceil(input.length / size);
  return Array.from(
    { length: count },
    (_, at) => input.subarray(at * size, (at + 1) * size),
  );
}

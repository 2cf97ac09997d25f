/** What an application's messages become on the wire. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  bytesOf,
  exchange,
  RawClient,
  request,
} from "../_support/raw_client.ts";
import type { RawResponse } from "../_support/raw_client.ts";
import { Script, SCRIPTED_APP, type Step } from "../_support/script.ts";
import { sharedServer } from "../_support/spawn_server.ts";

const shared = sharedServer({
  app: SCRIPTED_APP,
  args: ["--timeout-keep-alive", "60"],
});

/** The answer to `method` of an application that takes these steps. */
async function answerOf(
  steps: readonly Step[],
  method = "GET",
): Promise<RawResponse> {
  return await exchange(
    shared.server.target,
    request(`${method} ${new Script(...steps).target}`),
  );
}

/** Sends two requests on one connection: the first to these steps, the second an ordinary one. */
async function keepsAfter(
  steps: readonly Step[],
  method = "GET",
): Promise<boolean> {
  const client = await RawClient.connect(shared.server.target);
  try {
    client.send(request(`${method} ${new Script(...steps).target}`));
    await client.readResponse({ method });
    client.send(request("GET /"));
    return (await client.readResponse()).body === "Hello, world!";
  } catch {
    return false;
  } finally {
    client.close();
  }
}

const names = (response: RawResponse) =>
  response.headers.map((header) => header[0]);

describe("the head", () => {
  test("is status line, date, server, the application's headers, framing (http:H-044)", async () => {
    const response = await answerOf([
      ["start", 200, [["x-one", "1"], ["content-length", "2"], ["x-two", "2"]]],
      ["body", "ok"],
    ]);
    assert.match(response.rawHead, /^HTTP\/1\.1 200 OK\r\n/);
    assert.deepEqual(names(response).slice(0, 2), ["date", "server"]);
    assert.deepEqual([...names(response).slice(2)].sort(), [
      "content-length",
      "x-one",
      "x-two",
    ]);
    assert.ok(
      names(response).indexOf("x-one") < names(response).indexOf("x-two"),
    );
    assert.equal(response.header("server"), "tricorn"); // http:H-147
  });

  test("is in lower case however the application writes it (http:H-045, asgi:A-070)", async () => {
    const response = await answerOf([
      ["start", 200, [["X-Custom", "Value"], ["Content-Type", "Text/Plain"]]],
      ["body", "ok"],
    ]);
    for (const name of names(response)) assert.equal(name, name.toLowerCase());
    assert.equal(response.header("x-custom"), "Value");
    assert.equal(response.header("content-type"), "Text/Plain");
  });

  test("has the date of today, as RFC 9110 writes it (http:H-146)", async () => {
    const date = (await answerOf([["start", 200], ["body", "ok"]])).header(
      "date",
    )!;
    assert.match(
      date,
      /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/,
    );
    assert.ok(Math.abs(Date.parse(date) - Date.now()) < 60_000, date);
  });

  test("has the application's date and server in place of ours (http:H-046, asgi:A-107)", async () => {
    const response = await answerOf([
      ["start", 200, [["Server", "mine"], [
        "date",
        "Thu, 01 Jan 1970 00:00:00 GMT",
      ]]],
      ["body", "ok"],
    ]);
    assert.deepEqual(response.all("server"), ["mine"]);
    assert.deepEqual(response.all("date"), ["Thu, 01 Jan 1970 00:00:00 GMT"]);
  });

  test("keeps repeated headers apart (asgi:A-111)", async () => {
    const response = await answerOf([
      ["start", 200, [["set-cookie", "a=1"], ["set-cookie", "b=2, c"]]],
      ["body", "ok"],
    ]);
    assert.deepEqual(response.all("set-cookie"), ["a=1", "b=2, c"]);
  });

  test("passes tabs, blanks inside and octets above 127 (http:H-069)", async () => {
    const response = await answerOf([
      ["start", 200, [["x-a", "b\tc  d"], ["x-b", "\xe9\xff"], ["x-c", ""]]],
      ["body", "ok"],
    ]);
    assert.deepEqual(
      [response.header("x-a"), response.header("x-b"), response.header("x-c")],
      ["b\tc  d", "\xe9\xff", ""],
    );
  });

  for (
    const [status, line] of [
      [201, "HTTP/1.1 201 Created"],
      [404, "HTTP/1.1 404 Not Found"],
      [418, "HTTP/1.1 418 I'm a Teapot"],
      [503, "HTTP/1.1 503 Service Unavailable"],
      [299, "HTTP/1.1 299 "],
      [599, "HTTP/1.1 599 "],
    ] as const
  ) {
    test(`tells status ${status} with its standard phrase, or none (http:H-049)`, async () => {
      const response = await answerOf([["start", status], ["body", "ok"]]);
      assert.equal(
        response.rawHead.split("\r\n")[0]!.toLowerCase(),
        line.toLowerCase(),
      );
    });
  }

  test("leaves before a body that is slow to come (http:H-041, asgi:A-076)", async () => {
    const client = await RawClient.connect(shared.server.target);
    const script = new Script(["start", 200, [["x-a", "b"]]], [
      "wait",
      "slow-body",
    ], ["body", "late"]);
    client.send(request(`GET ${script.target}`));
    assert.match(await client.readUntil("\r\n\r\n"), /x-a: b\r\n/);
    await exchange(shared.server.target, request("GET /release?slow-body"));
    assert.match(await client.readUntil("0\r\n\r\n"), /late/);
    client.close();
  });
});

describe("the body", () => {
  test("in one piece is told by its length, without chunks (asgi:A-102)", async () => {
    const response = await answerOf([["start", 200], ["body", "hello"]]);
    assert.equal(response.header("content-length"), "5");
    assert.equal(response.header("transfer-encoding"), undefined);
    assert.equal(response.body, "hello");
  });

  test("of no bytes has length 0", async () => {
    const response = await answerOf([["start", 200], ["body", ""]]);
    assert.equal(response.header("content-length"), "0");
    assert.equal(response.isComplete, true);
  });

  test("in several pieces is chunked, one chunk a piece (http:H-052, H-081)", async () => {
    const response = await answerOf([
      ["start", 200],
      ["body", "a", true],
      ["body", "bc", true],
      ["body", "def"],
    ]);
    assert.equal(response.header("transfer-encoding"), "chunked");
    assert.equal(response.header("content-length"), undefined);
    assert.deepEqual(response.chunks, ["a", "bc", "def"]);
    assert.equal(response.isComplete, true);
  });

  test("may have empty pieces anywhere, which write nothing (http:H-052, asgi:A-081)", async () => {
    const response = await answerOf([
      ["start", 200],
      ["body", "", true],
      ["body", "a", true],
      ["body", "", true],
      ["body", "b", true],
      ["body", ""],
    ]);
    assert.deepEqual(response.chunks, ["a", "b"]);
    assert.equal(response.isComplete, true);
  });

  test("without body and more_body is empty and final (http:H-071)", async () => {
    const response = await answerOf([["start", 200], ["send", {
      type: "http.response.body",
    }]]);
    assert.deepEqual([response.body, response.isComplete], ["", true]);
  });

  test("with content-length is sent as it is, in any number of pieces (http:H-042, asgi:A-077 to A-079)", async () => {
    const response = await answerOf([
      ["start", 200, [["content-length", "6"]]],
      ["body", "abc", true],
      ["body", "", true],
      ["body", "def"],
    ]);
    assert.deepEqual([response.framing, response.body], ["length", "abcdef"]);
    assert.deepEqual(response.all("content-length"), ["6"]);
  });

  test("is chunked once if the application asks for chunks itself (http:H-053)", async () => {
    const response = await answerOf([
      ["start", 200, [["Transfer-Encoding", "chunked"]]],
      ["body", "abc"],
    ]);
    assert.deepEqual(response.all("transfer-encoding"), ["chunked"]);
    assert.equal(response.body, "abc");
  });

  test("never has both a length and chunks (http:H-054)", async () => {
    const response = await answerOf([
      ["start", 200, [["content-length", "3"], [
        "transfer-encoding",
        "chunked",
      ]]],
      ["body", "abc"],
    ]);
    const both = [
      response.header("content-length"),
      response.header("transfer-encoding"),
    ];
    assert.equal(both.filter((value) => value !== undefined).length, 1);
    assert.equal(response.body, "abc");
  });

  test("given as text is sent as UTF-8 (http:H-070, asgi:A-005)", async () => {
    const response = await answerOf([["start", 200], [
      "body",
      "h\u00e9 \u{1f984}",
    ]]);
    assert.equal(
      new TextDecoder().decode(bytesOf(response.body)),
      "h\u00e9 \u{1f984}",
    );
    assert.equal(response.header("content-length"), "8");
  });

  test("of many megabytes arrives whole", async () => {
    const response = await answerOf([["start", 200], ["flood", 64, 65_536], [
      "body",
      "!",
    ]]);
    assert.equal(response.body.length, 64 * 65_536 + 1);
    assert.equal(response.isComplete, true);
  });

  test("leaves the connection open, in whatever way it is framed (http:H-082)", async () => {
    assert.ok(await keepsAfter([["start", 200], ["body", "a"]]));
    assert.ok(
      await keepsAfter([["start", 200], ["body", "a", true], ["body", "b"]]),
    );
    assert.ok(
      await keepsAfter([["start", 200, [["content-length", "1"]]], [
        "body",
        "a",
      ]]),
    );
  });
});

describe("an answer to HEAD (http:H-056 to H-058, asgi:A-105)", () => {
  for (
    const [behaviour, steps] of [
      ["with content-length", [["start", 200, [["content-length", "5"]]], [
        "body",
        "hello",
      ]]],
      ["in one piece", [["start", 200], ["body", "hello"]]],
      ["in pieces", [["start", 200], ["body", "a", true], ["body", "b"]]],
    ] as const
  ) {
    test(`has the headers of GET and no body: ${behaviour}`, async () => {
      const head = await answerOf(steps, "HEAD");
      const get = await answerOf(steps);
      const framing = ["content-length", "transfer-encoding"] as const;
      assert.deepEqual(framing.map(head.header), framing.map(get.header));
      assert.ok(await keepsAfter(steps, "HEAD"));
    });
  }

  test("may tell a length that was not sent", async () => {
    const steps: Step[] = [["start", 200, [["content-length", "500"]]], [
      "body",
      "",
    ]];
    assert.equal(
      (await answerOf(steps, "HEAD")).header("content-length"),
      "500",
    );
    assert.ok(await keepsAfter(steps, "HEAD"));
  });
});

describe("an answer without a body (http:H-059 to H-061, asgi:A-106)", () => {
  for (const status of [204, 304]) {
    test(`${status} has no transfer-encoding and keeps the connection`, async () => {
      const response = await answerOf([["start", status], ["body", ""]]);
      assert.equal(response.header("transfer-encoding"), undefined);
      assert.ok(await keepsAfter([["start", status], ["body", ""]]));
    });

    test(`${status} in pieces has no transfer-encoding either`, async () => {
      const steps: Step[] = [["start", status], ["body", "", true], [
        "body",
        "",
      ]];
      assert.equal(
        (await answerOf(steps)).header("transfer-encoding"),
        undefined,
      );
      assert.ok(await keepsAfter(steps));
    });

    test(`${status} drops a body that was sent anyway`, async () => {
      assert.ok(await keepsAfter([["start", status], ["body", "oops"]]));
      await shared.server.line(
        "stderr",
        new RegExp(`WARNING: .*body.*${status}`),
      );
    });
  }

  test("204 loses its content-length", async () => {
    const response = await answerOf([
      ["start", 204, [["content-length", "0"]]],
      ["body", ""],
    ]);
    assert.equal(response.header("content-length"), undefined);
  });

  test("304 keeps the content-length that 200 would have", async () => {
    const steps: Step[] = [["start", 304, [["content-length", "500"]]], [
      "body",
      "",
    ]];
    assert.equal((await answerOf(steps)).header("content-length"), "500");
    assert.ok(await keepsAfter(steps));
  });
});

describe("HTTP/1.0", () => {
  const ask = (steps: readonly Step[], headers = "") =>
    exchange(
      shared.server.target,
      `GET ${new Script(...steps).target} HTTP/1.0\r\n${headers}\r\n`,
    );

  test("is answered as HTTP/1.1 and closed (http:H-043)", async () => {
    const response = await ask([["start", 200], ["body", "ok"]]);
    assert.equal(response.version, "HTTP/1.1");
    assert.equal(response.header("connection"), "close");
  });

  test("is kept if it asks for it and the length is known", async () => {
    const client = await RawClient.connect(shared.server.target);
    for (let i = 0; i < 3; i++) {
      client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
      const response = await client.readResponse();
      assert.equal(response.header("connection"), "keep-alive");
      assert.equal(response.header("transfer-encoding"), undefined);
    }
    client.close();
  });

  test("gets a body of unknown length up to the close, never chunks (http:H-055)", async () => {
    const response = await ask([["start", 200], ["body", "a", true], [
      "body",
      "bc",
    ]]);
    assert.equal(response.header("transfer-encoding"), undefined);
    assert.deepEqual([response.framing, response.body], ["close", "abc"]);
  });

  test("gets no chunks even if the application asks for them", async () => {
    const response = await ask([
      ["start", 200, [["transfer-encoding", "chunked"]]],
      ["body", "a", true],
      ["body", "bc"],
    ]);
    assert.equal(response.header("transfer-encoding"), undefined);
    assert.equal(response.body, "abc");
  });

  test("needs no host", async () => {
    assert.equal((await ask([["start", 200], ["body", "ok"]])).status, 200);
  });
});

describe("a refused http.response.start (asgi:A-209)", () => {
  for (
    const [behaviour, status, headers] of [
      ["status 99 (http:H-050)", 99, []],
      ["status 600 (http:H-050)", 600, []],
      ["status 700 (http:H-050)", 700, []],
      ["a final 103 (http:H-051)", 103, []],
      ["a fraction as status", 200.5, []],
      ["a header name with a blank (http:H-065)", 200, [["a b", "c"]]],
      ["a header name with a colon (http:H-065)", 200, [["a:b", "c"]]],
      ["a header name with a line end (http:H-065)", 200, [["a\r\nb", "c"]]],
      ["a header name above 127 (http:H-065)", 200, [["caf\xe9", "c"]]],
      ["an empty header name (http:H-067)", 200, [["", "c"]]],
      ["a pseudo header (asgi:A-072)", 200, [[":status", "200"]]],
      ["header splitting with CRLF (http:H-066)", 200, [[
        "x",
        "a\r\nset-cookie: b",
      ]]],
      ["header splitting with LF (http:H-066)", 200, [[
        "x",
        "a\nset-cookie: b",
      ]]],
      ["header splitting with CR (http:H-066)", 200, [["x", "a\rb"]]],
      ["NUL in a header value (http:H-066)", 200, [["x", "a\0b"]]],
      ["DEL in a header value (http:H-066)", 200, [["x", "a\x7fb"]]],
      ["a header value above 255 (asgi:A-071)", 200, [["x", "a\u0100"]]],
      ["a content-length that is no number (http:H-064)", 200, [[
        "content-length",
        "abc",
      ]]],
      ["a negative content-length (http:H-064)", 200, [[
        "content-length",
        "-1",
      ]]],
      [
        "two different content-lengths (http:H-068)",
        200,
        [["content-length", "2"], ["content-length", "3"]],
      ],
    ] as const
  ) {
    test(`becomes a 500 and nothing of it leaves: ${behaviour}`, async () => {
      const response = await answerOf([["start", status, headers], [
        "body",
        "ok",
      ]]);
      assert.equal(response.status, 500);
      assert.equal(response.body, "Internal Server Error");
      assert.ok(
        !/set-cookie|x:|:status/.test(response.rawHead),
        response.rawHead,
      );
    });
  }

  test("leaves the application free to send a better one", async () => {
    const script = new Script(
      ["try", {
        type: "http.response.start",
        status: 200,
        headers: [["x", "a\r\nb"]],
      }],
      ["start", 200],
      ["body", "second try"],
    );
    const response = await exchange(
      shared.server.target,
      request(`GET ${script.target}`),
    );
    assert.equal(response.body, "second try");
    assert.match(
      (await script.notes(shared.server, 1))[0]!,
      /^rejected InvalidEventError: Cannot send /,
    );
  });
});

describe("a body that does not fit its content-length", () => {
  test("too long: nothing beyond the length is written, and the connection closes (http:H-062, asgi:A-103)", async () => {
    const client = await RawClient.connect(shared.server.target);
    const script = new Script(
      ["start", 200, [["content-length", "5"]]],
      ["body", "abc", true],
      ["try", { type: "http.response.body", body: "defgh" }],
    );
    client.send(request(`GET ${script.target}`));
    const { bytes } = await client.readToEnd();
    const body = bytes.slice(bytes.indexOf("\r\n\r\n") + 4);
    assert.ok("abcde".startsWith(body), body);
    assert.match(
      await script.seen(shared.server, /rejected/),
      /longer than Content-Length/,
    );
    client.close();
  });

  test("too short: the connection closes (http:H-063, asgi:A-104)", async () => {
    const client = await RawClient.connect(shared.server.target);
    const script = new Script(
      ["start", 200, [["content-length", "5"]]],
      ["body", "ab", true],
      ["try", { type: "http.response.body", body: "c" }],
    );
    client.send(request(`GET ${script.target}`));
    const { bytes } = await client.readToEnd();
    const body = bytes.slice(bytes.indexOf("\r\n\r\n") + 4);
    assert.ok("abc".startsWith(body), body);
    assert.match(
      await script.seen(shared.server, /rejected/),
      /shorter than Content-Length/,
    );
    client.close();
  });

  test("already in the first message: a 500, as nothing has left", async () => {
    for (const body of ["ab", "abcdef"]) {
      const response = await answerOf([["start", 200, [[
        "content-length",
        "5",
      ]]], ["body", body]]);
      assert.equal(response.status, 500);
    }
  });
});

describe("messages out of order", () => {
  for (
    const [behaviour, first, then, error] of [
      [
        "a body before the start (http:H-075, asgi:A-082)",
        [],
        { type: "http.response.body", body: "x" },
        "Expected ASGI message 'http.response.start', but got 'http.response.body'.",
      ],
      [
        "a second start (http:H-076, asgi:A-083)",
        [["start", 200]],
        { type: "http.response.start", status: 200 },
        "Expected ASGI message 'http.response.body', but got 'http.response.start'.",
      ],
      [
        "trailers that were not promised (http:H-078, asgi:A-085)",
        [["start", 200]],
        { type: "http.response.trailers", headers: [] },
        "Expected ASGI message 'http.response.body', but got 'http.response.trailers'.",
      ],
    ] as const
  ) {
    test(`${behaviour} is an UnexpectedEventError and a 500 if it escapes`, async () => {
      const script = new Script(...first, ["try", then], ["send", then]);
      const response = await exchange(
        shared.server.target,
        request(`GET ${script.target}`),
      );
      assert.equal(response.status, 500);
      assert.deepEqual(await script.notes(shared.server, 1), [
        `rejected UnexpectedEventError: ${error}`,
      ]);
    });
  }

  test("a message after the end is an error, and the connection stays usable (http:H-077, asgi:A-086)", async () => {
    const client = await RawClient.connect(shared.server.target);
    const script = new Script(["start", 200], ["body", "ok"], [
      "try",
      { type: "http.response.body", body: "more" },
    ]);
    client.send(request(`GET ${script.target}`));
    assert.equal((await client.readResponse()).body, "ok");
    assert.equal(
      await script.seen(shared.server, /rejected/),
      "rejected UnexpectedEventError: Unexpected ASGI message 'http.response.body' sent, after " +
        "response already completed.",
    );
    assert.equal(
      (await client.request(request("GET /"))).body,
      "Hello, world!",
    );
    client.close();
  });

  for (
    const [behaviour, message] of [
      ["an unknown type (asgi:A-087)", { type: "http.response.nonsense" }],
      ["a message of another protocol (asgi:A-087)", {
        type: "websocket.send",
        text: "x",
      }],
      ["a type that is no text", { type: 5 }],
      ["no object at all", null],
      ["an extension that is not announced (http:H-080)", {
        type: "http.response.push",
      }],
      ["a body that is no octets (asgi:A-209)", {
        type: "http.response.start",
        status: "200",
      }],
    ] as const
  ) {
    test(`${behaviour} is an InvalidEventError`, async () => {
      const script = new Script(["try", message], ["start", 200], [
        "body",
        "ok",
      ]);
      const response = await exchange(
        shared.server.target,
        request(`GET ${script.target}`),
      );
      assert.equal(response.body, "ok");
      assert.match(
        (await script.notes(shared.server, 1))[0]!,
        /^rejected InvalidEventError: /,
      );
    });
  }

  test("unknown keys are ignored (asgi:A-013)", async () => {
    const response = await answerOf([
      ["send", {
        type: "http.response.start",
        status: 200,
        headers: [],
        colour: "blue",
      }],
      ["send", { type: "http.response.body", body: "ok", taste: 1 }],
    ]);
    assert.equal(response.body, "ok");
  });
});

/** What an application is told about a request. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  bytesOf,
  exchange,
  RawClient,
  request,
} from "../_support/raw_client.ts";
import { SCRIPTED_APP } from "../_support/script.ts";
import { sharedServer, withServer } from "../_support/spawn_server.ts";

const shared = sharedServer({ app: SCRIPTED_APP });

interface ShownScope {
  readonly type: string;
  readonly asgi: Readonly<Record<string, string>>;
  readonly http_version: string;
  readonly method: string;
  readonly scheme: string;
  readonly path: string;
  readonly raw_path: string;
  readonly query_string: string;
  readonly root_path: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly client: readonly [string, number] | null;
  readonly server: readonly [string, number | null] | null;
  readonly state: object;
  readonly extensions: readonly string[];
}

function readScope(body: string): ShownScope {
  return JSON.parse(new TextDecoder().decode(bytesOf(body)));
}

/** The scope that one request leads to. */
async function scopeOf(text: string): Promise<ShownScope> {
  const response = await exchange(shared.server.target, text);
  assert.equal(response.status, 200, response.rawHead);
  return readScope(response.body);
}

test("a scope has every field, in the order of the specification (asgi:A-060)", async () => {
  assert.deepEqual(Object.keys(await scopeOf(request("GET /?scope"))), [
    "type",
    "asgi",
    "http_version",
    "method",
    "scheme",
    "path",
    "raw_path",
    "query_string",
    "root_path",
    "headers",
    "client",
    "server",
    "state",
    "extensions",
  ]);
});

test("a scope says what it follows (http:H-004, asgi:A-030, A-032)", async () => {
  const scope = await scopeOf(request("GET /?scope"));
  assert.equal(scope.type, "http");
  assert.deepEqual(scope.asgi, { version: "3.0", spec_version: "2.5" });
  assert.equal(scope.scheme, "http"); // http:H-007
  assert.deepEqual(scope.state, {}); // asgi:A-058
  assert.equal(scope.root_path, "");
});

test("client and server are the two ends of the connection (http:H-008, H-010)", async () => {
  const { server } = shared;
  const client = await RawClient.connect(server.target);
  const scope = readScope(
    (await client.request("GET /?scope HTTP/1.1\r\nHost: elsewhere:1\r\n\r\n"))
      .body,
  );
  assert.deepEqual(scope.client, ["127.0.0.1", client.localPort]);
  assert.deepEqual(scope.server, ["127.0.0.1", server.port]);
  client.close();
});

for (const version of ["1.0", "1.1"]) {
  test(`http_version is "${version}" for HTTP/${version} (http:H-005)`, async () => {
    const scope = await scopeOf(
      `GET /?scope HTTP/${version}\r\nHost: a\r\n\r\n`,
    );
    assert.equal(scope.http_version, version);
  });
}

describe("method (http:H-006)", () => {
  for (
    const method of [
      "GET",
      "POST",
      "PATCH",
      "DELETE",
      "PROPFIND",
      "M-SEARCH",
      "X!#$%&'*+.^_`|~",
    ]
  ) {
    test(`${method} is passed as it was sent`, async () => {
      assert.equal(
        (await scopeOf(request(`${method} /?scope`))).method,
        method,
      );
    });
  }
});

describe("path and raw_path (http:H-011, H-012, H-015)", () => {
  for (
    const [behaviour, target, path] of [
      ["are the same where nothing is escaped", "/a/b", "/a/b"],
      ["differ by percent escapes", "/caf%C3%A9%20x", "/café x"],
      ["differ where a slash is escaped", "/a%2Fb", "/a/b"],
      ["keep a plus sign", "/a+b", "/a+b"],
      ["keep an escape that is none", "/%zz%4", "/%zz%4"],
      ["replace what is not UTF-8", "/%ff%C3x", "/\ufffd\ufffdx"],
      ["keep dot segments", "/a/../b/./c", "/a/../b/./c"],
      ["keep empty segments", "//a//b", "//a//b"],
      ["lose a fragment (http:H-016)", "/a#b", "/a"],
    ] as const
  ) {
    test(behaviour, async () => {
      const hash = target.indexOf("#");
      const raw = hash < 0 ? target : target.slice(0, hash);
      const asked = hash < 0
        ? `${target}?scope`
        : `${raw}?scope${target.slice(hash)}`;
      const scope = await scopeOf(request(`GET ${asked}`));
      assert.equal(scope.path, path);
      assert.equal(scope.raw_path, raw);
    });
  }
});

describe("query_string (http:H-013, asgi:A-052)", () => {
  for (
    const [behaviour, target, query] of [
      [
        "is what follows the first question mark",
        "/?scope=1&a=%20?b",
        "scope=1&a=%20?b",
      ],
      ["stays escaped", "/?scope%C3%A9", "scope%C3%A9"],
    ] as const
  ) {
    test(behaviour, async () => {
      assert.equal(
        (await scopeOf(request(`GET ${target}`))).query_string,
        query,
      );
    });
  }
});

describe("other forms of target", () => {
  test("absolute form gives path and query (http:H-017, asgi:A-050)", async () => {
    const scope = await scopeOf(
      "GET http://example.com:81/p/q?scope=1 HTTP/1.1\r\nHost: example.com:81\r\n\r\n",
    );
    assert.equal(scope.path, "/p/q");
    assert.equal(scope.raw_path, "/p/q");
    assert.equal(scope.query_string, "scope=1");
  });

  test("absolute form without a path gives a slash (asgi:A-050)", async () => {
    const scope = await scopeOf(
      "GET http://a?scope HTTP/1.1\r\nHost: a\r\n\r\n",
    );
    assert.equal(scope.path, "/");
  });

  test("OPTIONS * is served (http:H-018)", async () => {
    const response = await exchange(shared.server.target, request("OPTIONS *"));
    assert.equal(response.status, 200);
    await shared.server.line("stdout", /"OPTIONS (\*|%2A) HTTP\/1.1" 200/);
  });
});

describe("headers (http:H-020, asgi:A-054)", () => {
  test("keep their order and repeats, names in lower case", async () => {
    const scope = await scopeOf(
      "GET /?scope HTTP/1.1\r\nHost: a\r\nX-Two: 2\r\nX-One: 1\r\nx-two: 3, 4\r\nCookie: a=b\r\n\r\n",
    );
    assert.deepEqual(scope.headers, [
      ["host", "a"],
      ["x-two", "2"],
      ["x-one", "1"],
      ["x-two", "3, 4"],
      ["cookie", "a=b"],
    ]);
  });

  test("lose blanks at both ends and nothing else", async () => {
    const scope = await scopeOf(
      request("GET /?scope", [
        "X-A: \t b  c \t ",
        "X-B:",
        "X-C:d",
        "X-D: a:b",
        "X-E: \t",
      ]),
    );
    assert.deepEqual(scope.headers.slice(1), [
      ["x-a", "b  c"],
      ["x-b", ""],
      ["x-c", "d"],
      ["x-d", "a:b"],
      ["x-e", ""],
    ]);
  });

  test("keep octets above 127, one unit each", async () => {
    const scope = await scopeOf(
      request("GET /?scope", ["X-A: \xe9\xff\x80", "X-B: caf\xc3\xa9"]),
    );
    assert.deepEqual(scope.headers.slice(1), [["x-a", "\xe9\xff\x80"], [
      "x-b",
      "caf\xc3\xa9",
    ]]);
  });

  test("may be named like what every object has", async () => {
    const scope = await scopeOf(
      request("GET /?scope", ["__proto__: a", "constructor: b"]),
    );
    assert.deepEqual(scope.headers.slice(1), [["__proto__", "a"], [
      "constructor",
      "b",
    ]]);
  });
});

describe("extensions (asgi:A-059)", () => {
  test("are those that work on HTTP/1.1", async () => {
    const scope = await scopeOf(request("GET /?scope"));
    assert.deepEqual([...scope.extensions].sort(), [
      "abort_signal",
      "connection",
      "drain_signal",
      "http.response.informational",
      "http.response.pathsend",
      "http.response.trailers",
      "topics",
    ]);
  });

  test("are fewer on HTTP/1.0, which has no trailers", async () => {
    const scope = await scopeOf("GET /?scope HTTP/1.0\r\n\r\n");
    assert.ok(!scope.extensions.includes("http.response.trailers"));
    assert.ok(!scope.extensions.includes("http.response.informational"));
    assert.ok(scope.extensions.includes("http.response.pathsend"));
  });

  test("offer request trailers for a chunked request (asgi:A-246)", async () => {
    const scope = await scopeOf(
      request("POST /?scope", ["Transfer-Encoding: chunked"], "0\r\n\r\n"),
    );
    assert.ok(scope.extensions.includes("http.request.trailers"));
  });
});

test("--root-path is put in front of path, not of raw_path (http:H-014, asgi:A-229)", () =>
  withServer(
    { app: SCRIPTED_APP, args: ["--root-path", "/api"] },
    async (server) => {
      const response = await exchange(
        server.target,
        request("GET /x%20y?scope"),
      );
      const scope = readScope(response.body);
      assert.equal(scope.root_path, "/api");
      assert.equal(scope.path, "/api/x y");
      assert.equal(scope.raw_path, "/x%20y");
      await server.line(
        "stdout",
        /"GET \/api\/x%20y\?scope HTTP\/1\.1" 200 OK/,
      );
    },
  ));

test("--root-path-mode as-is leaves path as it came (asgi:A-229)", () =>
  withServer(
    {
      app: SCRIPTED_APP,
      args: ["--root-path", "/api", "--root-path-mode", "as-is"],
    },
    async (server) => {
      const response = await exchange(
        server.target,
        request("GET /api/x?scope"),
      );
      const scope = readScope(response.body);
      assert.deepEqual([scope.root_path, scope.path], ["/api", "/api/x"]);
    },
  ));

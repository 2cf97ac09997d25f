import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { HttpScope } from "../../../src/asgi.ts";
import {
  type ConnectionInfo,
  connectionInfo,
} from "../../../src/connection/scope/connection_info.ts";
import {
  clientText,
  originOf,
  type RequestOrigin,
} from "../../../src/connection/scope/request_origin.ts";
import {
  httpScope,
  type ScopedRequest,
  scopePath,
  websocketScope,
} from "../../../src/connection/scope/scope.ts";
import type { ServerContext } from "../../../src/connection/context.ts";
import type { RequestHead } from "../../../src/http/request_head.ts";
import type { TlsConnection } from "../../../src/runtime/types.ts";
import { FakeSocket } from "../../_support/fake_socket.ts";
import {
  answering,
  Harness,
  type HarnessOptions,
} from "../../_support/harness.ts";

function head(fields: Partial<RequestHead> = {}): RequestHead {
  return {
    method: "GET",
    version: "1.1",
    rawPath: "/",
    query: "",
    headers: [],
    contentLength: -1,
    hasBody: false,
    mayHaveTrailers: false,
    expectsContinue: false,
    acceptsTrailers: false,
    isForwarded: false,
    ...fields,
  };
}

/** A cycle that counts who asks for its signal. */
function fakeCycle() {
  const cycle = {
    asked: 0,
    controller: new AbortController(),
    get abortSignal() {
      this.asked++;
      return this.controller.signal;
    },
    body: { trailers: Promise.resolve([["x", "y"] as const]) },
    abandoned: 0,
    abandon() {
      this.abandoned++;
    },
  };
  return cycle satisfies ScopedRequest;
}

function build(
  fields: Partial<RequestHead> = {},
  options: HarnessOptions = {},
  socket: FakeSocket = new FakeSocket(),
): HttpScope {
  const { context } = new Harness(answering(""), options);
  return scopeOf(fields, context, socket);
}

function scopeOf(
  fields: Partial<RequestHead>,
  context: ServerContext,
  socket: FakeSocket = new FakeSocket(),
  cycle: ScopedRequest = fakeCycle(),
): HttpScope {
  const request = head(fields);
  const { originRule, prefixesRootPath } = context.settings;
  const info = connectionInfo(socket, context);
  const origin = originOf(request, info, originRule, context.logger);
  const path = scopePath(request, origin, prefixesRootPath);
  return httpScope(
    { head: request, path, origin, requestId: undefined },
    info,
    context,
    cycle,
  );
}

/** A rule that finds another origin than the connection's. */
function elsewhere(): RequestOrigin {
  return {
    client: { host: "203.0.113.7", port: 4711 },
    scheme: "https",
    rootPath: "/mount",
    host: undefined,
    clientText: undefined,
  };
}

/** A request that nobody passed on. */
function judged(request: RequestHead, info: ConnectionInfo) {
  return { head: request, path: "/", origin: info, requestId: undefined };
}

describe("httpScope()", () => {
  test("has every field, in one order, own and enumerable (asgi:A-044, A-045, A-060)", () => {
    const scope = build();
    assert.deepEqual(Object.keys(scope), [
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
    assert.equal(Object.getPrototypeOf(scope), Object.prototype);
    assert.deepEqual({ ...scope }, scope);
    assert.equal(Object.isFrozen(scope), false); // asgi:A-061
  });

  test("announces versions in one frozen object for all (asgi:A-029 to A-032)", () => {
    const { asgi } = build();
    assert.deepEqual(asgi, { version: "3.0", spec_version: "2.5" });
    assert.equal(build({ version: "1.0" }).asgi, asgi);
    assert.ok(Object.isFrozen(asgi));
  });

  for (
    const [field, fields, options, value] of [
      ["type", {}, {}, "http"],
      ["http_version", { version: "1.0" }, {}, "1.0"], // asgi:A-046
      ["http_version", { version: "1.1" }, {}, "1.1"],
      ["method", { method: "PROPFIND" }, {}, "PROPFIND"], // asgi:A-047
      ["scheme", {}, {}, "http"], // asgi:A-048
      ["scheme", {}, { settings: { originRule: elsewhere } }, "https"],
      ["raw_path", { rawPath: "/a%2Fb" }, {}, "/a%2Fb"],
      ["raw_path", { rawPath: "/a" }, { settings: { rootPath: "/api" } }, "/a"], // asgi:A-051
      ["query_string", { query: "a=%20&b" }, {}, "a=%20&b"],
      ["query_string", { query: "" }, {}, ""],
      ["root_path", {}, {}, ""],
      ["root_path", {}, { settings: { rootPath: "/api" } }, "/api"], // asgi:A-053
      ["root_path", {}, { settings: { originRule: elsewhere } }, "/mount"],
      [
        "path",
        { rawPath: "/a" },
        { settings: { originRule: elsewhere } },
        "/mount/a",
      ],
    ] as const
  ) {
    test(`${field} is ${JSON.stringify(value)} for ${JSON.stringify({ ...fields, ...options })}`, () => {
      assert.equal(build(fields, options)[field], value);
    });
  }

  for (
    const [rawPath, rootPath, prefixesRootPath, path] of [
      ["/", "", true, "/"],
      ["/a%20b", "", true, "/a b"],
      ["/a+b", "", true, "/a+b"], // asgi:A-049
      ["/a%2Fb", "", true, "/a/b"],
      ["/a/../b/.", "", true, "/a/../b/."],
      ["/%C3%A9", "", true, "/\xe9"],
      ["/\xc3\xa9", "", true, "/\xe9"],
      ["/%FF", "", true, "/\ufffd"], // asgi:A-237
      ["/%zz%4", "", true, "/%zz%4"],
      ["/x", "/api", true, "/api/x"], // asgi:A-229
      ["/", "/api", true, "/api/"],
      ["/x", "/api", false, "/x"],
      ["*", "/api", true, "*"], // asgi:A-050
      ["*", "", true, "*"],
    ] as const
  ) {
    const how = rootPath === ""
      ? ""
      : ` under ${rootPath}, ${prefixesRootPath ? "prefixed" : "as is"}`;
    test(`path of ${JSON.stringify(rawPath)}${how} is ${JSON.stringify(path)}`, () => {
      assert.equal(
        build({ rawPath }, { settings: { rootPath, prefixesRootPath } }).path,
        path,
      );
    });
  }

  test("hands headers over as they are (asgi:A-002, A-003, A-054)", () => {
    const headers: [string, string][] = [["b", "2"], ["a", "1"], ["b", "2"]];
    assert.equal(build({ headers }).headers, headers);
  });

  describe("state (asgi:A-058)", () => {
    test("is a shallow copy for each request", () => {
      const shared = { list: [1] };
      const { context } = new Harness(answering(""), { state: { shared } });
      const first = scopeOf({}, context);
      first.state.mine = 1;
      const second = scopeOf({}, context);
      assert.deepEqual(second.state, { shared });
      assert.equal(second.state.shared, first.state.shared);
      assert.deepEqual(context.state, { shared });
    });

    test("is empty where lifespan left none", () => {
      assert.deepEqual(build().state, {});
    });
  });
});

describe("addresses", () => {
  const tcp = (host: string, port: number) =>
    ({ kind: "tcp", host, port }) as const;
  for (
    const [what, local, remote, client, server, text] of [
      [
        "IPv4",
        tcp("127.0.0.1", 8000),
        tcp("10.0.0.9", 50123),
        ["10.0.0.9", 50123],
        ["127.0.0.1", 8000],
        "10.0.0.9:50123",
      ],
      ["IPv6", tcp("::1", 8000), tcp("fe80::1", 1), ["fe80::1", 1], [
        "::1",
        8000,
      ], "[fe80::1]:1"],
      [
        "UNIX sockets (http:H-010, H-151)",
        { kind: "unix", path: "/run/a.sock" },
        { kind: "unix", path: "" },
        null,
        ["/run/a.sock", null],
        "",
      ],
      [
        "an inherited UNIX socket that does not tell its path",
        { kind: "unix", path: "" },
        { kind: "unix", path: "" },
        null,
        null,
        "",
      ],
      ["a peer that is gone already", tcp("127.0.0.1", 8000), undefined, null, [
        "127.0.0.1",
        8000,
      ], ""],
    ] as const
  ) {
    test(`of ${what} (asgi:A-006, A-007, A-056, A-057)`, () => {
      const socket = new FakeSocket();
      socket.localAddress = local;
      socket.remoteAddress = remote;
      const { context } = new Harness(answering(""));
      const scope = scopeOf({}, context, socket);
      assert.deepEqual(scope.client, client);
      assert.deepEqual(scope.server, server);
      assert.equal(clientText(connectionInfo(socket, context)), text);
    });
  }
});

describe("extensions (asgi:A-059)", () => {
  const COMMON = [
    "abort_signal",
    "connection",
    "drain_signal",
    "http.response.pathsend",
    "topics",
  ];
  for (
    const [what, fields, offersEarlyHints, names] of [
      ["HTTP/1.1", {}, true, [
        ...COMMON,
        "http.response.early_hint",
        "http.response.informational",
        "http.response.trailers",
      ]],
      ["HTTP/1.1 without early hints", {}, false, [
        ...COMMON,
        "http.response.informational",
        "http.response.trailers",
      ]],
      ["a chunked request", { mayHaveTrailers: true }, false, [
        ...COMMON,
        "http.request.trailers",
        "http.response.informational",
        "http.response.trailers",
      ]],
      [
        "HTTP/1.0: nothing that needs chunks or interim responses",
        { version: "1.0" },
        true,
        COMMON,
      ],
    ] as const
  ) {
    test(`of ${what} are what works on it`, () => {
      const { extensions } = build(fields, { settings: { offersEarlyHints } });
      assert.deepEqual(Object.keys(extensions).sort(), [...names].sort());
    });
  }

  test("say that a range of a file can be sent (asgi:A-248)", () => {
    assert.deepEqual(build().extensions["http.response.pathsend"], {
      range: true,
    });
  });

  test("make the abort signal only when it is read (asgi:A-244)", () => {
    const { context } = new Harness(answering(""));
    const cycle = fakeCycle();
    const scope = scopeOf({}, context, new FakeSocket(), cycle);
    assert.equal(cycle.asked, 0);
    assert.equal(
      scope.extensions.abort_signal.signal,
      cycle.controller.signal,
    );
    assert.equal(cycle.asked, 1);
  });

  test("end the connection for the application", () => {
    const { context } = new Harness(answering(""));
    const cycle = fakeCycle();
    const scope = scopeOf({}, context, new FakeSocket(), cycle);
    scope.extensions.abort_signal.abort();
    assert.equal(cycle.abandoned, 1);
  });

  test("share the drain signal of the server (asgi:A-245)", () => {
    const harness = new Harness(answering(""));
    const scope = scopeOf({}, harness.context);
    const { signal } = scope.extensions.drain_signal;
    assert.equal(signal.aborted, false);
    harness.drainSignal.raise();
    assert.equal(signal.aborted, true);
  });

  test("give the trailers of the request (asgi:A-246)", async () => {
    const { extensions } = build({ mayHaveTrailers: true });
    assert.deepEqual(await extensions["http.request.trailers"]!.trailers, [[
      "x",
      "y",
    ]]);
  });

  test("tell which request of which connection it is, for good (asgi:A-250)", async () => {
    const scopes: HttpScope[] = [];
    const harness = new Harness(async (scope, receive, send) => {
      scopes.push(scope);
      await answering("")(scope, receive, send);
    });
    for (const socket of [harness.connect(), harness.connect()]) {
      for (let i = 0; i < 2; i++) {
        socket.receive("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
        await harness.turn();
      }
    }
    const peer = ["127.0.0.1", 50123];
    assert.deepEqual(scopes.map((scope) => scope.extensions.connection), [
      { id: "1", requests: 1, alpn: null, peer },
      { id: "1", requests: 2, alpn: null, peer },
      { id: "2", requests: 1, alpn: null, peer },
      { id: "2", requests: 2, alpn: null, peer },
    ]);
  });
});

describe("a connection with TLS", () => {
  function tlsSocket() {
    const socket = new FakeSocket();
    const asked: string[] = [];
    const told = (what: string, value: unknown) => ({
      enumerable: true,
      get() {
        asked.push(what);
        return value;
      },
    });
    socket.tls = Object.defineProperties({}, {
      version: told("version", "TLSv1.3"),
      cipherSuite: told("cipherSuite", "TLS_AES_128_GCM_SHA256"),
      alpn: told("alpn", "http/1.1"),
      serverName: told("serverName", null),
      serverCertificate: told("serverCertificate", "PEM"),
      clientCertificates: told("clientCertificates", []),
      clientCertificateError: told("clientCertificateError", null),
    }) as TlsConnection;
    return { socket, asked };
  }

  function scopesOf(socket: FakeSocket) {
    const { context } = new Harness(answering(""));
    const info = connectionInfo(socket, context);
    const cycle = fakeCycle();
    return {
      http: (version: "1.0" | "1.1" = "1.1") =>
        httpScope(judged(head({ version }), info), info, context, cycle),
      websocket: () =>
        websocketScope(judged(head(), info), [], info, context, cycle),
    };
  }

  test("has the schemes https and wss, and the protocol of ALPN", () => {
    const scopes = scopesOf(tlsSocket().socket);
    assert.equal(scopes.http().scheme, "https");
    assert.equal(scopes.websocket().scheme, "wss");
    assert.equal(scopes.http().extensions.connection?.alpn, "http/1.1");
  });

  test("shares one entry between all scopes, made for the first (asgi:A-207)", () => {
    const { socket, asked } = tlsSocket();
    const scopes = scopesOf(socket);
    assert.deepEqual(asked, []);
    const { tls } = scopes.http().extensions;
    assert.equal(tls?.server_cert, "PEM");
    const costly = () => asked.filter((what) => what !== "alpn");
    const before = costly().length;
    assert.equal(scopes.http("1.0").extensions.tls, tls);
    assert.equal(scopes.websocket().extensions.tls, tls);
    assert.equal(costly().length, before);
  });

  test("is not pretended on a plain one (asgi:A-200)", () => {
    const scopes = scopesOf(new FakeSocket());
    for (
      const scope of [scopes.http(), scopes.http("1.0"), scopes.websocket()]
    ) {
      assert.equal("tls" in scope.extensions, false);
      assert.match(scope.scheme, /^(http|ws)$/);
    }
  });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  checkForwardedHeaders,
  checkHeaders,
  checkHost,
  checkPeers,
  checkRootPath,
  checkSockets,
  checkUds,
  readHeader,
} from "../../../src/config/options/checks.ts";

for (
  const [host, value] of [
    ["127.0.0.1", "127.0.0.1"],
    ["", ""],
    ["localhost", "localhost"],
    ["my_host.example", "my_host.example"],
    ["bücher.example", "bücher.example"],
    ["::", "::"],
    ["::1", "::1"],
    ["[::1]", "::1"],
    ["fe80::1%eth0", "fe80::1%eth0"],
    ["::ffff:127.0.0.1", "::ffff:127.0.0.1"],
  ] as const
) {
  test(`checkHost() accepts ${JSON.stringify(host)}`, () => {
    assert.deepEqual(checkHost(host), { value });
  });
}

for (
  const host of [
    "http://localhost",
    "local host",
    "localhost/",
    "localhost:8000",
    "user@host",
    "a\nb",
    "[::1]:8000",
    "gg::1",
  ]
) {
  test(`checkHost() refuses ${JSON.stringify(host)}`, () => {
    const verdict = checkHost(host);
    assert.ok("problem" in verdict);
    assert.match(
      verdict.problem,
      /^'.*' is not a host name or an IP address\./,
    );
    assert.ok(!verdict.problem.includes("\n"));
  });
}

test("checkUds() refuses an empty path", () => {
  assert.deepEqual(checkUds("run/app.sock"), { value: "run/app.sock" });
  assert.deepEqual(checkUds(""), { problem: "'' is not a path." });
});

for (
  const [path, value] of [
    ["", ""],
    ["/", ""],
    ["/api", "/api"],
    ["/api/", "/api"],
    ["/api//", "/api"],
    ["api/v1", "/api/v1"],
    ["/größe x%20", "/größe x%20"],
  ] as const
) {
  test(`checkRootPath() makes ${JSON.stringify(value)} of ${JSON.stringify(path)}`, () => {
    assert.deepEqual(checkRootPath(path), { value });
  });
}

for (const path of ["http://host/api", "/api?x", "/api#x", "/a\r\nb"]) {
  test(`checkRootPath() refuses ${JSON.stringify(path)}`, () => {
    assert.ok("problem" in checkRootPath(path));
  });
}

for (
  const [text, value] of [
    ["X-A:b", ["x-a", "b"]],
    // wishes:R-063
    ["X-A:   b c \t", ["x-a", "b c"]],
    // wishes:R-056
    ["X-A:b:c", ["x-a", "b:c"]],
    ["X-A:", ["x-a", ""]],
    [" X-A : b", ["x-a", "b"]],
    ["x-a: ü\tz", ["x-a", "ü\tz"]],
  ] as const
) {
  test(`readHeader() reads ${JSON.stringify(text)}`, () => {
    assert.deepEqual(readHeader(text), { value });
  });
}

for (
  const [text, problem] of [
    ["X-A", "'X-A' is not of the form 'Name: value'."],
    [":b", "'' is not a header name."],
    ["X A: b", "'X A' is not a header name."],
    ["X-ü: b", "'X-ü' is not a header name."],
    [
      "X-A: b\r\nSet-Cookie: c",
      "' b\\r\\nSet-Cookie: c' is not a value for header 'x-a': " +
      "expected printable characters up to U+00FF.",
    ],
    [
      "X-A: b\n",
      "' b\\n' is not a value for header 'x-a': " +
      "expected printable characters up to U+00FF.",
    ],
    [
      "X-A: →",
      "' →' is not a value for header 'x-a': " +
      "expected printable characters up to U+00FF.",
    ],
    [
      "Content-Length: 5",
      "'content-length' cannot be a default header: the server decides it.",
    ],
    [
      "Transfer-Encoding: chunked",
      "'transfer-encoding' cannot be a default header: the server decides it.",
    ],
    [
      "Connection: close",
      "'connection' cannot be a default header: the server decides it.",
    ],
  ] as const
) {
  test(`readHeader() refuses ${JSON.stringify(text)}`, () => {
    assert.deepEqual(readHeader(text), { problem });
  });
}

test("checkHeaders() keeps order and repeats, and freezes", () => {
  const verdict = checkHeaders([["A", "1"], ["b", " 2 "], ["a", "3"]]);
  assert.ok("value" in verdict);
  assert.deepEqual(verdict.value, [["a", "1"], ["b", "2"], ["a", "3"]]);
  assert.ok(
    Object.isFrozen(verdict.value) && Object.isFrozen(verdict.value[0]),
  );
});

for (
  const headers of [["a: b"], [["a"]], [["a", "b", "c"]], [["a", 1]], [null]]
) {
  test(`checkHeaders() refuses ${JSON.stringify(headers)}`, () => {
    assert.ok("problem" in checkHeaders(headers));
  });
}

const server = { listen() {}, address() {}, close() {}, on() {} };

test("checkSockets() takes descriptors and servers", () => {
  const verdict = checkSockets([0, 3, server]);
  assert.deepEqual(verdict, { value: [0, 3, server] });
});

for (
  const [behaviour, sockets, problem] of [
    ["an empty list", [], /empty: expected at least one socket/],
    ["a negative number", [-1], /^-1 is neither a descriptor nor a server/],
    ["a fraction", [1.5], /^1\.5 is neither/],
    ["a descriptor as text", ["3"], /^'3' is neither/],
    ["what is no server", [{ listen() {} }], /^an object is neither/],
    ["nothing", [null], /^null is neither/],
    ["a descriptor given twice", [3, 3], /in the list twice/],
    ["a server given twice", [server, server], /in the list twice/],
  ] as const
) {
  test(`checkSockets() refuses ${behaviour}`, () => {
    const verdict = checkSockets(sockets);
    assert.ok("problem" in verdict);
    assert.match(verdict.problem, problem);
  });
}

test("checkPeers() takes lists apart and leaves nothing empty (process:P-124)", () => {
  assert.deepEqual(checkPeers(["10.0.0.0/8, ::1", "unix:", " ,"]), {
    value: ["10.0.0.0/8", "::1", "unix:"],
  });
  assert.deepEqual(checkPeers([""]), { value: [] });
  assert.ok("problem" in checkPeers([1]));
  assert.deepEqual(checkPeers(["*"]), { value: ["*"] });
});

test("checkPeers() names the first entry that would trust nobody", () => {
  for (
    const [texts, problem] of [
      [
        ["10.0.0.1, foo"],
        /^'foo' is neither an IP address nor a network, .*\.$/,
      ],
      [["10.0.0.0/33"], /^'10\.0\.0\.0\/33' is no network: .* 0 to 32 bits\.$/],
      [["*,10.0.0.1"], /^'\*' stands for everybody only .*\.$/],
      [["*", "::1"], /^'\*' stands for everybody only .*\.$/],
      [["::1", "a\nb"], /^'a\\nb' is neither/],
    ] as const
  ) {
    const verdict = checkPeers(texts);
    assert.match("problem" in verdict ? verdict.problem : "none", problem);
  }
});

test("checkForwardedHeaders() takes lists apart, in any case, each name once", () => {
  assert.deepEqual(
    checkForwardedHeaders([
      "X-Forwarded-For, x-forwarded-proto,",
      "x-forwarded-for",
    ]),
    { value: ["x-forwarded-for", "x-forwarded-proto"] },
  );
  assert.deepEqual(checkForwardedHeaders(["Forwarded"]), {
    value: ["forwarded"],
  });
});

test("checkForwardedHeaders() names what is no field of proxies, or does not fit", () => {
  for (
    const [texts, problem] of [
      [["x-real-ip"], /^'x-real-ip' is not one of 'x-forwarded-for', .*\.$/],
      [["x-forwarded-for x-forwarded-host"], /^'x-forwarded-for x-/],
      [[""], /^the list is empty: --no-proxy-headers /],
      [[7], /^7 is not a string\.$/],
      [
        ["x-forwarded-for", "forwarded"],
        /^'forwarded' and 'x-forwarded-for' exclude each other: /,
      ],
      [
        ["forwarded,x-forwarded-host"],
        /^'forwarded' and 'x-forwarded-host' exclude each other: /,
      ],
    ] as const
  ) {
    const verdict = checkForwardedHeaders(texts);
    assert.match("problem" in verdict ? verdict.problem : "none", problem);
  }
});

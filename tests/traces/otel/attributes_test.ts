import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  durationAttributes,
  failureOf,
  Methods,
  redacted,
  requestAttributes,
  sentStatus,
  spanName,
  typeOfError,
} from "../../../src/traces/otel/attributes.ts";
import { RECORD } from "../../_support/request_records.ts";
import { httpScope, webSocketScope } from "../../_support/scopes.ts";

const METHODS = new Methods();

describe("requestAttributes()", () => {
  test("describes a request by the stable names", () => {
    const scope = httpScope({
      method: "POST",
      scheme: "https",
      path: "/caf\u00e9",
      raw_path: "/caf%C3%A9",
      query_string: "a=1",
      headers: [["host", "example.com:8443"], ["user-agent", "curl/8"]],
      client: ["203.0.113.7", 40000],
      peer: ["10.0.0.1", 50000],
    });
    assert.deepEqual(requestAttributes(scope, METHODS), {
      "http.request.method": "POST",
      "url.scheme": "https",
      "url.path": "/caf%C3%A9",
      "url.query": "a=1",
      "network.protocol.version": "1.1",
      "client.address": "203.0.113.7",
      "network.peer.address": "10.0.0.1",
      "network.peer.port": 50000,
      "server.address": "example.com",
      "server.port": 8443,
      "user_agent.original": "curl/8",
    });
  });

  test("says nothing of what is not known", () => {
    const scope = httpScope({ headers: [], client: null, peer: null });
    assert.deepEqual(requestAttributes(scope, METHODS), {
      "http.request.method": "GET",
      "url.scheme": "http",
      "url.path": "/",
      "network.protocol.version": "1.1",
    });
  });

  test("keeps the name of an unknown method beside _OTHER", () => {
    const attributes = requestAttributes(httpScope({ method: "get" }), METHODS);
    assert.equal(attributes["http.request.method"], "_OTHER");
    assert.equal(attributes["http.request.method_original"], "get");
  });

  test("a WebSocket begins with a GET, over http or https", () => {
    const attributes = requestAttributes(webSocketScope("wss"), METHODS);
    assert.equal(attributes["http.request.method"], "GET");
    assert.equal(attributes["url.scheme"], "https");
  });

  for (
    const [host, scheme, address, port] of [
      ["example.com", "http", "example.com", 80],
      ["example.com", "https", "example.com", 443],
      ["example.com:", "http", "example.com", 80],
      ["[::1]:8000", "http", "::1", 8000],
      ["[::1]", "http", "::1", 80],
    ] as const
  ) {
    test(`host ${host} over ${scheme} is ${address}, port ${port}`, () => {
      const scope = httpScope({ scheme, headers: [["host", host]] });
      const attributes = requestAttributes(scope, METHODS);
      assert.equal(attributes["server.address"], address);
      assert.equal(attributes["server.port"], port);
    });
  }
});

for (
  const [query, shown] of [
    ["", ""],
    ["a", "a"],
    ["q=1&sig=secret&z=2", "q=1&sig=REDACTED&z=2"],
    [
      "X-Amz-Signature=abc&X-Amz-Security-Token=d",
      "X-Amz-Signature=REDACTED&X-Amz-Security-Token=REDACTED",
    ],
    ["Signature=a=b", "Signature=REDACTED"],
    ["SIG=kept&design=kept&sig", "SIG=kept&design=kept&sig"],
  ] as const
) {
  test(`redacted() shows "${shown}" of "${query}"`, () => {
    assert.equal(redacted(query), shown);
  });
}

test("Methods are those of an override alone", () => {
  const methods = new Methods("GET, PURGE");
  assert.equal(methods.known("PURGE"), "PURGE");
  assert.equal(methods.known("POST"), "_OTHER");
  assert.equal(new Methods(" , ").known("POST"), "POST");
});

test("spanName() holds nothing that a client can make up", () => {
  assert.equal(spanName("GET", undefined), "GET");
  assert.equal(spanName("GET", "/items/{id}"), "GET /items/{id}");
  assert.equal(spanName("_OTHER", undefined), "HTTP");
});

describe("failureOf()", () => {
  test("is the class of what was thrown, then the reason of the end, then a status from 500", () => {
    const record = { ...RECORD, status: 500 };
    const thrown = { error: new TypeError("x") };
    assert.deepEqual(failureOf(record, thrown), {
      type: "TypeError",
      isOurs: true,
    });
    assert.deepEqual(failureOf(record, undefined), {
      type: "500",
      isOurs: true,
    });
    const cut = { ...RECORD, abortReason: "application" } as const;
    assert.deepEqual(failureOf(cut, undefined), {
      type: "application",
      isOurs: true,
    });
  });

  test("is none below 500", () => {
    assert.equal(failureOf({ ...RECORD, status: 404 }, undefined), undefined);
  });

  for (
    const abortReason of [
      "client_disconnected",
      "client_stalled",
      "bad_request",
    ] as const
  ) {
    test(`${abortReason} is not the server's`, () => {
      const failure = failureOf({ ...RECORD, abortReason }, undefined);
      assert.deepEqual(failure, { type: abortReason, isOurs: false });
    });
  }
});

test("typeOfError() knows classes that do not name themselves, and what is no error", () => {
  class OutOfStock extends Error {}
  assert.equal(typeOfError(new OutOfStock()), "OutOfStock");
  assert.equal(typeOfError(new RangeError()), "RangeError");
  assert.equal(typeOfError("text"), "_OTHER");
  assert.equal(typeOfError(undefined), "_OTHER");
});

test("sentStatus() is none for a client that left first, and 499 if the application says so", () => {
  const record = { ...RECORD, status: 499 };
  assert.equal(sentStatus(record), 499);
  const left = { ...record, abortReason: "client_disconnected" } as const;
  assert.equal(sentStatus(left), undefined);
});

test("durationAttributes() groups by what has few values", () => {
  const record = { ...RECORD, method: "BREW", path: "/secret/7", status: 503 };
  const failure = failureOf(record, undefined);
  assert.deepEqual(
    durationAttributes(record, METHODS, failure, "/secret/{id}"),
    {
      "http.request.method": "_OTHER",
      "url.scheme": "http",
      "network.protocol.version": "1.1",
      "http.response.status_code": 503,
      "error.type": "503",
      "http.route": "/secret/{id}",
    },
  );
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { HeaderField, RequestHead } from "../../src/http/request_head.ts";
import { isRefusal, readHandshake } from "../../src/websocket/handshake.ts";

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const VALID: readonly HeaderField[] = [
  ["host", "server.example.com"],
  ["upgrade", "websocket"],
  ["connection", "Upgrade"],
  ["sec-websocket-key", KEY],
  ["sec-websocket-version", "13"],
];

function head(
  headers: readonly HeaderField[],
  changes: Partial<RequestHead> = {},
): RequestHead {
  return {
    method: "GET",
    version: "1.1",
    rawPath: "/chat",
    query: "",
    headers: [...headers],
    contentLength: -1,
    hasBody: false,
    mayHaveTrailers: false,
    expectsContinue: false,
    acceptsTrailers: false,
    isForwarded: false,
    ...changes,
  };
}

/** The valid request with fields left out and others added. */
function withFields(...added: HeaderField[]): RequestHead {
  const names = new Set(added.map(([name]) => name));
  return head([...VALID.filter(([name]) => !names.has(name)), ...added]);
}

function refusal(request: RequestHead): readonly [number, string] {
  const answer = readHandshake(request);
  assert.ok(isRefusal(answer), "expected a refusal");
  assert.match(answer.message, /^Cannot upgrade to WebSocket: expected /);
  const fields = answer.headers.map(([name, value]) => `${name}: ${value}`);
  return [answer.status, fields.join(", ")];
}

describe("readHandshake() (RFC 6455 §4.2.1)", () => {
  test("takes the example of §1.3", () => {
    assert.deepEqual(
      readHandshake(
        withFields(
          ["origin", "http://example.com"],
          ["sec-websocket-protocol", "chat, superchat"],
        ),
      ),
      { key: KEY, subprotocols: ["chat", "superchat"], extensions: [] },
    );
  });

  for (const method of ["POST", "HEAD", "get", "CONNECT"]) {
    test(`refuses the method ${method} (websocket:W-021)`, () => {
      assert.deepEqual(refusal(head(VALID, { method })), [405, "allow: GET"]);
    });
  }

  test("refuses HTTP/1.0", () => {
    assert.deepEqual(refusal(head(VALID, { version: "1.0" })), [400, ""]);
  });

  for (
    const [behavior, values, status] of [
      ["no version (websocket:W-018)", [], 400],
      ["version 8 (websocket:W-017)", ["8"], 426],
      ["version 12", ["12"], 426],
      ["version 14", ["14"], 426],
      ["version 013", ["013"], 426],
      ["version +13", ["+13"], 426],
      ["a list of versions", ["13, 8"], 426],
      ["two versions", ["13", "8"], 426],
      ["an empty version", [""], 426],
      ["a version in words", ["thirteen"], 426],
    ] as const
  ) {
    test(`refuses ${behavior}`, () => {
      const others = VALID.filter(([name]) => name !== "sec-websocket-version");
      const fields = values.map((value): HeaderField => [
        "sec-websocket-version",
        value,
      ]);
      assert.deepEqual(refusal(head([...others, ...fields])), [
        status,
        status === 426
          ? "upgrade: websocket, connection: upgrade, sec-websocket-version: 13"
          : "",
      ]);
    });
  }

  for (
    const key of ["AAAAAAAAAAAAAAAAAAAAAA==", "+/+/+/+/09azAZ+/+/+/+w=="]
  ) {
    test(`takes the key ${key}`, () => {
      const answer = readHandshake(withFields(["sec-websocket-key", key]));
      assert.ok(!isRefusal(answer));
      assert.equal(answer.key, key);
    });
  }

  for (
    const [behavior, key] of [
      ["is missing (websocket:W-019)", undefined],
      ["is empty", ""],
      ["has 15 octets", "AAAAAAAAAAAAAAAAAAAA"],
      ["has 17 octets", "AAAAAAAAAAAAAAAAAAAAAAA="],
      ["has 18 octets", "AAAAAAAAAAAAAAAAAAAAAAAA"],
      ["lacks its padding", "AAAAAAAAAAAAAAAAAAAAAA"],
      ["lacks half its padding", "AAAAAAAAAAAAAAAAAAAAAA="],
      ["has bits behind its last octet", "AAAAAAAAAAAAAAAAAAAAAB=="],
      ["holds a character that is no digit", "AAAAAAAAAA AAAAAAAAAAA=="],
      ["is in base64url", "dGhlIHNhbXBsZSBub25j-_=="],
      ["has something behind it", `${KEY},`],
    ] as const
  ) {
    test(`refuses a key that ${behavior} (websocket:W-020)`, () => {
      const request = key === undefined
        ? head(VALID.filter(([name]) => name !== "sec-websocket-key"))
        : withFields(["sec-websocket-key", key]);
      assert.deepEqual(refusal(request), [400, ""]);
    });
  }

  test("refuses two keys (RFC 6455 §11.3.1)", () => {
    const request = withFields(
      ["sec-websocket-key", KEY],
      ["sec-websocket-key", KEY],
    );
    assert.deepEqual(refusal(request), [400, ""]);
  });
});

describe("subprotocols (RFC 6455 §11.3.4, wishes:R-023)", () => {
  for (
    const [behavior, values, subprotocols] of [
      ["none", [], []],
      ["one", ["chat"], ["chat"]],
      ["a list", ["a, b,c\t,d"], ["a", "b", "c", "d"]],
      ["several fields in their order", ["b, a", "c"], ["b", "a", "c"]],
      ["empty items", [" ,, a, "], ["a"]],
      ["either case", ["GraphQL-WS, chat"], ["GraphQL-WS", "chat"]],
    ] as const
  ) {
    test(`reads ${behavior}`, () => {
      const answer = readHandshake(
        withFields(
          ...values.map((value): HeaderField => [
            "sec-websocket-protocol",
            value,
          ]),
        ),
      );
      assert.ok(!isRefusal(answer));
      assert.deepEqual(answer.subprotocols, subprotocols);
    });
  }

  for (const value of ["a b", "a/b", "caf\xe9", '"a"', "a;b", "a, \xa0"]) {
    test(`refuses ${JSON.stringify(value)}: no token`, () => {
      const request = withFields(["sec-websocket-protocol", value]);
      assert.deepEqual(refusal(request), [400, ""]);
    });
  }
});

describe("extensions (RFC 6455 §9.1)", () => {
  test("are read from all fields, in order", () => {
    const answer = readHandshake(
      withFields(
        ["sec-websocket-extensions", "foo; a=1"],
        ["sec-websocket-extensions", "bar, permessage-deflate"],
      ),
    );
    assert.ok(!isRefusal(answer));
    assert.deepEqual(answer.extensions.map(({ name }) => name), [
      "foo",
      "bar",
      "permessage-deflate",
    ]);
  });

  test("that are malformed fail the handshake", () => {
    for (const value of ["foo;", 'foo; a="', "foo bar", "foo, bar; =1"]) {
      const request = withFields(["sec-websocket-extensions", value]);
      assert.deepEqual(refusal(request), [400, ""]);
    }
  });

  test("that are empty are none", () => {
    const answer = readHandshake(withFields(["sec-websocket-extensions", ""]));
    assert.ok(!isRefusal(answer));
    assert.deepEqual(answer.extensions, []);
  });
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { HttpApp, HttpScope, Scope } from "../../../src/asgi.ts";
import { requestIdRule } from "../../../src/connection/scope/request_id.ts";
import { answering, Harness } from "../../_support/harness.ts";

/** Answers as a request with these fields would be, and what its id is. */
async function idOf(fields: string, isTrusted = true) {
  let scope: Scope | undefined;
  const app: HttpApp = (given, receive, send) => {
    scope = given;
    return answering("ok")(given, receive, send);
  };
  const harness = new Harness(app, {
    settings: {
      requestIdRule: requestIdRule(
        "x-request-id",
        () => isTrusted,
        () => "made",
      ),
    },
  });
  await harness.exchange(`GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`);
  const { extensions } = scope as HttpScope;
  assert.equal(harness.requests[0]!.requestId, extensions.request_id?.id);
  return extensions.request_id?.id;
}

describe("a request's id", () => {
  test("is what a trusted proxy sent, in scope and record", async () => {
    assert.equal(await idOf("X-Request-Id: 7f-3\r\n"), "7f-3");
  });

  test("is made if the peer is not trusted", async () => {
    assert.equal(await idOf("X-Request-Id: 7f-3\r\n", false), "made");
  });

  for (
    const [what, fields] of [
      ["nothing", ""],
      ["two fields", "X-Request-Id: 1\r\nX-Request-Id: 2\r\n"],
      ["blanks", "X-Request-Id: a b\r\n"],
      ["a quote", 'X-Request-Id: a"b\r\n'],
      ["octets that are no ASCII", "X-Request-Id: a\xe9\r\n"],
      ["too much", `X-Request-Id: ${"x".repeat(129)}\r\n`],
      ["an empty value", "X-Request-Id:\r\n"],
    ] as const
  ) {
    test(`is made if the proxy sent ${what}`, async () => {
      assert.equal(await idOf(fields), "made");
    });
  }
});

test("requests have no id without a rule", async () => {
  let scope: Scope | undefined;
  const harness = new Harness((given, receive, send) => {
    scope = given;
    return answering("ok")(given, receive, send);
  });
  await harness.exchange(
    "GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: 1\r\n\r\n",
  );
  assert.equal("request_id" in (scope as HttpScope).extensions, false);
});

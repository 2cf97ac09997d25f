import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { AsgiApp, HttpScope, SendEvent } from "../../../src/asgi.ts";
import { withHealthPath } from "../../../src/server/health/health_path.ts";

const READY = { isReady: true };
const NOT = { isReady: false, reason: "a secret" };

/** What is sent for a request; `undefined` if the application was asked. */
async function ask(scope: Partial<HttpScope>, readiness = READY) {
  let isAsked = false;
  const app: AsgiApp = () => {
    isAsked = true;
    return Promise.resolve();
  };
  const sent: SendEvent[] = [];
  await withHealthPath(app, "/health%7a", () => Promise.resolve(readiness))(
    { type: "http", method: "GET", ...scope } as HttpScope,
    () => Promise.reject(new Error("not asked for")),
    (event) => {
      sent.push(event);
      return Promise.resolve();
    },
  );
  if (isAsked) return undefined;
  const [start, body] = sent as {
    status?: number;
    body?: Uint8Array;
    headers?: unknown;
  }[];
  return {
    status: start!.status,
    headers: Object.fromEntries(start!.headers as [string, string][]),
    body: new TextDecoder().decode(body!.body),
  };
}

describe("withHealthPath()", () => {
  test("answers 200 while the server is ready", async () => {
    assert.deepEqual(await ask({ raw_path: "/health%7a" }), {
      status: 200,
      headers: {
        "content-type": "text/plain; charset=utf-8",
        "content-length": "6",
        "cache-control": "no-store",
      },
      body: "ready\n",
    });
  });

  test("answers 503 while it is not, and keeps the reason to itself", async () => {
    const answer = await ask({ raw_path: "/health%7a", method: "HEAD" }, NOT);
    assert.equal(answer?.status, 503);
    assert.equal(answer?.body, "not ready\n");
  });

  test("answers no other method", async () => {
    const answer = await ask({ raw_path: "/health%7a", method: "POST" });
    assert.equal(answer?.status, 405);
    assert.equal(answer?.headers.allow, "GET, HEAD");
  });

  for (
    const [what, scope] of [
      ["another path", { raw_path: "/health%7a/" }],
      ["the same path in other octets", { raw_path: "/healthz" }],
      ["a path that is this one under a prefix", { raw_path: "/a/health%7a" }],
      ["a WebSocket", { raw_path: "/health%7a", type: "websocket" as never }],
    ] as const
  ) {
    test(`leaves ${what} to the application`, async () => {
      assert.equal(await ask(scope), undefined);
    });
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { adaptAsgi2 } from "../../../src/application/adapters/asgi2.ts";
import type { Receive, Scope, Send } from "../../../src/asgi.ts";

const scope = {
  type: "http",
  asgi: Object.freeze({ version: "3.0", spec_version: "2.5" }),
  path: "/",
} as unknown as Scope;
const receive = (() => Promise.reject(new Error("unused"))) as Receive;
const send = (() => Promise.resolve()) as Send;

test("an ASGI 2 application gets the scope first, then receive and send", async () => {
  const seen: unknown[] = [];
  const app = adaptAsgi2((scope: Scope) => {
    seen.push(scope);
    return async (...args: unknown[]) => void seen.push(args);
  });
  await app(scope, receive, send);
  assert.deepEqual(seen, [
    { ...scope, asgi: { version: "2.0", spec_version: "2.5" } },
    [receive, send],
  ]);
  assert.equal(scope.asgi.version, "3.0");
});

test("its scopes share one object of versions", async () => {
  const versions: unknown[] = [];
  const app = adaptAsgi2((scope: Scope) => {
    versions.push(scope.asgi);
    return async () => {};
  });
  await app(scope, receive, send);
  await app(scope, receive, send);
  assert.equal(versions[0], versions[1]);
  assert.ok(Object.isFrozen(versions[0]));
});

test("what it throws in either step goes through", async () => {
  const first = adaptAsgi2(() => {
    throw new RangeError("first");
  });
  await assert.rejects(async () => await first(scope, receive, send), {
    message: "first",
  });
  const second = adaptAsgi2(() => () => Promise.reject(new Error("second")));
  await assert.rejects(async () => await second(scope, receive, send), {
    message: "second",
  });
});

test("one that returns no function is told what was expected", async () => {
  for (
    const [returned, shown] of [
      [undefined, "undefined"],
      [Promise.resolve(), "an object of class Promise"],
      [class {}, "a function"],
    ] as const
  ) {
    const app = adaptAsgi2(() => returned);
    await assert.rejects(async () => await app(scope, receive, send), {
      name: "TypeError",
      message:
        "Cannot call what the ASGI 2 application returned for its scope: expected a function " +
        `of (receive, send), got ${shown}`,
    });
  }
});

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import Fastify from "fastify";
import { H3 } from "h3";
import { Hono } from "hono";
import type { Application, AsgiApp, Receive, Scope, Send } from "../../mod.ts";
import { detectInterface } from "../../src/application/interface.ts";

/** Compiled: each of these is an `Application`, without a cast. */
const APPLICATIONS: readonly (readonly [string, Application, string])[] = [
  ["ASGI", async (_scope, _receive, _send) => {}, "asgi3"],
  ["ASGI for HTTP", (async () => {}) as AsgiApp, "fetch"],
  [
    "ASGI 2",
    (scope: Scope) => async (_receive: Receive, _send: Send) => void scope,
    "asgi2",
  ],
  ["Hono", new Hono(), "fetch"],
  ["H3", new H3(), "fetch"],
  ["a fetch handler", (_request: Request) => new Response(), "fetch"],
  ["an object with fetch()", { fetch: () => new Response() }, "fetch"],
  ["Fastify", Fastify(), "node"],
  ["a server of node:http", createServer(), "node"],
];

for (const [name, application, kind] of APPLICATIONS) {
  test(`${name} is an Application, and detected as ${kind}`, () => {
    assert.equal(detectInterface(application).interface, kind);
  });
}

test("what cannot be served is no Application", () => {
  // @ts-expect-error: a number is none
  const number: Application = 1;
  // @ts-expect-error: an object without a method that tells its interface
  const object: Application = { handle() {} };
  // @ts-expect-error: the parameters are not those of ASGI
  const other: Application = (_a: number, _b: number, _c: number) => {};
  assert.equal(detectInterface(number).interface, undefined);
  assert.equal(detectInterface(object).interface, undefined);
  assert.equal(detectInterface(other).interface, "asgi3");
});

test("what a scope has is typed as it is", () => {
  /** Compiled alone: the fields of a request make `Headers`, and the signals are always there. */
  const app: AsgiApp = async (scope) => {
    if (scope.type === "lifespan") return;
    const signals: AbortSignal[] = [
      scope.extensions.abort_signal.signal,
      scope.extensions.drain_signal.signal,
    ];
    assert.ok(new Headers(scope.headers).has("host") && signals.length === 2);
  };
  assert.equal(detectInterface(app).interface, "asgi2");
});

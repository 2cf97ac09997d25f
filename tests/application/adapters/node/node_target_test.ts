// deno-lint-ignore-file no-explicit-any
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { describe, test } from "node:test";
import type { AdapterContext } from "../../../../src/application/adapters/context.ts";
import { nodeTarget } from "../../../../src/application/adapters/node/node_target.ts";

/** A context that keeps what an application registers. */
function contextOf(shape: AdapterContext["shape"]) {
  const hooks = {
    start: [] as (() => unknown)[],
    stop: [] as (() => unknown)[],
    listening: [] as (() => unknown)[],
  };
  const context = {
    shape,
    onStart: (hook: any) => hooks.start.push(hook),
    onStop: (hook: any) => hooks.stop.push(hook),
    onListening: (hook: any) => hooks.listening.push(hook),
  } as unknown as AdapterContext;
  return { context, hooks };
}

/** An exchange that keeps what becomes of it. */
function exchangeOf(headers: Record<string, string> = {}) {
  const failures: any[] = [];
  const response = {
    headersSent: false,
    statusCode: 200,
    fields: {} as Record<string, string>,
    body: undefined as unknown,
    setHeader(name: string, value: string) {
      this.fields[name] = value;
    },
    end(body: unknown) {
      this.body = body;
    },
  };
  const exchange = {
    request: { headers } as any,
    response,
    fail: (error: unknown) => failures.push(error) > 0,
  };
  return { exchange, response, failures };
}

describe("a function", () => {
  const passing = (...args: unknown[]) =>
    nodeTarget(
      (_req: unknown, _res: unknown, next: any) => next(...args),
      contextOf("function").context,
    );

  test("is called with request and response, and what it returns is handed on", () => {
    const { exchange, response } = exchangeOf();
    const target = nodeTarget(
      (...args: unknown[]) => args,
      contextOf("function").context,
    );
    const args = target.handle(exchange) as unknown[];
    assert.equal(args[0], exchange.request);
    assert.equal(args[1], response);
    assert.equal(target.upgrades, undefined);
  });

  for (const args of [[], [undefined], [null], ["router"]]) {
    test(`that passes on by next(${args.map(String)}) answers 404`, () => {
      const { exchange, response, failures } = exchangeOf();
      passing(...args).handle(exchange);
      assert.equal(response.statusCode, 404);
      assert.equal(response.body, "Not Found");
      assert.deepEqual(response.fields, {
        "content-type": "text/plain; charset=utf-8",
      });
      assert.deepEqual(failures, []);
    });
  }

  test("that passes on behind its own answer changes nothing of it", () => {
    const { exchange, response } = exchangeOf();
    response.headersSent = true;
    passing().handle(exchange);
    assert.equal(response.statusCode, 200);
    assert.equal(response.body, undefined);
  });

  test("that passes on an error has failed", () => {
    const { exchange, response, failures } = exchangeOf();
    const error = new Error("no database");
    passing(error).handle(exchange);
    assert.deepEqual(failures, [error]);
    assert.equal(response.body, undefined);
  });
});

test("an Express application gets no next, its router does", () => {
  const { context } = contextOf("express");
  const count = (...args: unknown[]) => args.length;
  const app = Object.assign(count, { listen() {}, listenerCount: () => 0 });
  assert.equal(nodeTarget(app, context).handle(exchangeOf().exchange), 2);
  assert.equal(nodeTarget(app, context).upgrades, app);
  const router = (...args: unknown[]) => args.length;
  assert.equal(nodeTarget(router, context).handle(exchangeOf().exchange), 3);
});

test("a Koa application is asked for its callback once", () => {
  let calls = 0;
  const app = Object.assign(new EventEmitter(), {
    callback() {
      calls++;
      return () => "handled";
    },
  });
  const target = nodeTarget(app, contextOf("koa").context);
  assert.equal(target.handle(exchangeOf().exchange), "handled");
  assert.equal(target.handle(exchangeOf().exchange), "handled");
  assert.equal(calls, 1);
  assert.equal(target.upgrades, app);
});

describe("a Fastify instance", () => {
  function setUp() {
    const calls: string[] = [];
    const server = new EventEmitter();
    const app = {
      server,
      routing: () => void calls.push("routing"),
      ready: () => {
        calls.push("ready");
        return Promise.resolve();
      },
      close: () => {
        calls.push("close");
        return Promise.resolve();
      },
    };
    const { context, hooks } = contextOf("fastify");
    return { calls, hooks, server, target: nodeTarget(app, context) };
  }

  test("is made ready at startup, and closed at shutdown", async () => {
    const { calls, hooks, server, target } = setUp();
    assert.equal(target.upgrades, server);
    await hooks.start[0]!();
    assert.equal(target.handle(exchangeOf().exchange), undefined);
    await hooks.stop[0]!();
    assert.deepEqual(calls, ["ready", "routing", "close"]);
  });

  test("lets a request wait for its plugins where there was no startup", async () => {
    const { calls, target } = setUp();
    const handled = target.handle(exchangeOf().exchange);
    assert.deepEqual(calls, ["ready"]);
    await handled;
    target.handle(exchangeOf().exchange);
    assert.deepEqual(calls, ["ready", "routing", "routing"]);
  });
});

describe("an http.Server", () => {
  function setUp(...events: string[]) {
    const server = new EventEmitter();
    const heard: string[] = [];
    for (const event of events) server.on(event, () => heard.push(event));
    const { context, hooks } = contextOf("server");
    return { server, heard, hooks, target: nodeTarget(server, context) };
  }

  test("emits requests, and stands in for ours", () => {
    const { server, heard, hooks, target } = setUp(
      "request",
      "listening",
      "close",
    );
    hooks.listening[0]!();
    target.handle(exchangeOf().exchange);
    hooks.stop[0]!();
    assert.deepEqual(heard, ["listening", "request", "close"]);
    assert.equal(target.upgrades, server);
  });

  test("decides on 100-continue where it listens for that", () => {
    const expecting = { expect: "100-Continue" };
    const both = setUp("request", "checkContinue");
    both.target.handle(exchangeOf(expecting).exchange);
    both.target.handle(exchangeOf().exchange);
    assert.deepEqual(both.heard, ["checkContinue", "request"]);
    const one = setUp("request");
    one.target.handle(exchangeOf(expecting).exchange);
    assert.deepEqual(one.heard, ["request"]);
  });

  test("fails a request that nobody listens for", () => {
    const { exchange, failures } = exchangeOf();
    setUp().target.handle(exchange);
    assert.match(failures[0].message, /no listener for "request"/);
  });
});

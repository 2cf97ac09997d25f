import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { AsgiApp, RouteExtension } from "../../src/asgi.ts";
import { ClientDisconnected } from "../../src/errors.ts";
import type { CallTrace, CallTracer } from "../../src/traces/call_trace.ts";
import { CallTraces } from "../../src/traces/call_traces.ts";
import { FakeLogger } from "../_support/harness.ts";
import { RECORD } from "../_support/request_records.ts";
import { httpScope, webSocketScope } from "../_support/scopes.ts";

const noReceive = () => new Promise<never>(() => {});
const noSend = () => Promise.resolve();

/** Writes down what it is told. */
class FakeTracer implements CallTracer {
  readonly #name: string;
  readonly #seen: string[];

  constructor(name: string, seen: string[]) {
    this.#name = name;
    this.#seen = seen;
  }

  begin(): CallTrace {
    const say = (what: string) => void this.#seen.push(`${this.#name} ${what}`);
    say("begin");
    return {
      run(app, scope, receive, send) {
        say("run");
        return app(scope, receive, send);
      },
      onRoute: (route) => say(`route ${route}`),
      onError: (error) => say(`error ${(error as Error).message}`),
      onResponseEnd: ({ status }) => say(`response ${status}`),
      onWebSocketEnd: ({ closeCode }) => say(`websocket ${closeCode}`),
    };
  }

  onUncalled(): void {
    this.#seen.push(`${this.#name} uncalled`);
  }
}

function twoTracers() {
  const seen: string[] = [];
  const logger = new FakeLogger();
  const traces = new CallTraces([
    new FakeTracer("outer", seen),
    new FakeTracer("inner", seen),
  ], logger);
  return { seen, logger, traces };
}

describe("CallTraces", () => {
  test("runs the application in all traces, the first outermost", async () => {
    const { seen, traces } = twoTracers();
    const app = traces.wrap(() => {
      seen.push("application");
      return Promise.resolve();
    });
    const scope = httpScope();
    const call = traces.onRequestStart(scope);
    await app(scope, noReceive, noSend);
    traces.onRequestEnd(RECORD, call);
    assert.deepEqual(seen, [
      "outer begin",
      "inner begin",
      "outer run",
      "inner run",
      "application",
      "outer response 200",
      "inner response 200",
    ]);
  });

  test("leaves calls alone that it has not been told of", async () => {
    const { seen, traces } = twoTracers();
    const app = traces.wrap(() => Promise.resolve());
    traces.onRequestStart(httpScope());
    await app(httpScope(), noReceive, noSend);
    assert.deepEqual(seen, ["outer begin", "inner begin"]);
  });

  test("hears of an error before the server does", async () => {
    const { seen, traces } = twoTracers();
    const app = traces.wrap(() => Promise.reject(new Error("late")));
    const scope = httpScope();
    traces.onRequestStart(scope);
    await app(scope, noReceive, noSend).catch(() => seen.push("server"));
    assert.deepEqual(seen.slice(4), [
      "outer error late",
      "inner error late",
      "server",
    ]);
  });

  test("hears of an error that is thrown at once", () => {
    const { seen, traces } = twoTracers();
    const app = traces.wrap(
      (() => {
        throw new Error("at once");
      }) as AsgiApp,
    );
    const scope = httpScope();
    traces.onRequestStart(scope);
    assert.throws(() => app(scope, noReceive, noSend), /at once/);
    assert.equal(seen.at(-1), "inner error at once");
  });

  for (
    const [name, reason] of [
      ["a client that has left", new ClientDisconnected()],
      ["the reason of the abort signal", new Error("stopping")],
    ] as const
  ) {
    test(`${name} is no error`, async () => {
      const { seen, traces } = twoTracers();
      const app = traces.wrap(() => Promise.reject(reason));
      const scope = httpScope({ signal: AbortSignal.abort(reason) });
      traces.onRequestStart(scope);
      await app(scope, noReceive, noSend).catch(() => {});
      assert.equal(seen.length, 4);
    });
  }

  test("lets the application tell its route", () => {
    const { seen, traces } = twoTracers();
    const scope = httpScope();
    traces.onRequestStart(scope);
    const route = scope.extensions["http.route"] as RouteExtension;
    route.set("/items/{id}");
    assert.deepEqual(seen.slice(2), [
      "outer route /items/{id}",
      "inner route /items/{id}",
    ]);
    assert.throws(() => route.set(7 as never), {
      name: "TypeError",
      message: "Cannot set the route: expected a string, got number",
    });
  });

  test("tells of the end of a WebSocket", () => {
    const { seen, traces } = twoTracers();
    const call = traces.onRequestStart(webSocketScope());
    traces.onWebSocketClose({ closeCode: 1001, durationMs: 1 }, call);
    assert.deepEqual(seen.slice(2), [
      "outer websocket 1001",
      "inner websocket 1001",
    ]);
  });

  test("tells of requests without a call", () => {
    const { seen, traces } = twoTracers();
    traces.onRequestEnd(RECORD, undefined);
    assert.deepEqual(seen, ["outer uncalled", "inner uncalled"]);
  });

  test("adds nothing to a scope that nobody traces", () => {
    const traces = new CallTraces(
      [{ begin: () => undefined }],
      new FakeLogger(),
    );
    const scope = httpScope();
    assert.equal(traces.onRequestStart(scope), undefined);
    assert.equal("http.route" in scope.extensions, false);
  });

  test("logs the first failure of a tracer, and the request goes on", async () => {
    const logger = new FakeLogger();
    const fail = () => {
      throw new Error("broken");
    };
    const traces = new CallTraces([
      { begin: fail, onUncalled: fail },
      {
        begin: () => ({
          run: (app, scope, receive, send) => app(scope, receive, send),
          onRoute: fail,
          onError: fail,
          onResponseEnd: fail,
          onWebSocketEnd: fail,
        }),
      },
    ], logger);
    let calls = 0;
    const app = traces.wrap(() => {
      calls++;
      return Promise.resolve();
    });
    for (let i = 0; i < 2; i++) {
      const scope = httpScope();
      const call = traces.onRequestStart(scope);
      await app(scope, noReceive, noSend);
      traces.onRequestEnd(RECORD, call);
      traces.onRequestEnd(RECORD, undefined);
    }
    assert.equal(calls, 2);
    assert.deepEqual(
      logger.lines.map(({ level, message }) => [level, message]),
      [
        ["warning", "Cannot trace a request: the tracer failed"],
      ],
    );
  });
});

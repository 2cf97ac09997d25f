import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  adapted,
  ask,
  fetchHarness,
  until,
} from "../../../_support/fetch_harness.ts";
import { Harness } from "../../../_support/harness.ts";

const GET = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";

function errorOf({ logger }: Harness) {
  return logger.lines.find((line) => line.level === "error");
}

describe("the handler", () => {
  test("may be a function, an async function, or a method of an object", async () => {
    const answer = new RegExp("^HTTP/1.1 200 OK\r\n[^]*\r\n\r\nhi$");
    assert.match(await ask(() => new Response("hi"), GET), answer);
    assert.match(
      await ask(() => Promise.resolve(new Response("hi")), GET),
      answer,
    );
    class App {
      #text = "hi";
      fetch() {
        return new Response(this.#text);
      }
    }
    assert.match(await ask(new App(), GET), answer);
  });

  test("may be called as the Fetch Server API draft has it", async () => {
    const app = {
      [Symbol.for("wintertc.server.protocol")]: 1,
      fetch: (info: { request: Request }) => new Response(info.request.url),
    };
    assert.match(await ask(app, GET), /\r\n\r\nhttp:\/\/x\/$/);
  });

  test("that throws or rejects is answered with 500, and the error is logged", async () => {
    for (
      const handler of [
        () => {
          throw new Error("boom");
        },
        () => Promise.reject(new Error("boom")),
      ]
    ) {
      const harness = fetchHarness(handler);
      const text = await harness.exchange(GET);
      assert.match(text, /^HTTP\/1\.1 500 /);
      assert.equal(text.includes("boom"), false);
      const line = errorOf(harness);
      assert.equal(line?.message, "Exception in ASGI application");
      assert.match(String((line?.error as Error).stack), /answer_request_test/);
    }
  });

  test("that throws is answered by the application's `error`", async () => {
    const app = {
      fetch() {
        throw new Error("boom");
      },
      error: (thrown: Error) => new Response(thrown.message, { status: 418 }),
    };
    assert.match(await ask(app, GET), /^HTTP\/1\.1 418 [^]*\r\n\r\nboom$/);
  });

  for (
    const [what, value, got] of [
      ["nothing", undefined, "undefined"],
      ["null", null, "null"],
      ["text", "hi", "a string"],
      ["an object", { status: 200 }, "an object"],
      ["a request", new Request("http://x/"), "an object of class Request"],
      ["Response.error()", Response.error(), "Response.error()"],
    ] as const
  ) {
    test(`that returns ${what} is answered with 500, and the log names the request`, async () => {
      const harness = fetchHarness(() => value);
      const text = await harness.exchange(
        "GET /a?b HTTP/1.1\r\nhost: x\r\n\r\n",
      );
      assert.match(text, /^HTTP\/1\.1 500 /);
      const error = errorOf(harness)?.error;
      assert.equal(
        (error as Error).message,
        `Cannot answer GET /a: expected a Response, got ${got}`,
      );
    });
  }

  for (const method of ["TRACE", "TRACK"]) {
    test(`is not asked for ${method}, which no Request can have: 501`, async () => {
      let isCalled = false;
      const text = await ask(() => {
        isCalled = true;
        return new Response();
      }, `${method} / HTTP/1.1\r\nhost: x\r\n\r\n`);
      assert.match(text, /^HTTP\/1\.1 501 /);
      assert.equal(isCalled, false);
    });
  }

  test("is not asked for a host that no URL can have: 400", async () => {
    for (const host of ["[v1.x]", "1.2.3.999", "a%20b"]) {
      const text = await ask(
        () => new Response(),
        `GET / HTTP/1.1\r\nhost: ${host}\r\n\r\n`,
      );
      assert.match(text, /^HTTP\/1\.1 400 /, host);
    }
  });
});

describe("waitUntil()", () => {
  test("keeps the call open until its work is done, and logs what it rejects with", async () => {
    const work = Promise.withResolvers<void>();
    const { app, logger } = adapted(
      (_request: Request, _env: unknown, context: {
        waitUntil(promise: Promise<unknown>): void;
      }) => {
        context.waitUntil(work.promise);
        context.waitUntil(Promise.reject(new Error("lost")));
        return new Response("done");
      },
    );
    const harness = new Harness(app as never);
    const text = await harness.exchange(GET);
    assert.match(text, /\r\n\r\ndone$/);
    assert.equal(harness.tracker.runningCalls, 1);
    assert.deepEqual(logger.at("error"), [
      "Exception in work given to waitUntil()",
    ]);
    work.resolve();
    await until(harness, () => harness.tracker.runningCalls === 0);
  });
});

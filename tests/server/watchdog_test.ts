import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { AsgiApp, Scope } from "../../src/asgi.ts";
import type { LoopWatchOptions } from "../../src/runtime/types.ts";
import { Watchdog } from "../../src/server/watchdog.ts";
import { FakeLogger } from "../_support/harness.ts";

async function setUp() {
  const logger = new FakeLogger();
  const running = new Map<number, string>();
  let options: LoopWatchOptions | undefined;
  let isClosed = false;
  let last = 0;
  const watchdog = await Watchdog.start(
    { limitMs: 1000, isJson: false, logger },
    {
      watchLoop: (given) => {
        options = given;
        return Promise.resolve({
          begin(text) {
            running.set(++last, text);
            return last;
          },
          end: (number) => void running.delete(number),
          close: () => isClosed = true,
        });
      },
    },
  );
  return {
    watchdog,
    logger,
    running,
    options: options!,
    isClosed: () => isClosed,
  };
}

/** Calls `app` under the watchdog. */
function call(watchdog: Watchdog, app: AsgiApp, scope: Partial<Scope>) {
  return watchdog.wrap(app)(
    scope as Scope,
    () => Promise.reject(new Error("not asked for")),
    () => Promise.resolve(),
  );
}

describe("Watchdog", () => {
  test("knows requests and WebSockets while their calls run", async () => {
    const { watchdog, running } = await setUp();
    const ends = Promise.withResolvers<void>();
    const calls = [
      call(watchdog, () => ends.promise, {
        type: "http",
        method: "GET",
        raw_path: "/a%20b",
      }),
      call(watchdog, () => ends.promise, { type: "websocket", raw_path: "/w" }),
      call(watchdog, () => ends.promise, { type: "lifespan" }),
    ];
    assert.deepEqual([...running.values()], ["GET /a%20b", "WEBSOCKET /w"]);
    ends.resolve();
    await Promise.all(calls);
    assert.equal(running.size, 0);
  });

  test("forgets calls that fail, however they do, and passes that on", async () => {
    const { watchdog, running } = await setUp();
    const error = new Error("broken");
    for (
      const app of [
        () => Promise.reject(error),
        () => {
          throw error;
        },
      ] as AsgiApp[]
    ) {
      const scope = { type: "http", method: "GET", raw_path: "/" } as const;
      await assert.rejects(call(watchdog, app, scope), error);
    }
    assert.equal(running.size, 0);
  });

  test("logs that the event loop moves again, and what had kept it", async () => {
    const { options, logger } = await setUp();
    assert.deepEqual([options.limitMs, options.isJson], [1000, false]);
    const stack = "\n    at spin (file:///main.ts:1:2)";
    options.onMoved({ seconds: 2.34, work: "GET / (1.0 s)", stack });
    assert.deepEqual(logger.at("warning"), [
      `The event loop moves again, after 2.3 seconds. Running were: GET / (1.0 s)${stack}`,
    ]);
  });

  test("ends with its server", async () => {
    const { watchdog, isClosed } = await setUp();
    watchdog.close();
    assert.equal(isClosed(), true);
  });
});

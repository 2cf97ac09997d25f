import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AdaptedLifespan } from "../../../src/application/adapters/adapted_lifespan.ts";
import { Lifespan } from "../../../src/application/lifespan.ts";
import type { LifespanScope } from "../../../src/asgi.ts";
import { FakeLogger } from "../../_support/harness.ts";

function setUp() {
  const logger = new FakeLogger();
  const adapted = new AdaptedLifespan(logger);
  const lifespan = new Lifespan(
    (scope, receive, send) =>
      adapted.run(scope as LifespanScope, receive, send),
    { mode: "on", limitMs: 1000, startTimer: () => () => {} },
    logger,
  );
  return { logger, adapted, lifespan };
}

describe("AdaptedLifespan", () => {
  test("starts in order and stops in the opposite one", async () => {
    const { adapted, lifespan } = setUp();
    const steps: string[] = [];
    adapted.onStart((scope) => void (scope.state["made"] = 1));
    adapted.onStart(() => void steps.push("start"));
    adapted.onStop(() => void steps.push("stop first"));
    adapted.onStop(async () => {
      await Promise.resolve();
      steps.push("stop second");
    });
    assert.ok(await lifespan.startup());
    assert.deepEqual(lifespan.state, { made: 1 });
    assert.deepEqual(steps, ["start"]);
    assert.ok(await lifespan.shutdown());
    assert.deepEqual(steps, ["start", "stop second", "stop first"]);
  });

  test("fails the start with what a hook throws", async () => {
    const { adapted, lifespan } = setUp();
    adapted.onStart(() => Promise.reject(new RangeError("no database")));
    assert.equal(await lifespan.startup(), false);
    assert.equal(lifespan.failure?.message, "no database");
  });

  test("runs every hook of shutdown, and reports what was thrown", async () => {
    for (const count of [1, 2]) {
      const { adapted, lifespan } = setUp();
      let ran = 0;
      for (let i = 0; i < count; i++) {
        adapted.onStop(() => {
          ran++;
          throw new Error(`cannot close ${i}`);
        });
      }
      await lifespan.startup();
      assert.equal(await lifespan.shutdown(), false);
      assert.equal(ran, count);
      assert.equal(
        lifespan.failure?.message,
        count === 1 ? "cannot close 0" : "Several steps of the shutdown failed",
      );
    }
  });

  test("lets shutdown wait for work, also for what work begins", async () => {
    const { adapted, lifespan } = setUp();
    const first = Promise.withResolvers<void>();
    const second = Promise.withResolvers<void>();
    let isDone = false;
    adapted.waitUntil(first.promise.then(() => {
      adapted.waitUntil(second.promise.then(() => void (isDone = true)));
    }));
    await lifespan.startup();
    const shutdown = lifespan.shutdown();
    first.resolve();
    await first.promise;
    assert.equal(lifespan.phase, "stopping");
    second.resolve();
    assert.ok(await shutdown);
    assert.ok(isDone);
  });

  test("logs work that is rejected, and goes on", async () => {
    const { adapted, lifespan, logger } = setUp();
    await lifespan.startup();
    adapted.waitUntil(Promise.reject(new Error("mail server is gone")));
    assert.ok(await lifespan.shutdown());
    assert.deepEqual(logger.at("error"), [
      "Exception in work that shutdown waits for",
    ]);
  });
});

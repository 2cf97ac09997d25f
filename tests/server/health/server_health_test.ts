import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ServerPhase } from "../../../src/server/phase.ts";
import { ServerHealth } from "../../../src/server/health/server_health.ts";
import { FakeClock } from "../../_support/fake_clock.ts";
import { FakeLogger } from "../../_support/harness.ts";
import type { AsgiApp } from "../../../src/asgi.ts";
import { testClient } from "../../../src/testing/mod.ts";

function setUp(readyProbe?: string, status = 200) {
  const clock = new FakeClock();
  const host = {
    phase: "running" as ServerPhase,
    isStopping: false,
    asked: [] as string[],
    fetch(request: Request) {
      this.asked.push(request.url);
      return Promise.resolve(new Response("", { status }));
    },
  };
  const health = new ServerHealth(
    host,
    { healthPath: undefined, readyProbe },
    { monotonicMs: clock.monotonicMs, startTimer: () => () => {} },
    new FakeLogger(),
  );
  return { host, health, clock };
}

describe("ServerHealth.readiness()", () => {
  test("is what the application's check says, the last one that was given", async () => {
    const { health } = setUp();
    assert.deepEqual(await health.readiness(), { isReady: true });
    health.extension.checkReadiness(() => false);
    assert.equal((await health.readiness()).isReady, false);
    health.extension.checkReadiness(() => {
      throw new Error("no database");
    });
    assert.match((await health.readiness()).reason!, /no database$/);
    health.extension.checkReadiness(undefined);
    assert.deepEqual(await health.readiness(), { isReady: true });
  });

  test("asks no check of a server that does not serve", async () => {
    const { health, host } = setUp();
    health.extension.checkReadiness(() => assert.fail("asked"));
    for (const phase of ["starting", "stopping", "finished"] as const) {
      host.phase = phase;
      assert.equal((await health.readiness()).isReady, false);
    }
    host.phase = "running";
    host.isStopping = true;
    assert.match((await health.readiness()).reason!, /shutting down/);
  });

  for (
    const [status, isReady] of [[200, true], [399, true], [400, false], [
      503,
      false,
    ]] as const
  ) {
    test(`is ${isReady} if --ready-probe is answered with ${status}`, async () => {
      const { health, host } = setUp("/ready?deep=1", status);
      const readiness = await health.readiness();
      assert.deepEqual(host.asked, ["http://localhost/ready?deep=1"]);
      assert.equal(readiness.isReady, isReady);
      if (isReady) return;
      assert.match(
        readiness.reason!,
        new RegExp(`GET /ready\\?deep=1 .* answered with ${status}$`),
      );
    });
  }

  test("refuses a check that is no function", () => {
    const { health } = setUp();
    assert.throws(
      () => health.extension.checkReadiness("yes" as never),
      /Cannot use the readiness check: expected a function/,
    );
  });
});

describe("a server with a health path", () => {
  let isOk = true;
  const app: AsgiApp = async (scope, receive, send) => {
    if (scope.type === "lifespan") {
      await receive();
      scope.extensions.health?.checkReadiness(() => isOk);
      await send({ type: "lifespan.startup.complete" });
      await receive();
      return await send({ type: "lifespan.shutdown.complete" });
    }
    if (scope.type !== "http") return;
    const status = scope.path === "/probed" && !isOk ? 500 : 200;
    await send({ type: "http.response.start", status });
    await send({ type: "http.response.body", body: scope.path });
  };

  test("offers its application the extension health, others do not", async () => {
    for (const healthPath of ["/healthz", undefined]) {
      let offered: unknown;
      await using _client = await testClient(async (scope, receive, send) => {
        if (scope.type !== "lifespan") return;
        offered = scope.extensions.health;
        await receive();
        await send({ type: "lifespan.startup.complete" });
      }, { healthPath });
      assert.equal(offered !== undefined, healthPath !== undefined);
    }
  });

  test("answers what the check of the application says", async () => {
    await using client = await testClient(app, { healthPath: "/healthz" });
    for (const [isNow, status] of [[true, 200], [false, 503]] as const) {
      isOk = isNow;
      // Beyond the time for which an answer counts, whatever the clock.
      await using fresh = await testClient(app, { healthPath: "/healthz" });
      assert.equal((await fresh.fetch("/healthz")).status, status);
    }
    assert.equal(await (await client.fetch("/other")).text(), "/other");
    isOk = true;
  });

  test("asks the application over no socket for readyProbe", async () => {
    const options = { healthPath: "/healthz", readyProbe: "/probed" };
    await using client = await testClient(app, options);
    assert.equal((await client.fetch("/healthz")).status, 200);
    assert.equal(client.server.stats.totalRequests, 1);
    const paths = client.logs.filter(({ logger }) =>
      logger === "tricorn.access"
    );
    assert.deepEqual(paths, []);
  });
});

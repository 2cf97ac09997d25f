import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { adminApp } from "../../src/admin/admin_app.ts";
import type { HealthReport } from "../../src/admin/health_source.ts";
import { testClient } from "../../src/testing/mod.ts";

const WORKER = {
  slot: 0,
  pid: 42,
  phase: "running",
  blockedSeconds: 0,
} as const;
const GOOD: HealthReport = { isOk: true, workers: [WORKER] };
const BAD: HealthReport = {
  isOk: false,
  reason: "no database",
  workers: [{ ...WORKER, isReady: false, reason: "no database" }],
};

/** Asks an admin application. */
async function ask(
  path: string,
  { method = "GET", report = GOOD, hasMetrics = false, accept = "" } = {},
) {
  const verbose: boolean[] = [];
  const app = adminApp({
    health: {
      liveness: () => Promise.resolve(report),
      readiness: (isVerbose) => {
        verbose.push(isVerbose);
        return Promise.resolve(report);
      },
    },
    metrics: hasMetrics
      ? {
        render: (accept) =>
          Promise.resolve({ contentType: "text/x", body: `for ${accept}\n` }),
      }
      : undefined,
  });
  await using client = await testClient(app, { lifespan: "off" });
  const headers = accept === "" ? {} : { accept };
  const response = await client.fetch(path, { method, headers });
  return {
    status: response.status,
    type: response.headers.get("content-type"),
    allow: response.headers.get("allow"),
    text: await response.text(),
    verbose,
  };
}

describe("the admin listener", () => {
  for (const path of ["/livez", "/readyz"]) {
    test(`answers ${path} with ok, or with the reason`, async () => {
      const good = await ask(path);
      assert.deepEqual([good.status, good.text], [200, "ok\n"]);
      assert.equal(good.type, "text/plain; charset=utf-8");
      const bad = await ask(path, { report: BAD });
      assert.deepEqual([bad.status, bad.text], [503, "failed: no database\n"]);
    });

    test(`answers ${path}?verbose with all workers as JSON`, async () => {
      const good = await ask(`${path}?verbose`);
      assert.equal(good.type, "application/json");
      assert.deepEqual(JSON.parse(good.text), {
        status: "ok",
        workers: [WORKER],
      });
      const bad = await ask(`${path}?verbose=1&x`, { report: BAD });
      assert.equal(bad.status, 503);
      assert.deepEqual(JSON.parse(bad.text), {
        status: "failed",
        reason: "no database",
        workers: BAD.workers,
      });
    });

    test(`answers HEAD of ${path} without a body`, async () => {
      const { status, text } = await ask(path, { method: "HEAD" });
      assert.deepEqual([status, text], [200, ""]);
    });

    test(`refuses other methods of ${path}`, async () => {
      const { status, allow } = await ask(path, { method: "POST" });
      assert.deepEqual([status, allow], [405, "GET, HEAD"]);
    });
  }

  test("asks all workers only for a verbose answer", async () => {
    assert.deepEqual((await ask("/readyz")).verbose, [false]);
    assert.deepEqual((await ask("/readyz?verbose")).verbose, [true]);
  });

  test("answers /metrics, in the format that is asked for, if there are any", async () => {
    assert.equal((await ask("/metrics")).status, 404);
    const accept = "application/openmetrics-text";
    assert.deepEqual(await ask("/metrics", { hasMetrics: true, accept }), {
      status: 200,
      type: "text/x",
      allow: null,
      text: `for ${accept}\n`,
      verbose: [],
    });
  });

  for (const path of ["/", "/livez/", "/LIVEZ", "/%6civez", "/metrics/x"]) {
    test(`does not know ${path}`, async () => {
      const { status, text } = await ask(path);
      assert.deepEqual([status, text], [404, "not found\n"]);
    });
  }
});

/** The admin listener of a server with workers: the parent answers, whatever they do. */
import assert from "node:assert/strict";
import process from "node:process";
import { describe, test } from "node:test";
import { exchange, RawClient, request } from "../_support/raw_client.ts";
import { type ServerProcess, withServer } from "../_support/spawn_server.ts";
import { adminTarget, askAdmin, HEALTH_APP, reportUntil } from "./_health.ts";

/** Runs `use` with a server with two workers which are both ready. */
function withTwo(
  use: (server: ServerProcess) => Promise<void>,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const admin = ["--workers", "2", "--port", "0", "--admin-bind"];
  return withServer({
    app: HEALTH_APP,
    args: [...admin, "127.0.0.1:0", ...args],
    env,
  }, use);
}

const bothReady = (server: ServerProcess) =>
  reportUntil(
    server,
    "/readyz",
    ({ workers }) =>
      workers.length === 2 && workers.every(({ isReady }) => isReady),
  );

describe("the parent of workers", () => {
  test("tells of a worker that is stopped, and waits for none", () =>
    withTwo(async (server) => {
      const { workers } = await bothReady(server);
      const { pid } = workers[1]!;
      process.kill(pid, "SIGSTOP");
      const ready = await reportUntil(
        server,
        "/readyz",
        ({ workers }) => workers[1]!.reason === "it does not answer",
      );
      assert.equal(ready.status, "ok");
      assert.equal(ready.workers[0]!.isReady, true);
      const { reason } = await reportUntil(
        server,
        "/livez",
        ({ status }) => status === "failed",
      );
      assert.match(
        reason!,
        /^the event loop of worker 1 has stood still for [34](\.\d)? seconds$/,
      );
      process.kill(pid, "SIGCONT");
      await reportUntil(server, "/livez", ({ status }) => status === "ok");
    }, ["--timeout-liveness", "3", "--timeout-worker-healthcheck", "60"]));

  test("is not ready while all workers stand still, and is again once they are replaced", () =>
    withTwo(async (server) => {
      const { workers } = await bothReady(server);
      for (const { pid } of workers) process.kill(pid, "SIGSTOP");
      await reportUntil(server, "/readyz", ({ status }) => status === "failed");
      assert.equal((await askAdmin(server, "/livez")).status, 200);
      const pids = workers.map(({ pid }) => pid);
      await reportUntil(
        server,
        "/readyz",
        ({ workers }) =>
          workers.every(({ pid, isReady }) => isReady && !pids.includes(pid)),
      );
      await exchange(server.target, request("GET /"));
    }, ["--timeout-worker-healthcheck", "4"]));

  test("goes on answering while workers die and are replaced", () =>
    withTwo(async (server) => {
      const { workers } = await bothReady(server);
      for (const { pid } of workers) process.kill(pid, "SIGKILL");
      const dead = await reportUntil(
        server,
        "/readyz",
        ({ status }) => status === "failed",
      );
      assert.match(dead.reason!, /^no worker is ready: /);
      assert.equal((await askAdmin(server, "/livez")).status, 200);
      const again = await bothReady(server);
      const before = workers.map(({ pid }) => pid);
      assert.ok(again.workers.every(({ pid }) => !before.includes(pid)));
    }));

  test("survives a rolling restart with its listener, ready all the time", () =>
    withTwo(async (server) => {
      const { workers } = await bothReady(server);
      const client = await RawClient.connect(await adminTarget(server));
      server.signal("SIGHUP");
      const pids = workers.map(({ pid }) => pid);
      for (;;) {
        const answer = await client.request(request("GET /readyz?verbose"));
        assert.equal(answer.status, 200, answer.body);
        const { workers: now } = JSON.parse(answer.body);
        const isOver = now.every((worker: { readonly pid: number }) =>
          !pids.includes(worker.pid)
        );
        if (isOver) break;
      }
      client.close();
    }));

  test("tells what the check in its workers says", () =>
    withTwo(
      async (server) => {
        const { reason, workers } = await reportUntil(
          server,
          "/readyz",
          ({ workers }) => workers.every(({ phase }) => phase === "running"),
        );
        assert.equal(
          reason,
          "no worker is ready: the application is not ready: no database",
        );
        assert.equal(workers.length, 2);
      },
      [],
      { HEALTH_CHECK: "throw" },
    ));

  test("is not ready from the signal to end on, while workers still serve", () =>
    withTwo(async (server) => {
      await bothReady(server);
      server.signal("SIGTERM");
      await server.line("stderr", /Shutting down in 30 seconds/);
      const answer = await askAdmin(server, "/readyz");
      assert.deepEqual([answer.status, answer.body], [
        503,
        "failed: the server is shutting down\n",
      ]);
      assert.equal(
        (await exchange(server.target, request("GET /"))).status,
        200,
      );
      server.signal("SIGTERM");
      assert.equal((await server.end()).signal, null);
    }, ["--shutdown-delay", "30"]));
});

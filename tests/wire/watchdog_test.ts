/** The option --watchdog: an event loop that stands still, seen while it does. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { exchange, RawClient, request } from "../_support/raw_client.ts";
import { type ServerProcess, withServer } from "../_support/spawn_server.ts";
import { RUNTIME } from "../_support/this_runtime.ts";
import { HEALTH_APP } from "./_health.ts";

/** Begins a request that blocks the process for `ms`. */
async function block(server: ServerProcess, ms: number): Promise<RawClient> {
  const client = await RawClient.connect(server.target);
  client.send(request(`GET /block/${ms}`));
  return client;
}

describe("--watchdog", () => {
  test("names the requests that run while the event loop stands still, and says when it moves", () =>
    withServer({
      app: HEALTH_APP,
      args: ["--watchdog", "0.5"],
    }, async (server) => {
      const waiting = await RawClient.connect(server.target);
      waiting.send(
        "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n" +
          "Expect: 100-continue\r\n\r\n",
      );
      await waiting.readResponse();
      // So long that only somebody else can tell of it: the test ends it.
      const blocking = await block(server, 60_000);
      const line = await server.line("stderr", /has stood still/);
      assert.match(
        line,
        /^WARNING: {2}The event loop of process \[\d+\] has stood still for \d\.\d seconds\. Running: /,
      );
      assert.ok(line.includes(`[${server.pid}]`), line);
      assert.match(line, /POST \/body \(\d+\.\d s\)/);
      assert.match(line, /GET \/block\/60000 \(\d+\.\d s\)/);
      if (RUNTIME === "node") {
        await server.line("stderr", /stands still here:/);
        const frame = await server.line("stderr", /^ {4}at spin \(/);
        assert.match(frame, /apps\/health\.ts:\d+:\d+\)$/);
      }
      blocking.close();
      waiting.close();
    }));

  test("says so in the log when it moves again, with what had run", () =>
    withServer({
      app: HEALTH_APP,
      args: ["--watchdog", "0.5", "--log-format", "json"],
    }, async (server) => {
      const { status } = await exchange(
        server.target,
        request("GET /block/3000"),
      );
      assert.equal(status, 200);
      const line = await server.line("stderr", /moves again/);
      const { level, message } = JSON.parse(line);
      assert.equal(level, "warning");
      assert.match(
        message,
        /^The event loop moves again, after \d+\.\d seconds\. Running were: GET \/block\/3000 /,
      );
      const first = await server.line("stderr", /has stood still/);
      assert.equal(JSON.parse(first).logger, "tricorn");
      // The server is none the worse for it.
      const next = await exchange(server.target, request("GET /next"));
      assert.equal(next.body, "/next\n");
      server.signal("SIGINT");
      assert.equal((await server.end()).code, 0);
    }));

  test("names what kept a worker that its parent then replaces", () =>
    withServer({
      app: HEALTH_APP,
      args: [
        ...["--workers", "2", "--watchdog", "0.5"],
        ...["--timeout-worker-healthcheck", "4"],
      ],
    }, async (server) => {
      const blocking = await block(server, 60_000);
      await server.line("stderr", /has stood still .*GET \/block\/60000/);
      await server.line("stderr", /has not answered for 4 seconds/);
      blocking.close();
    }));

  test("says nothing of a server that waits", () =>
    withServer({
      app: HEALTH_APP,
      args: ["--watchdog", "20"],
    }, async (server) => {
      await exchange(server.target, request("GET /block/300"));
      await exchange(server.target, request("GET /"));
      server.signal("SIGINT");
      assert.equal((await server.end()).code, 0);
      assert.doesNotMatch(server.output, /event loop/);
    }));
});

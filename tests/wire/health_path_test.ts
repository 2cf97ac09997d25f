/** The option --health-path: readiness on the ordinary listeners. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { exchange, RawClient, request } from "../_support/raw_client.ts";
import { sharedServer, withServer } from "../_support/spawn_server.ts";
import { HEALTH_APP, withStarting } from "./_health.ts";

const PATH = ["--health-path", "/healthz"];

describe("--health-path", () => {
  const shared = sharedServer({
    app: HEALTH_APP,
    args: [...PATH, "--root-path", "/api", "--limit-concurrency", "1"],
  });

  test("answers GET and HEAD, keeps the connection, and keeps the order of pipelined requests", async () => {
    const client = await RawClient.connect(shared.server.target);
    client.send(
      request("GET /a") + request("GET /healthz") + request("HEAD /healthz") +
        request("GET /healthz?x") + request("POST /healthz") +
        request("GET /b"),
    );
    assert.equal((await client.readResponse()).body, "/api/a\n");
    const ready = await client.readResponse();
    assert.deepEqual([ready.status, ready.body], [200, "ready\n"]);
    assert.equal(ready.header("cache-control"), "no-store");
    assert.equal(ready.header("connection"), undefined);
    const head = await client.readResponse({ method: "HEAD" });
    assert.deepEqual([head.status, head.header("content-length")], [200, "6"]);
    assert.equal((await client.readResponse()).body, "ready\n");
    const refused = await client.readResponse();
    assert.deepEqual([refused.status, refused.header("allow")], [
      405,
      "GET, HEAD",
    ]);
    assert.equal((await client.readResponse()).body, "/api/b\n");
    client.close();
  });

  test("is no path below the root path, and no other spelling", async () => {
    for (const path of ["/api/healthz", "/%68ealthz", "/healthz/"]) {
      const { body } = await exchange(
        shared.server.target,
        request(`GET ${path}`),
      );
      assert.notEqual(body, "ready\n");
    }
  });

  test("is answered beyond the limit of concurrent requests, which it leaves as it is", async () => {
    const busy = await RawClient.connect(shared.server.target);
    busy.send(
      "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n" +
        "Expect: 100-continue\r\n\r\n",
    );
    assert.equal((await busy.readResponse()).status, 100);
    const other = await RawClient.connect(shared.server.target);
    assert.equal((await other.request(request("GET /healthz"))).status, 200);
    assert.equal((await other.request(request("GET /healthz"))).status, 200);
    assert.equal(
      (await exchange(shared.server.target, request("GET /x"))).status,
      503,
    );
    busy.send("x");
    assert.equal((await busy.readResponse()).status, 200);
    assert.equal(
      (await exchange(shared.server.target, request("GET /x"))).status,
      200,
    );
    busy.close();
    other.close();
  });

  test("leaves no line in the access log", async () => {
    await exchange(shared.server.target, request("GET /healthz"));
    await exchange(shared.server.target, request("GET /last-line"));
    await shared.server.line("stdout", /last-line/);
    const lines = shared.server.stdout.filter((line) => /\/healthz/.test(line));
    // Those that were not for the server itself.
    assert.ok(
      lines.every((line) => /api\/healthz|healthz\//.test(line)),
      lines.join("\n"),
    );
  });
});

test("--health-path answers 503 from the signal to end on, and the check of the application counts", () =>
  withServer({
    app: HEALTH_APP,
    args: [...PATH, "--shutdown-delay", "30"],
  }, async (server) => {
    const kept = await RawClient.connect(server.target);
    assert.equal((await kept.request(request("GET /healthz"))).status, 200);
    server.signal("SIGTERM");
    await server.line("stderr", /Shutting down in 30/);
    const late = await kept.request(request("GET /healthz"));
    assert.deepEqual([late.status, late.body], [503, "not ready\n"]);
    assert.equal((await kept.request(request("GET /"))).status, 200);
    assert.equal(
      (await exchange(server.target, request("GET /healthz"))).status,
      503,
    );
    kept.close();
  }));

test("--health-path keeps the reason of the application to itself", () =>
  withServer({
    app: HEALTH_APP,
    args: PATH,
    env: { HEALTH_CHECK: "throw" },
  }, async (server) => {
    const { status, body } = await exchange(
      server.target,
      request("GET /healthz"),
    );
    assert.deepEqual([status, body], [503, "not ready\n"]);
    await server.line("stderr", /WARNING: .*Readiness: .*no database/);
  }));

test("--health-path without a slash is refused at the start", () =>
  withStarting(["--health-path", "healthz"], async (server) => {
    assert.equal((await server.end()).code, 2);
    assert.match(
      server.stderr.at(-1)!,
      /^Error: Invalid value for '--health-path': 'healthz' is not a path that begins with \//,
    );
  }));

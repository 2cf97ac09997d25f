/** The admin listener of a server that is one process, and of one that reloads. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { exchange, pause, RawClient, request } from "../_support/raw_client.ts";
import { ServerProcess, withServer } from "../_support/spawn_server.ts";
import {
  adminTarget,
  askAdmin,
  HEALTH_APP,
  reportUntil,
  withStarting,
} from "./_health.ts";

const ADMIN = ["--admin-bind", "127.0.0.1:0"];
const FREE = ["--port", "0", ...ADMIN];

const folder = mkdtempSync(join(tmpdir(), "tricorn-admin-"));
after(() => rmSync(folder, { recursive: true, force: true }));

describe("the admin listener", () => {
  test("answers from before the start of the application to the end of the server", () => {
    const gate = join(folder, "gate");
    return withStarting([...FREE, "--shutdown-delay", "30"], async (server) => {
      assert.equal((await askAdmin(server, "/livez")).status, 200);
      await server.line("stderr", /Waiting for application startup/);
      const early = await askAdmin(server, "/readyz");
      assert.deepEqual([early.status, early.body], [
        503,
        "failed: the server is starting\n",
      ]);
      writeFileSync(gate, "");
      await server.ready();
      const now = await askAdmin(server, "/readyz");
      assert.deepEqual([now.status, now.body], [200, "ok\n"]);

      server.signal("SIGTERM");
      await server.line("stderr", /Shutting down in 30 seconds/);
      const late = await askAdmin(server, "/readyz");
      assert.deepEqual([late.status, late.body], [
        503,
        "failed: the server is shutting down\n",
      ]);
      assert.equal((await askAdmin(server, "/livez")).status, 200);
      // Those who have not learned of it yet are served.
      assert.equal(
        (await exchange(server.target, request("GET /"))).status,
        200,
      );
      server.signal("SIGTERM"); // leaves the delay out
      assert.equal((await server.end()).signal, "SIGTERM");
    }, { HEALTH_GATE: gate });
  });

  for (
    const [check, status, body] of [
      ["ok", 200, "ok\n"],
      [
        "no",
        503,
        "failed: the application is not ready: its check has said no\n",
      ],
      ["throw", 503, "failed: the application is not ready: no database\n"],
      [
        "hang",
        503,
        "failed: the application is not ready: its check has not answered within 2 seconds\n",
      ],
    ] as const
  ) {
    test(`tells what the check of the application says: ${check}`, () =>
      withServer({
        app: HEALTH_APP,
        args: FREE,
        env: { HEALTH_CHECK: check },
      }, async (server) => {
        const answer = await askAdmin(server, "/readyz");
        assert.deepEqual([answer.status, answer.body], [status, body]);
        await askAdmin(server, "/readyz");
        const lines = server.stderr.filter((line) => /Readiness/.test(line));
        assert.equal(lines.length, status === 200 ? 0 : 1);
        assert.equal((await askAdmin(server, "/livez")).status, 200);
        // The application is not kept from its requests by that.
        assert.equal(
          (await exchange(server.target, request("GET /"))).status,
          200,
        );
      }));
  }

  test("keeps connections, writes no access log, and is in no count", () =>
    withServer({
      app: HEALTH_APP,
      args: [...FREE, "--limit-max-requests", "2"],
    }, async (server) => {
      const client = await RawClient.connect(await adminTarget(server));
      for (const path of ["/livez", "/readyz", "/nothing", "/livez"]) {
        await client.request(request(`GET ${path}`));
      }
      const head = await client.request(request("HEAD /livez"));
      assert.deepEqual([head.status, head.body], [200, ""]);
      client.send(request("GET /livez") + request("GET /readyz"));
      assert.equal((await client.readResponse()).body, "ok\n");
      assert.equal((await client.readResponse()).body, "ok\n");
      client.close();
      await exchange(server.target, request("GET /one"));
      await server.line("stdout", /GET \/one/);
      assert.equal(server.stdout.length, 1, server.output);
    }));

  test("survives garbage, large heads, bodies and too many connections", () =>
    withServer({ app: HEALTH_APP, args: FREE }, async (server) => {
      const target = await adminTarget(server);
      for (
        const [bytes, status] of [
          ["\x16\x03\x01\x00\xa5garbage\r\n\r\n", 400],
          ["GET /livez HTTP/1.1\r\n\r\n", 400],
          ["GET /livez HTTP/9.9\r\nHost: a\r\n\r\n", 505],
          [`GET /${"x".repeat(2000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414],
          [`GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(20000)}\r\n\r\n`, 431],
          [
            "POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx",
            413,
          ],
          ["DELETE /livez HTTP/1.1\r\nHost: a\r\n\r\n", 405],
        ] as const
      ) {
        assert.equal(
          (await exchange(target, bytes)).status,
          status,
          bytes.slice(0, 30),
        );
      }
      const idle = await Promise.all(
        Array.from({ length: 80 }, () => RawClient.connect(target)),
      );
      assert.equal(
        (await exchange(server.target, request("GET /"))).status,
        200,
      );
      for (const client of idle) client.close();
      // Until it has noticed that they are gone, there is no room.
      let status: number | undefined;
      for (let tries = 0; tries < 100 && status === undefined; tries++) {
        await pause(50);
        ({ status } = await askAdmin(server, "/livez").catch(() => ({
          status: undefined,
        })));
      }
      assert.equal(status, 200);
      assert.deepEqual(
        server.stderr.filter((line) => /WARN|ERR/.test(line)),
        [],
      );
    }));

  test("is open on a UNIX socket to the same user alone", () => {
    const path = join(folder, "admin.sock");
    return withServer({
      app: HEALTH_APP,
      args: ["--port", "0", "--admin-bind", `unix:${path}`],
    }, async (server) => {
      assert.equal(statSync(path).mode & 0o777, 0o600);
      assert.equal((await askAdmin(server, "/readyz")).status, 200);
      server.signal("SIGINT");
      assert.equal((await server.end()).code, 0);
      assert.throws(() => statSync(path), /ENOENT/);
    });
  });

  test("on an address that other machines reach is refused without --admin-public", async () => {
    const args = ["--port", "0", "--admin-bind", "0.0.0.0:0"];
    await withStarting(args, async (server) => {
      assert.equal((await server.end()).code, 2);
      assert.match(
        server.stderr.at(-1)!,
        /^Error: Cannot use '--admin-bind' 0\.0\.0\.0:0: other machines may reach this address, expected a loopback address, or '--admin-public'$/,
      );
    });
    await withServer(
      { app: HEALTH_APP, args: [...args, "--admin-public"] },
      async (server) => {
        const { port } = await adminTarget(server) as { readonly port: number };
        const there = { host: "127.0.0.1", port };
        assert.equal(
          (await exchange(there, request("GET /readyz"))).status,
          200,
        );
      },
    );
  });

  test("on an address that is taken ends the start with code 3, in one line", () =>
    withServer({ app: HEALTH_APP }, async (other) => {
      const taken = `127.0.0.1:${other.port}`;
      for (const more of [[], ["--workers", "2"], ["--reload"]]) {
        const server = new ServerProcess({
          app: HEALTH_APP,
          args: ["--port", "0", "--admin-bind", taken, ...more],
        });
        assert.equal((await server.end()).code, 3, server.output);
        const lines = server.stderr.filter((line) => /ERROR|Error/.test(line));
        assert.deepEqual(lines, [
          `ERROR:    Cannot listen on ${taken} (--admin-bind): address already in use`,
        ]);
      }
    }));
});

test("a server that reloads answers probes from its parent, and meanwhile", () => {
  const sources = join(folder, "sources");
  const gate = join(folder, "reloaded");
  return withStarting([
    ...FREE,
    "--reload",
    "--reload-dir",
    folder,
    "--reload-include",
    "*.txt",
  ], async (server) => {
    assert.equal((await askAdmin(server, "/readyz")).status, 503);
    writeFileSync(gate, "");
    await reportUntil(server, "/readyz", ({ status }) => status === "ok");
    rmSync(gate);
    writeFileSync(`${sources}.txt`, "changed");
    await reportUntil(server, "/readyz", ({ status }) => status !== "ok");
    assert.equal((await askAdmin(server, "/livez")).status, 200);
    writeFileSync(gate, "");
    await reportUntil(server, "/readyz", ({ status }) => status === "ok");
  }, { HEALTH_GATE: gate });
});

/**
 * Draining under load: of the requests that were written on a connection the server had accepted,
 * none is lost (http:H-137 to H-140), whatever ends the server and whichever sockets it uses.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { serve } from "../../src/serve.ts";
import {
  LoadClient,
  type LoadCounts,
  type LoadOptions,
} from "../_support/load_client.ts";
import { type ServerProcess, withServer } from "../_support/spawn_server.ts";
import { FrameClient } from "../_support/websocket_client.ts";

const APP = "endings:app";
const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: load\r\n\r\n`;
const UPLOAD =
  "POST /length HTTP/1.1\r\nHost: load\r\nContent-Length: 6\r\n\r\nabcdef";

/** How people load servers. */
const LOADS: readonly (readonly [string, LoadOptions])[] = [
  ["that never rests", { connections: 50 }],
  ["with short pauses", { connections: 50, pauseMs: 5 }],
  ["with long pauses", { connections: 100, pauseMs: 100 }],
  ["on a slow application", { connections: 50, request: request("/slow") }],
  ["of streamed answers", { connections: 50, request: request("/stream") }],
  ["of uploads in pieces", { connections: 30, request: UPLOAD, pieces: 4 }],
  ["that connects anew", { connections: 20, requestsPerConnection: 5 }],
];

const serving = (
  use: (server: ServerProcess) => Promise<void>,
  ...args: string[]
) =>
  withServer({
    app: APP,
    args: ["--no-access-log", "--log-level", "info", ...args],
  }, use);

/** No request was lost on a connection that had answered before, and none refused. */
function assertNothingLost(counts: LoadCounts, server: ServerProcess): void {
  const what = `${JSON.stringify(counts)}\n${server.output}`;
  assert.equal(counts.lost, 0, what);
  assert.equal(counts.otherAnswers, 0, what);
}

/**
 * Puts a load on a server and ends it by SIGTERM: nothing is lost.
 *
 * What the kernel accepted in the very moment in which the listener is closed cannot be saved, and
 * on a busy machine that moment can be long: one drain of three has to do without.
 */
async function drainUnder(
  options: LoadOptions,
  args: readonly string[],
): Promise<void> {
  for (let tries = 1; tries <= 3; tries++) {
    let lostFirst = 0;
    await serving(async (server) => {
      const load = new LoadClient(server.target, options);
      await load.answered(300);
      server.signal("SIGTERM");
      await load.finished;
      assertNothingLost(load.counts, server);
      assert.equal((await server.end()).signal, "SIGTERM");
      // Between two requests of all clients there may be nothing to drain, and no line.
      if (server.stderr.some((line) => line.includes("Draining"))) {
        await server.line("stderr", /Drained: .* 0 cut off/);
      }
      ({ lostFirst } = load.counts);
    }, ...args);
    if (lostFirst === 0) return;
  }
  assert.fail("Each of three drains reset connections that had just been made");
}

for (const loop of ["native", "node"] as const) {
  describe(`SIGTERM, sockets ${loop}, under a load`, () => {
    for (const [what, options] of LOADS) {
      test(`${what}: no request is lost`, () =>
        drainUnder(options, ["--loop", loop]));
    }
  });
}

describe("under load", () => {
  test("--limit-max-requests loses no request (http:H-136)", () =>
    serving(
      async (server) => {
        const load = new LoadClient(server.target, { connections: 50 });
        await load.finished;
        assertNothingLost(load.counts, server);
        assert.ok(load.counts.answers >= 400);
        assert.deepEqual(await server.end(), { code: 0, signal: null });
      },
      "--limit-max-requests",
      "400",
    ));

  test("SIGINT loses no request while WebSockets are told 1012", () =>
    serving(async (server) => {
      const webSockets = await Promise.all(
        Array.from(
          { length: 20 },
          () => FrameClient.connect(server.target, "/echo"),
        ),
      );
      const load = new LoadClient(server.target, { connections: 50 });
      await load.answered(300);
      server.signal("SIGINT");
      await load.finished;
      assertNothingLost(load.counts, server);
      for (const webSocket of webSockets) {
        assert.match(await webSocket.said(), /1012/);
        webSocket.close();
      }
      assert.deepEqual(await server.end(), { code: 0, signal: null });
    }));

  test("SIGTERM loses no request over a UNIX socket", async () => {
    const folder = await mkdtemp(join(tmpdir(), "drain-"));
    try {
      await drainUnder(
        { connections: 20, requestsPerConnection: 5 },
        ["--uds", join(folder, "a.sock")],
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  for (
    const [what, options] of [
      ["that never rests", { connections: 20, tls: true }],
      [
        "that connects anew",
        { connections: 10, requestsPerConnection: 5, tls: true },
      ],
    ] as const
  ) {
    test(`SIGTERM loses no request over TLS ${what}`, () =>
      drainUnder(options, ["--ssl-dev"]));
  }

  test("server.stop() loses no request", async () => {
    const server = serve(async (scope, _receive, send) => {
      if (scope.type !== "http") return;
      await send({ type: "http.response.start", status: 200 });
      await send({ type: "http.response.body", body: "hello" });
    }, { port: 0, logLevel: "critical", accessLog: false });
    const [address] = await server.listening;
    assert.ok(address !== undefined && address.kind === "tcp");
    const load = new LoadClient(
      { host: address.host, port: address.port },
      { connections: 30 },
    );
    await load.answered(300);
    assert.equal(await server.stop(), true);
    await load.finished;
    assert.equal(load.counts.lost, 0, JSON.stringify(load.counts));
  });

  test("--shutdown-delay answers everybody until it is over (wishes:N-001)", () =>
    serving(
      async (server) => {
        const load = new LoadClient(server.target, {
          connections: 10,
          requestsPerConnection: 3,
          pauseMs: 1,
        });
        await load.answered(50);
        server.signal("SIGTERM");
        await server.line("stderr", /still accepted/);
        const before = load.counts.answers;
        await load.answered(before + 100);
        assert.equal(load.counts.refused, 0);
        await load.finished;
        assertNothingLost(load.counts, server);
        await server.end();
      },
      "--shutdown-delay",
      "1",
    ));
});

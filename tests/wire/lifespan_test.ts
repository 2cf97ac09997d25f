/** The application's life around the server's. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { exchange, request } from "../_support/raw_client.ts";
import {
  type ProcessEnd,
  ServerProcess,
  withServer,
} from "../_support/spawn_server.ts";

const OK: ProcessEnd = { code: 0, signal: null };

/** Starts an application of lives.ts that will not come up, and waits for its end. */
async function failedStart(
  app: string,
  ...args: string[]
): Promise<ServerProcess> {
  const server = new ServerProcess({
    app: `lives:${app}`,
    args: ["--port", "0", ...args],
  });
  const end = await server.end();
  assert.deepEqual(end, { code: 3, signal: null }, server.output);
  assert.ok(!server.output.includes("Tricorn running"), server.output);
  return server;
}

/** Serves an application of lives.ts, stops it by SIGINT, and gives how that ended. */
async function wholeLife(
  app: string,
  args: readonly string[],
  use: (server: ServerProcess) => Promise<void> = async () => {},
): Promise<{ readonly end: ProcessEnd; readonly server: ServerProcess }> {
  let ended: { end: ProcessEnd; server: ServerProcess } | undefined;
  await withServer({ app: `lives:${app}`, args }, async (server) => {
    await use(server);
    server.signal("SIGINT");
    ended = { end: await server.end(), server };
  });
  return ended!;
}

/** The log without process numbers and addresses. */
function logOf(server: ServerProcess): string[] {
  return server.stderr.map((line) =>
    line.replace(/\[\d+\]/, "[pid]").replace(/:\d+ \(/, ":port (")
  );
}

test("starts before the server listens and ends after it (process:P-011)", async () => {
  const { end, server } = await wholeLife("whole", []);
  assert.deepEqual(end, OK);
  assert.deepEqual(logOf(server), [
    "INFO:     Started server process [pid]",
    "INFO:     Waiting for application startup.",
    "INFO:     Application startup complete.",
    "INFO:     Tricorn running on http://127.0.0.1:port (Press CTRL+C to quit)",
    "INFO:     Shutting down",
    "INFO:     Waiting for application shutdown.",
    "INFO:     Application shutdown complete.",
    "INFO:     Finished server process [pid]",
  ]);
  assert.deepEqual(server.stdout, [
    'app scope {"type":"lifespan","asgi":{"version":"3.0","spec_version":"2.0"},"state":{},"extensions":{"topics":{}}}',
    "app lifespan.startup",
    "app lifespan.shutdown",
  ]);
});

test("accepts no connection before the application is ready (asgi:A-157)", async () => {
  const { server } = await wholeLife("slow", []);
  const order = [
    "Waiting for application startup",
    "startup complete",
    "Tricorn running",
  ];
  const at = order.map((text) =>
    server.stderr.findIndex((line) => line.includes(text))
  );
  assert.deepEqual(at, [...at].sort((a, b) => a - b));
  assert.ok(server.stdout.includes("app stopped"));
});

test("gives every request a shallow copy of the state (http:H-021, asgi:A-154)", async () => {
  await wholeLife("whole", [], async (server) => {
    const ask = async (path: string) =>
      JSON.parse((await exchange(server.target, request(`GET ${path}`))).body);
    assert.deepEqual(await ask("/a"), {
      count: 1,
      shared: ["/a"],
      ownCount: 1,
    });
    assert.deepEqual(await ask("/b"), {
      count: 1,
      shared: ["/a", "/b"],
      ownCount: 1,
    });
  });
});

describe("--lifespan auto", () => {
  test("serves an application that does not know it (process:P-020, asgi:A-162)", async () => {
    const { end, server } = await wholeLife("unaware", [], async (running) => {
      assert.equal(
        (await exchange(running.target, request("GET /"))).status,
        200,
      );
    });
    assert.deepEqual(end, OK);
    const log = logOf(server);
    const unsupported = log.indexOf(
      "INFO:     ASGI 'lifespan' protocol appears unsupported.",
    );
    assert.equal(
      log[unsupported + 1],
      "INFO:     Application startup complete.",
    );
    assert.ok(
      !server.output.includes("Waiting for application shutdown"),
      server.output,
    );
  });

  test("ends with 3 when a start throws that had begun", async () => {
    const server = await failedStart("broken");
    assert.match(server.output, /ERROR: {4}Exception in 'lifespan' protocol/);
    assert.match(server.output, /no database/);
    assert.match(server.output, /lives\.ts/); // with its stack
    assert.match(
      server.output,
      /ERROR: {4}Application startup failed\. Exiting\./,
    );
  });

  test("takes a return for a start, with a warning (process:P-023, asgi:A-163)", async () => {
    const { end, server } = await wholeLife("silent", []);
    assert.deepEqual(end, OK);
    assert.match(server.output, /WARNING: /);
  });
});

describe("--lifespan on", () => {
  test("ends with 3 when the start throws (process:P-021)", async () => {
    const server = await failedStart("broken", "--lifespan", "on");
    assert.match(server.output, /ERROR: {4}Exception in 'lifespan' protocol/);
    assert.match(server.output, /no database/);
    assert.match(
      server.output,
      /ERROR: {4}Application startup failed\. Exiting\./,
    );
  });

  test("ends with 3 for an application that does not know it (options:B-014)", async () => {
    const server = await failedStart("unaware", "--lifespan", "on");
    assert.match(server.output, /Application startup failed\. Exiting\./);
  });

  test("ends with 3 for a return before the start was complete (asgi:A-163)", async () => {
    await failedStart("silent", "--lifespan", "on");
  });

  test("serves an application that starts", async () => {
    assert.deepEqual((await wholeLife("whole", ["--lifespan", "on"])).end, OK);
  });
});

describe("--lifespan off (process:P-019)", () => {
  test("never calls the application and writes no line about it", async () => {
    const { end, server } = await wholeLife(
      "hanging",
      ["--lifespan", "off"],
      async (running) => {
        const response = await exchange(running.target, request("GET /"));
        assert.deepEqual(JSON.parse(response.body), { ownCount: 1 });
      },
    );
    assert.deepEqual(end, OK);
    assert.ok(
      !/application startup|application shutdown|lifespan/i.test(
        server.stderr.join("\n"),
      ),
    );
    assert.ok(!server.stdout.some((line) => line.startsWith("app ")));
  });
});

for (const mode of ["auto", "on"]) {
  test(`startup.failed ends with 3 and its message, --lifespan ${mode} (process:P-022, asgi:A-158)`, async () => {
    const server = await failedStart("failing", "--lifespan", mode);
    assert.match(server.output, /ERROR: {4}no database today/);
    assert.match(
      server.output,
      /ERROR: {4}Application startup failed\. Exiting\./,
    );
  });
}

test("a start that takes too long fails (asgi:A-166)", async () => {
  const server = await failedStart("hanging", "--timeout-lifespan", "1");
  assert.match(server.output, /ERROR: .*startup/);
});

test("an end that takes too long fails with code 1 (asgi:A-166, A-161)", async () => {
  const { end, server } = await wholeLife("clinging", [
    "--timeout-lifespan",
    "1",
  ]);
  assert.deepEqual(end, { code: 1, signal: null }, server.output);
  assert.match(server.output, /ERROR: .*shutdown/);
});

test("shutdown.failed is logged and ends with code 1 (process:P-025, asgi:A-161)", async () => {
  const { end, server } = await wholeLife("badEnd", []);
  assert.deepEqual(end, { code: 1, signal: null });
  assert.match(server.output, /ERROR: {4}disk was full/);
  assert.match(
    server.output,
    /ERROR: {4}Application shutdown failed\. Exiting\./,
  );
  assert.match(server.output, /Finished server process/);
});

for (const mode of ["auto", "on"]) {
  test(`an end that throws is logged, --lifespan ${mode} (process:P-026, P-027)`, async () => {
    const { end, server } = await wholeLife("throwingEnd", [
      "--lifespan",
      mode,
    ]);
    assert.equal(end.code, 1);
    assert.match(server.output, /ERROR: {4}Exception in 'lifespan' protocol/);
    assert.match(server.output, /cannot say goodbye/);
    assert.ok(!server.output.includes("appears unsupported"));
  });
}

for (
  const [what, app] of [
    ["fails", "badEnd"],
    ["throws", "throwingEnd"],
    ["takes too long", "clinging"],
  ] as const
) {
  test(`a shutdown that ${what} makes SIGTERM end with code 1`, async () => {
    await withServer(
      { app: `lives:${app}`, args: ["--timeout-lifespan", "1"] },
      async (server) => {
        server.signal("SIGTERM");
        assert.deepEqual(await server.end(), { code: 1, signal: null });
        assert.match(server.output, /Finished server process/);
      },
    );
  });
}

test("a call that ended in between gets no shutdown event (asgi:A-164)", async () => {
  const { end, server } = await wholeLife("shortLived", []);
  assert.deepEqual(end, OK, server.output);
  assert.match(server.output, /Finished server process/);
});

test("messages in the wrong order are refused, and the life goes on (process:P-029, asgi:A-165)", async () => {
  const { end, server } = await wholeLife("confused", []);
  assert.deepEqual(end, OK);
  assert.equal(
    server.stdout.filter((line) =>
      line.startsWith("app rejected UnexpectedEventError: ")
    ).length,
    2,
  );
});

describe("signals", () => {
  test("during the start: it is awaited, then the end follows at once (process:P-012, asgi:A-167)", async () => {
    const server = new ServerProcess({
      app: "lives:slow",
      args: ["--port", "0"],
    });
    await server.line("stdout", /app starting/);
    server.signal("SIGINT");
    assert.deepEqual(await server.end(), OK, server.output);
    assert.ok(server.stdout.includes("app stopped"));
    assert.ok(!server.output.includes("Tricorn running"), server.output);
  });

  test("a second one ends a start that hangs (process:P-033)", async () => {
    const server = new ServerProcess({
      app: "lives:hanging",
      args: ["--port", "0"],
    });
    await server.line("stdout", /app hangs/);
    server.signal("SIGINT");
    server.signal("SIGTERM");
    const { signal } = await server.end();
    assert.ok(signal === "SIGTERM" || signal === null);
  });

  test("a second one ends an end that hangs (process:P-031, P-033, asgi:A-168)", () =>
    withServer({ app: "lives:clinging" }, async (server) => {
      server.signal("SIGINT");
      await server.line("stdout", /app clings/);
      server.signal("SIGINT");
      await server.end();
    }));
});

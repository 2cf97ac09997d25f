/** The embedding API: what a program that imports `serve` may rely on. */
import assert from "node:assert/strict";
import process from "node:process";
import { describe, test } from "node:test";
import * as api from "../mod.ts";
import type { AsgiApp } from "../src/asgi.ts";
import { ConfigError, ListenError, StartupError } from "../src/errors.ts";
import { serve, type ServeOptions } from "../src/serve.ts";
import { exchange, request } from "./_support/raw_client.ts";

const QUIET = {
  port: 0,
  logLevel: "critical",
  accessLog: false,
} satisfies ServeOptions;

const calls: string[] = [];

const app: AsgiApp = async (scope, receive, send) => {
  if (scope.type === "lifespan") {
    for (;;) {
      const { type } = await receive();
      calls.push(type);
      if (type === "lifespan.startup") {
        await send({ type: "lifespan.startup.complete" });
      } else return await send({ type: "lifespan.shutdown.complete" });
    }
  }
  await send({ type: "http.response.start", status: 200 });
  await send({ type: "http.response.body", body: "hello" });
};

/** A signal that tells who listens to it. */
function watchedSignal() {
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const add = signal.addEventListener.bind(
    signal,
  ) as AbortSignal["addEventListener"];
  const remove = signal.removeEventListener.bind(
    signal,
  ) as AbortSignal["removeEventListener"];
  signal.addEventListener = ((...args: Parameters<typeof add>) => {
    listeners++;
    add(...args);
  }) as typeof add;
  signal.removeEventListener = ((...args: Parameters<typeof remove>) => {
    listeners--;
    remove(...args);
  }) as typeof remove;
  return { controller, signal, listeners: () => listeners };
}

describe("serve()", () => {
  test("returns at once; listening, url, stop() and finished tell the rest", async () => {
    const server = serve(app, QUIET);
    assert.equal(server.started, false);
    const [address] = await server.listening;
    assert.ok(address.kind === "tcp" && address.port > 0);
    assert.equal(server.url, `http://127.0.0.1:${address.port}`);
    assert.equal((await exchange(address, request("GET /"))).body, "hello");
    assert.equal(await server.stop({ timeout: 5 }), true);
    await server.finished;
    assert.equal(server.stats.connections, 0);
  });

  test("is answered by fetch", async () => {
    const server = serve(app, QUIET);
    await server.listening;
    const response = await fetch(server.url!);
    assert.equal(await response.text(), "hello");
    assert.equal(response.headers.get("server"), "tricorn");
    await server.stop();
  });

  for (
    const [what, options, message] of [
      ["a port that is none", { port: 70_000 }, /port/],
      ["an option that is unknown", { prot: 8000 }, /prot/],
      [
        "host and uds together",
        { host: "127.0.0.1", uds: "/tmp/x.sock" },
        /uds/,
      ],
    ] as const
  ) {
    test(`throws ConfigError for ${what}`, () => {
      assert.throws(
        () => serve(app, options as ServeOptions),
        (error) => error instanceof ConfigError && message.test(error.message),
      );
    });
  }

  test("rejects listening with ListenError when the port is taken", async () => {
    const first = serve(app, QUIET);
    const [address] = await first.listening;
    assert.ok(address.kind === "tcp");
    const second = serve(app, { ...QUIET, port: address.port });
    await assert.rejects(
      second.listening,
      (error) => error instanceof ListenError && error.code === "EADDRINUSE",
    );
    await assert.rejects(second.finished, ListenError);
    await first.stop();
  });

  test("rejects listening with StartupError when the application does not start", async () => {
    const server = serve(
      (_scope, _receive, _send) => Promise.reject(new Error("boom")),
      { ...QUIET, lifespan: "on" },
    );
    await assert.rejects(server.listening, StartupError);
    await assert.rejects(server.finished, StartupError);
  });

  test("takes no signals and leaves the process alone", async () => {
    const before = process.listenerCount("SIGINT") +
      process.listenerCount("SIGTERM");
    const { exitCode } = process;
    const server = serve(app, QUIET);
    await server.listening;
    assert.equal(
      process.listenerCount("SIGINT") + process.listenerCount("SIGTERM"),
      before,
    );
    await server.stop();
    assert.equal(process.exitCode, exitCode);
  });
});

describe("the option signal", () => {
  test("stops the server when it is raised, and is let go", async () => {
    const { controller, signal, listeners } = watchedSignal();
    const server = serve(app, { ...QUIET, signal });
    await server.listening;
    assert.equal(listeners(), 1);
    controller.abort();
    await server.finished;
    assert.equal(server.phase, "finished");
    assert.equal(listeners(), 0);
  });

  test("is let go when the server ends by itself", async () => {
    const { signal, listeners } = watchedSignal();
    const server = serve(app, { ...QUIET, signal });
    await server.listening;
    await server.stop();
    assert.equal(listeners(), 0);
  });

  test("raised before: the server never starts", async () => {
    calls.length = 0;
    const server = serve(app, { ...QUIET, signal: AbortSignal.abort() });
    await assert.rejects(server.listening, StartupError);
    await server.finished;
    assert.deepEqual(calls, []);
  });

  test("raised during startup: the application still gets its shutdown", async () => {
    calls.length = 0;
    const controller = new AbortController();
    const server = serve(app, { ...QUIET, signal: controller.signal });
    controller.abort();
    await server.finished;
    assert.deepEqual(calls, ["lifespan.startup", "lifespan.shutdown"]);
  });
});

describe("mod.ts", () => {
  test("exports what it shows, and starts nothing by being imported", () => {
    assert.deepEqual(Object.keys(api).sort(), [
      "AppLoadError",
      "ClientDisconnected",
      "Config",
      "ConfigError",
      "InvalidEventError",
      "ListenError",
      "Server",
      "StartupError",
      "UnexpectedEventError",
      "UnsupportedRuntimeError",
      "UnsupportedScopeError",
      "VERSION",
      "defineConfig",
      "run",
      "serve",
    ]);
    assert.equal(api.serve, serve);
  });
});

for (const options of [24760, "port=24760", null, [24760]]) {
  test(`serve() refuses ${JSON.stringify(options)} for its options`, () => {
    assert.throws(() => serve(async () => {}, options as never), {
      name: "ConfigError",
      message: /^Cannot use options: expected an object, got /,
    });
  });
}

test("an admin listener is refused: serve() opens none", () => {
  assert.throws(() => serve("main:app", { adminBind: "127.0.0.1:9000" }), {
    name: "ConfigError",
    message: 'Cannot use the option "adminBind" with serve(): use run() or ' +
      "the command",
  });
});

test("workers are refused: serve() is one process", () => {
  for (
    const [options, name] of [
      [{ workers: 2 }, "workers"],
      [{ workers: "auto" }, "workers"],
      [{ workerMaxAge: 60 }, "workerMaxAge"],
      [{ workerMaxMemory: 100 }, "workerMaxMemory"],
    ] as const
  ) {
    assert.throws(() => serve("main:app", options), {
      name: "ConfigError",
      message: `Cannot use the option "${name}" with serve(), which is one ` +
        "process: use run() or the command",
    });
  }
});

/** One server's life on real sockets: start, listening, draining, forced end. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import type {
  AsgiApp,
  HttpScope,
  LifespanScope,
  Receive,
  Scope,
  Send,
} from "../../src/asgi.ts";
import { Config } from "../../src/config/config.ts";
import type { OptionsInput } from "../../src/config/options/mod.ts";
import { AppLoadError, ListenError, StartupError } from "../../src/errors.ts";
import { loggingOf } from "../_support/fake_logging.ts";
import { serve } from "../../src/serve.ts";
import { Server } from "../../src/server/server.ts";
import { alarms } from "../_support/alarms.ts";
import { FakeLogger } from "../_support/harness.ts";
import { exchange, RawClient, request } from "../_support/raw_client.ts";

type HttpPart = (
  scope: HttpScope,
  receive: Receive,
  send: Send,
) => Promise<void>;

const hello: HttpPart = async (_scope, _receive, send) => {
  await send({ type: "http.response.start", status: 200 });
  await send({ type: "http.response.body", body: "hello" });
};

/** An application with a lifespan that keeps notes. */
function appOf(http: HttpPart = hello, notes: string[] = []): AsgiApp {
  return async (scope: Scope, receive, send) => {
    if (scope.type === "http") return await http(scope, receive, send);
    for (;;) {
      const { type } = await receive();
      notes.push(type);
      if (type === "lifespan.startup") {
        await send({ type: "lifespan.startup.complete" });
      } else return await send({ type: "lifespan.shutdown.complete" });
    }
  };
}

/** A server that logs into `lines`. */
function serverOf(app: AsgiApp | string, options: OptionsInput = {}) {
  const logger = new FakeLogger();
  const logging = loggingOf(logger);
  const server = new Server(new Config(app, { port: 0, ...options }), {
    logging,
  });
  return {
    server,
    logger,
    lines: () =>
      logger.lines.filter(({ level }) => level !== "debug" && level !== "trace")
        .map(({ level, message }) => `${level}: ${message}`),
    start: async () => {
      server.start();
      await server.listening;
      return targetOf(server);
    },
  };
}

function targetOf(server: Server) {
  const [address] = server.addresses;
  if (address.kind === "unix") return { path: address.path };
  return { host: address.host, port: address.port };
}

const PID = process.pid;

describe("starting", () => {
  test("start() returns at once, and listening resolves with the addresses", async () => {
    const { server } = serverOf(appOf());
    assert.equal(server.phase, "new");
    server.start();
    assert.equal(server.phase, "starting");
    assert.equal(server.started, false);
    assert.deepEqual(server.addresses, []);
    assert.equal(server.url, undefined);
    assert.equal(server.port, undefined);
    const addresses = await server.listening;
    assert.equal(server.phase, "running");
    assert.equal(server.started, true);
    assert.deepEqual(server.addresses, addresses);
    assert.equal(addresses.length, 1);
    const [address] = addresses;
    assert.ok(
      address.kind === "tcp" && address.host === "127.0.0.1" &&
        address.port > 0,
    );
    assert.equal(server.url, `http://127.0.0.1:${address.port}`);
    assert.equal(server.port, address.port);
    await server.stop();
    assert.deepEqual(server.addresses, []);
    assert.equal(server.url, undefined);
    assert.equal(server.port, undefined);
    assert.equal(server.phase, "finished");
  });

  test("a second start() changes nothing, and neither does one after the end", async () => {
    const { server, start } = serverOf(appOf());
    const target = await start();
    server.start();
    assert.equal((await exchange(target, request("GET /"))).body, "hello");
    await server.stop();
    server.start();
    assert.equal(server.phase, "finished");
  });

  test("serve() starts, and resolves when the server has ended", async () => {
    const { server } = serverOf(appOf());
    let isOver = false;
    const over = server.serve().then(() => isOver = true);
    await server.listening;
    assert.equal(isOver, false);
    await server.stop();
    await over;
  });

  test("the log tells the story in order (process:P-011)", async () => {
    const { server, lines, start } = serverOf(appOf());
    await start();
    const url = server.url;
    await server.stop();
    assert.deepEqual(lines(), [
      `info: Started server process [${PID}]`,
      "info: Waiting for application startup.",
      "info: Application startup complete.",
      `info: Tricorn running on ${url}`,
      "info: Shutting down",
      "info: Waiting for application shutdown.",
      "info: Application shutdown complete.",
      `info: Finished server process [${PID}]`,
    ]);
  });

  test("an IPv6 address stands in brackets (process:P-007)", async (t) => {
    const { server } = serverOf(appOf(), { host: "::1" });
    server.start();
    try {
      await server.listening;
    } catch (error) {
      if ((error as ListenError).code === "EADDRNOTAVAIL") {
        return t.skip("no IPv6 here");
      }
      throw error;
    }
    assert.match(server.url!, /^http:\/\/\[::1\]:\d+$/);
    assert.equal(
      (await exchange(targetOf(server), request("GET /"))).status,
      200,
    );
    await server.stop();
  });

  test("a UNIX socket is told by its path (process:P-008)", async () => {
    const folder = await mkdtemp(join(tmpdir(), "server-test-"));
    try {
      const uds = join(folder, "a.sock");
      const { server, lines, start } = serverOf(appOf(), {
        uds,
        port: undefined,
      });
      const target = await start();
      assert.deepEqual(server.addresses, [{ kind: "unix", path: uds }]);
      assert.equal(server.url, uds);
      assert.equal(server.port, undefined);
      assert.equal((await exchange(target, request("GET /"))).body, "hello");
      await server.stop();
      assert.ok(
        lines().includes(
          `info: Tricorn running on unix socket ${uds}`,
        ),
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  for (const loop of ["native", "node"] as const) {
    test(`answers through the transport ${loop}, and counts`, async () => {
      const { server, start } = serverOf(appOf(), { loop });
      const client = await RawClient.connect(await start());
      for (let i = 0; i < 3; i++) {
        assert.equal((await client.request(request("GET /"))).body, "hello");
      }
      assert.deepEqual(server.stats, {
        connections: 1,
        queuedRequests: 0,
        requestsInProgress: 0,
        totalConnections: 1,
        totalRequests: 3,
      });
      assert.equal(await server.stop(), true);
      assert.equal(await client.ended(), "fin");
      assert.deepEqual(server.stats, {
        connections: 0,
        queuedRequests: 0,
        requestsInProgress: 0,
        totalConnections: 1,
        totalRequests: 3,
      });
      client.close();
    });
  }

  test("hands the lifespan's state to requests (asgi:A-058)", async () => {
    const { server, start } = serverOf(async (scope, receive, send) => {
      if (scope.type === "lifespan") {
        (scope as LifespanScope).state.greeting = "hi";
        return await appOf()(scope, receive, send);
      }
      await send({ type: "http.response.start", status: 200 });
      await send({
        type: "http.response.body",
        body: String(scope.state.greeting),
      });
    });
    assert.equal((await exchange(await start(), request("GET /"))).body, "hi");
    await server.stop();
  });

  test("two servers in one process do not know of each other", async () => {
    const one = serverOf(appOf());
    const two = serverOf(appOf(async (_scope, _receive, send) => {
      await send({ type: "http.response.start", status: 404 });
      await send({ type: "http.response.body", body: "two" });
    }));
    const [first, second] = await Promise.all([one.start(), two.start()]);
    assert.equal((await exchange(first, request("GET /"))).body, "hello");
    await one.server.stop();
    assert.equal((await exchange(second, request("GET /"))).body, "two");
    assert.equal(one.server.stats.totalRequests, 1);
    assert.equal(two.server.stats.totalRequests, 1);
    await two.server.stop();
  });

  test("takes no signals (they are the program's)", async () => {
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
    const before = signals.map((name) => process.listenerCount(name));
    const { server, start } = serverOf(appOf());
    await start();
    assert.deepEqual(
      signals.map((name) => process.listenerCount(name)),
      before,
    );
    await server.stop();
  });
});

describe("a start that fails", () => {
  test("port in use: rejects with the system's code, after the application's shutdown (process:P-006)", async () => {
    const first = serverOf(appOf());
    const { port } = await first.start() as { port: number };
    const notes: string[] = [];
    const { server, lines } = serverOf(appOf(hello, notes), { port });
    server.start();
    await assert.rejects(server.listening, (error) => {
      assert.ok(error instanceof ListenError);
      assert.equal(error.code, "EADDRINUSE");
      assert.match(error.message, new RegExp(`${port}`));
      return true;
    });
    await assert.rejects(server.finished, ListenError);
    assert.deepEqual(notes, ["lifespan.startup", "lifespan.shutdown"]);
    assert.equal(
      lines().filter((line) => line.startsWith("error: ")).length,
      1,
    );
    assert.equal(server.phase, "finished");
    assert.equal(await server.stop(), true);
    await first.server.stop();
  });

  test("a port that something else holds is refused as well", async () => {
    const foreign = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => foreign.once("listening", resolve));
    const { port } = foreign.address() as { port: number };
    const { server } = serverOf(appOf(), { port });
    server.start();
    await assert.rejects(server.listening, {
      name: "ListenError",
      code: "EADDRINUSE",
    });
    await new Promise((resolve) => foreign.close(resolve));
  });

  for (const isTold of [true, false]) {
    test(
      `a start that throws rejects with the cause, ${
        isTold ? "behind" : "in place of"
      } startup.failed`,
      async () => {
        const cause = new Error("no database");
        const { server } = serverOf(async (_scope, receive, send) => {
          await receive();
          if (isTold) {
            await send({ type: "lifespan.startup.failed", message: "no luck" });
          }
          throw cause;
        });
        server.start();
        await assert.rejects(server.listening, {
          name: "StartupError",
          message: `Application startup failed: ${
            isTold ? "no luck" : "no database"
          }`,
          cause,
        });
      },
    );
  }

  test("startup.failed: rejects, and no port was opened (asgi:A-158)", async () => {
    const { server, lines } = serverOf(async (_scope, receive, send) => {
      await receive();
      await send({ type: "lifespan.startup.failed", message: "no database" });
    });
    server.start();
    await assert.rejects(server.listening, {
      name: "StartupError",
      message: "Application startup failed: no database",
    });
    await assert.rejects(server.finished, StartupError);
    assert.deepEqual(lines().slice(1), [
      "info: Waiting for application startup.",
      "error: no database",
      "error: Application startup failed. Exiting.",
    ]);
    assert.deepEqual(server.addresses, []);
    assert.equal(server.stats.connections, 0);
  });

  test("an application that cannot be loaded: rejects, and the log tells why", async () => {
    const { server, lines } = serverOf("no_such_module_anywhere:app");
    server.start();
    await assert.rejects(server.listening, AppLoadError);
    await assert.rejects(server.finished, AppLoadError);
    assert.equal(lines().length, 1);
    assert.match(lines()[0], /^error: .*no_such_module_anywhere/);
  });

  test("raises no alarm when nobody waits for it", async () => {
    const raised = await alarms(async () => {
      const { server } = serverOf("no_such_module_anywhere:app");
      server.start();
      await server.stop();
    });
    assert.deepEqual(raised, []);
  });
});

describe("fetch()", () => {
  test("answers with the started application, its state and its mount point", async () => {
    const app: AsgiApp = async (scope, receive, send) => {
      if (scope.type === "lifespan") {
        await receive();
        (scope.state as { name?: string }).name = "state";
        await send({ type: "lifespan.startup.complete" });
        await receive();
        return await send({ type: "lifespan.shutdown.complete" });
      }
      if (scope.type !== "http") return;
      await send({ type: "http.response.start", status: 200 });
      const body = `${scope.path} ${scope.root_path} ${scope.state.name}`;
      await send({ type: "http.response.body", body });
    };
    const server = serve(app, {
      port: 0,
      rootPath: "/mount/",
      logLevel: "critical",
    });
    try {
      const response = await server.fetch(new Request("http://x/a"));
      assert.equal(await response.text(), "/mount/a /mount state");
      assert.equal(server.stats.totalRequests, 0);
    } finally {
      await server.stop();
    }
  });

  test("rejects if the server does not start", async () => {
    const server = serve("no_such_module:app", {
      port: 0,
      logLevel: "critical",
    });
    await assert.rejects(
      server.fetch(new Request("http://x/")),
      AppLoadError,
    );
  });
});

describe("stop()", () => {
  test("is idempotent, and true every time when nobody was cut off", async () => {
    const { server, start, lines } = serverOf(appOf());
    await start();
    assert.deepEqual(await Promise.all([server.stop(), server.stop()]), [
      true,
      true,
    ]);
    assert.equal(await server.stop(), true);
    await server.finished;
    assert.equal(
      lines().filter((line) => line === "info: Shutting down").length,
      1,
    );
  });

  test("refuses new connections (process:P-041, http:H-139)", async () => {
    const { server, start } = serverOf(appOf());
    const target = await start();
    await server.stop();
    await assert.rejects(RawClient.connect(target));
  });

  test("before the start: the server never lives", async () => {
    const notes: string[] = [];
    const { server, lines } = serverOf(appOf(hello, notes));
    assert.equal(await server.stop(), true);
    server.start();
    await assert.rejects(server.listening, StartupError);
    await server.finished;
    assert.deepEqual([notes, lines()], [[], []]);
  });

  test("during startup: the application still gets its shutdown, and no port is opened (process:P-012)", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const notes: string[] = [];
    const { server, lines } = serverOf(async (scope, receive, send) => {
      await promise;
      await appOf(hello, notes)(scope, receive, send);
    });
    server.start();
    const stopped = server.stop();
    resolve();
    assert.equal(await stopped, true);
    await assert.rejects(server.listening, StartupError);
    await server.finished;
    assert.deepEqual(notes, ["lifespan.startup", "lifespan.shutdown"]);
    assert.ok(!lines().some((line) => line.includes("running on")));
  });

  test("closes idle connections, one that never spoke and one with half a head too (http:H-137)", async () => {
    const { server, start } = serverOf(appOf());
    const target = await start();
    const silent = await RawClient.connect(target);
    const half = await RawClient.connect(target);
    half.send("GET / HTTP/1.1\r\nhos");
    const kept = await RawClient.connect(target);
    await kept.request(request("GET /"));
    await until(() => server.stats.connections === 3);
    assert.equal(await server.stop(), true);
    for (const client of [silent, half, kept]) {
      await client.ended();
      assert.equal(client.pending, "");
      client.close();
    }
    assert.equal(server.stats.connections, 0);
  });

  test("lets a request in progress finish, tells it, and says close (http:H-138, asgi:A-245)", async () => {
    const { server, start } = serverOf(appOf(async (scope, receive, send) => {
      const { signal } = scope.extensions.drain_signal;
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      await hello(scope, receive, send);
    }));
    const client = await RawClient.connect(await start());
    client.send(request("GET /"));
    await until(() => server.stats.requestsInProgress === 1);
    const stopped = server.stop();
    const response = await client.readResponse();
    assert.equal(response.body, "hello");
    assert.equal(response.header("connection"), "close");
    assert.equal(await client.ended(), "fin");
    client.close();
    assert.equal(await stopped, true);
    assert.deepEqual(server.stats, {
      connections: 0,
      queuedRequests: 0,
      requestsInProgress: 0,
      totalConnections: 1,
      totalRequests: 1,
    });
  });

  test("waits for background work after a response (http:H-144)", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let isDone = false;
    const { server, start } = serverOf(appOf(async (scope, receive, send) => {
      await hello(scope, receive, send);
      await promise;
      isDone = true;
    }));
    await exchange(await start(), request("GET /"));
    assert.equal(server.stats.requestsInProgress, 1);
    const stopped = server.stop();
    setTimeout(resolve, 10);
    assert.equal(await stopped, true);
    assert.equal(isDone, true);
    assert.equal(server.stats.requestsInProgress, 0);
  });

  test("cuts off who is not done in time, which makes it false (http:H-141, process:P-045)", async () => {
    const notes: string[] = [];
    let reason: unknown;
    const { server, start, lines } = serverOf(appOf(async (scope, receive) => {
      const { signal } = scope.extensions.abort_signal;
      signal.addEventListener("abort", () => reason = signal.reason);
      while ((await receive()).type !== "http.disconnect");
      notes.push("told");
    }, notes));
    const client = await RawClient.connect(await start());
    client.send(request("GET /"));
    await until(() => server.stats.requestsInProgress === 1);
    const stopped = Promise.all([server.stop({ timeout: 0 }), server.stop()]);
    assert.equal((await client.readResponse()).status, 500);
    await client.ended();
    client.close();
    assert.deepEqual(await stopped, [false, false]);
    assert.equal((reason as Error).name, "TimeoutError");
    // process:P-032: the application's shutdown still runs.
    assert.deepEqual(notes, ["lifespan.startup", "told", "lifespan.shutdown"]);
    assert.ok(
      lines().includes(
        "info: Cut off by the shutdown: 1 connection (0 WebSockets, 0 idle) and 1 running task. " +
          "(timeout graceful shutdown exceeded)",
      ),
    );
    assert.deepEqual(server.stats, {
      connections: 0,
      queuedRequests: 0,
      requestsInProgress: 0,
      totalConnections: 1,
      totalRequests: 1,
    });
  });

  test("does not wait for an application that never ends", async () => {
    const { server, start } = serverOf(appOf(() => new Promise(() => {})));
    const client = await RawClient.connect(await start());
    client.send(request("GET /"));
    await until(() => server.stats.requestsInProgress === 1);
    assert.equal(await server.stop({ timeout: 0 }), false);
    await client.ended();
    client.close();
    assert.equal(server.stats.connections, 0);
    assert.equal(server.stats.requestsInProgress, 1); // it still runs: nobody can kill a promise
  });

  test("drops a peer that does not take its answer", async () => {
    const { server, start } = serverOf(appOf(async (_scope, _receive, send) => {
      await send({ type: "http.response.start", status: 200 });
      for (let i = 0; i < 1000; i++) {
        await send({
          type: "http.response.body",
          body: new Uint8Array(65_536),
          more_body: true,
        });
      }
    }));
    const client = await RawClient.connect(await start());
    client.pause();
    client.send(request("GET /"));
    await until(() => server.stats.requestsInProgress === 1);
    assert.equal(await server.stop({ timeout: 0 }), false);
    assert.deepEqual(server.stats, {
      connections: 0,
      queuedRequests: 0,
      requestsInProgress: 0,
      totalConnections: 1,
      totalRequests: 1,
    });
    client.close();
  });

  test("knows whether the application's shutdown failed (asgi:A-161)", async () => {
    const { server, start } = serverOf(async (_scope, receive, send) => {
      await receive();
      await send({ type: "lifespan.startup.complete" });
      await receive();
      await send({ type: "lifespan.shutdown.failed" });
    });
    await start();
    assert.equal(await server.stop(), true);
    assert.equal(server.shutdownFailed, true);
  });

  test("is what the end of an `await using` block does", async () => {
    const { server, start } = serverOf(appOf());
    await start();
    await server[Symbol.asyncDispose]();
    assert.equal(server.phase, "finished");
  });
});

describe("shutdownDelay (wishes:N-001)", () => {
  test("goes on as before until it is over", async () => {
    const { server, start, lines } = serverOf(appOf(), { shutdownDelay: 1 });
    const target = await start();
    const stopped = server.stop();
    await until(() => server.phase === "stopping");
    assert.equal(server.started, false); // not ready: a health check may say so
    assert.ok(
      lines().some((line) => line.includes("Shutting down in 1 second")),
    );
    const response = await exchange(target, request("GET /"));
    assert.equal(response.body, "hello");
    assert.equal(response.header("connection"), undefined);
    assert.equal(await stopped, true);
    await assert.rejects(RawClient.connect(target));
  });

  test("is given to stop(), and taken back by a later one", async () => {
    const { server, start } = serverOf(appOf());
    await start();
    const stopped = server.stop({ delay: 600 });
    await until(() => server.phase === "stopping");
    assert.equal(server.addresses.length, 1);
    void server.stop({ delay: 0 });
    assert.equal(await stopped, true);
  });

  test("is cut short by force", async () => {
    const { server, start } = serverOf(appOf(), { shutdownDelay: 600 });
    await start();
    const stopped = server.stop();
    await until(() => server.phase === "stopping");
    server.forceStop();
    await stopped;
  });
});

describe("forceStop() (process:P-037)", () => {
  test("cuts requests off and skips the application's shutdown (asgi:A-168)", async () => {
    const notes: string[] = [];
    const { server, start } = serverOf(
      appOf(() => new Promise(() => {}), notes),
    );
    const client = await RawClient.connect(await start());
    client.send(request("GET /"));
    await until(() => server.stats.requestsInProgress === 1);
    const stopped = server.stop();
    server.forceStop();
    server.forceStop();
    assert.equal(await stopped, false);
    await client.ended();
    client.close();
    assert.deepEqual(notes, ["lifespan.startup"]);
  });

  for (
    const [what, app] of [
      ["startup", (_scope, _receive, _send) => new Promise(() => {})],
      ["factory", (() => new Promise(() => {})) as AsgiApp],
    ] as const satisfies readonly (readonly [string, AsgiApp])[]
  ) {
    test(`ends a ${what} that hangs (process:P-033)`, async () => {
      const { server } = serverOf(app);
      server.start();
      const stopped = server.stop();
      server.forceStop();
      await stopped;
      await assert.rejects(server.listening, StartupError);
    });
  }

  test("stop() does not wait for an application that is still being loaded", async () => {
    const { server, lines } = serverOf(
      (() => new Promise(() => {})) as AsgiApp,
    );
    server.start();
    await server.stop();
    await assert.rejects(server.listening, StartupError);
    assert.deepEqual(lines(), [
      "info: Stopped while the application was being loaded.",
    ]);
  });

  test("stop() lets an application that is loaded start and stop (process:P-012)", async () => {
    const { server, lines } = serverOf(appOf());
    server.start();
    await server.stop();
    assert.ok(lines().includes("info: Application startup complete."));
    assert.ok(lines().includes("info: Application shutdown complete."));
  });

  test("ends a shutdown that hangs (process:P-033)", async () => {
    let isStopping = false;
    const { server, start } = serverOf(async (_scope, receive, send) => {
      await receive();
      await send({ type: "lifespan.startup.complete" });
      await receive();
      isStopping = true;
      await new Promise(() => {});
    });
    await start();
    const stopped = server.stop();
    await until(() => isStopping);
    server.forceStop();
    await stopped;
    assert.equal(server.shutdownFailed, true);
  });

  test("before the start: the server never lives", async () => {
    const { server } = serverOf(appOf());
    server.forceStop();
    await server.finished;
    assert.equal(server.phase, "finished");
  });
});

describe("limitMaxRequests (options:O-024, http:H-136)", () => {
  test("ends the server after so many responses", async () => {
    const { server, start, lines } = serverOf(appOf(), { limitMaxRequests: 3 });
    const target = await start();
    for (let i = 0; i < 3; i++) {
      assert.equal(server.phase, "running");
      assert.equal((await exchange(target, request("GET /"))).body, "hello");
    }
    await server.finished;
    assert.equal(server.stats.totalRequests, 3);
    assert.ok(
      lines().includes(
        "info: Maximum request limit of 3 exceeded. Terminating process.",
      ),
    );
  });

  test("lets requests in progress finish", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { server, start } = serverOf(
      appOf(async (scope, receive, send) => {
        if (scope.path === "/slow") await promise;
        await hello(scope, receive, send);
      }),
      { limitMaxRequests: 1 },
    );
    const target = await start();
    const slow = await RawClient.connect(target);
    slow.send(request("GET /slow"));
    await until(() => server.stats.requestsInProgress === 1);
    await exchange(target, request("GET /"));
    await until(() => server.phase === "stopping");
    resolve();
    assert.equal((await slow.readResponse()).body, "hello");
    slow.close();
    await server.finished;
  });
});

describe("options that reach the connections", () => {
  for (
    const [what, options, send, expected] of [
      [
        "serverHeader",
        { serverHeader: false, dateHeader: false },
        request("GET /"),
        /^HTTP\/1\.1 200 OK\r\ncontent-length: 5\r\n\r\n$/,
      ],
      [
        "dateHeader",
        { dateHeader: true },
        request("GET /"),
        /\r\ndate: \w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT\r\nserver: tricorn\r\n/,
      ],
      [
        "headers",
        { headers: [["x-a", "1"]] },
        request("GET /"),
        /\r\nx-a: 1\r\n/,
      ],
      [
        "timeoutKeepAlive",
        { timeoutKeepAlive: 0 },
        request("GET /"),
        /\r\nconnection: close\r\n/,
      ],
      [
        "limitRequestHead",
        { limitRequestHead: 256 },
        request("GET /", [`x: ${"y".repeat(300)}`]),
        /^HTTP\/1\.1 431 /,
      ],
    ] as const
  ) {
    test(what, async () => {
      const { server, start } = serverOf(appOf(), options as OptionsInput);
      const response = await exchange(await start(), send);
      assert.match(response.rawHead, expected);
      await server.stop();
    });
  }

  for (
    const [options, path, rootPath] of [
      [{ rootPath: "/api" }, "/api/x", "/api"],
      [{ rootPath: "/api", rootPathMode: "as-is" }, "/x", "/api"],
    ] as const
  ) {
    test(`${JSON.stringify(options)} (asgi:A-229)`, async () => {
      const { server, start } = serverOf(
        appOf(async (scope, _receive, send) => {
          await send({ type: "http.response.start", status: 200 });
          await send({
            type: "http.response.body",
            body: `${scope.path} ${scope.root_path}`,
          });
        }),
        options,
      );
      const response = await exchange(await start(), request("GET /x"));
      assert.equal(response.body, `${path} ${rootPath}`);
      await server.stop();
    });
  }

  test("limitConcurrency (options:O-026, http:H-133)", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { server, start } = serverOf(
      appOf(async (scope, receive, send) => {
        await promise;
        await hello(scope, receive, send);
      }),
      { limitConcurrency: 1 },
    );
    const target = await start();
    const first = await RawClient.connect(target);
    first.send(request("GET /"));
    await until(() => server.stats.requestsInProgress === 1);
    assert.equal((await exchange(target, request("GET /"))).status, 503);
    resolve();
    assert.equal((await first.readResponse()).body, "hello");
    first.close();
    await server.stop();
  });
});

/** Waits for something that will happen; the loop is bounded far above what it needs. */
async function until(isMet: () => boolean): Promise<void> {
  for (let i = 0; i < 3000 && !isMet(); i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.ok(isMet(), "what was waited for did not happen");
}

test("a later stop() with a shorter limit hurries a drain that is under way", async () => {
  const hung = Promise.withResolvers<void>();
  const server = serve(async (scope, _receive, _send) => {
    if (scope.type === "http") await hung.promise;
  }, { port: 0, logLevel: "critical", timeoutGracefulShutdown: 600 });
  await server.listening;
  const answer = fetch(server.url!).catch(() => undefined);
  while (server.stats.requestsInProgress === 0) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const first = server.stop();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(await server.stop({ timeout: 0 }), false);
  assert.equal(await first, false);
  await answer;
  hung.resolve();
});

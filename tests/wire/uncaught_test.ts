/** Errors that the application leaves uncaught, and the option that says what then happens. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { exchange, RawClient, request } from "../_support/raw_client.ts";
import { ServerProcess, withServer } from "../_support/spawn_server.ts";
import { FrameClient } from "../_support/websocket_client.ts";

const REJECTION = /^ERROR: {4}Unhandled promise rejection in the application\./;
const EXCEPTION =
  /^CRITICAL: Uncaught exception in the application\. Draining, then exiting\./;

const serve = (
  use: (server: ServerProcess) => Promise<void>,
  ...args: string[]
) => withServer({ app: "uncaught:app", args }, use);

const get = (server: ServerProcess, path: string) =>
  exchange(server.target, request(`GET ${path}`));

/** The line of the log that matches, and that a stack with `where` follows. */
async function logged(
  server: ServerProcess,
  line: RegExp,
  where: RegExp,
): Promise<void> {
  await server.line("stderr", line);
  await server.line("stderr", where);
  await server.line("stderr", /uncaught\.ts/);
}

/** Starts a request that the application holds. */
async function held(
  server: ServerProcess,
  path: string,
  note: RegExp,
): Promise<RawClient> {
  const client = await RawClient.connect(server.target);
  client.send(request(`GET ${path}`));
  await server.line("stdout", note);
  return client;
}

describe("a promise that nobody handles", () => {
  test("is logged with its stack, and the server goes on", () =>
    serve(async (server) => {
      assert.equal((await get(server, "/reject")).body, "ok /reject");
      await logged(server, REJECTION, /promise broke/);
      assert.equal((await get(server, "/")).body, "ok /");
      server.signal("SIGTERM");
      assert.equal((await server.end()).signal, "SIGTERM");
    }));

  test("is no more when an abort signal rejected it: a client that leaves ends nothing", () =>
    serve(async (server) => {
      const slow = await held(server, "/slow", /app is slow/);
      const client = await held(server, "/detached", /app waits/);
      client.reset();
      await server.line("stderr", REJECTION);
      await server.line("stderr", /ClientDisconnected/);
      await get(server, "/release");
      assert.equal((await slow.readResponse()).body, "ok /slow");
      slow.close();
    }));

  test("drains with --uncaught-errors drain", () =>
    serve(
      async (server) => {
        const slow = await held(server, "/slow-until-drain", /app is slow/);
        await get(server, "/reject");
        assert.equal((await slow.readResponse()).body, "ok /slow-until-drain");
        slow.close();
        assert.deepEqual(await server.end(), { code: 1, signal: null });
        assert.match(server.output, /CRITICAL: Unhandled promise rejection/);
        assert.match(server.output, /Finished server process/);
      },
      "--uncaught-errors",
      "drain",
    ));
});

describe("an exception that nobody catches", () => {
  test("lets requests in progress finish, then ends with code 1", () =>
    serve(async (server) => {
      const slow = await held(server, "/slow-until-drain", /app is slow/);
      assert.equal((await get(server, "/timer")).body, "ok /timer");
      assert.equal((await slow.readResponse()).body, "ok /slow-until-drain");
      slow.close();
      assert.deepEqual(await server.end(), { code: 1, signal: null });
      await logged(server, EXCEPTION, /timer broke/);
      assert.match(server.output, /Finished server process/);
    }));

  for (const loop of ["native", "node"]) {
    test(`may come from an abort listener of a request, --loop ${loop}`, () =>
      serve(
        async (server) => {
          const slow = await held(server, "/slow-until-drain", /app is slow/);
          (await held(server, "/abort", /app waits/)).reset();
          assert.equal(
            (await slow.readResponse()).body,
            "ok /slow-until-drain",
          );
          slow.close();
          assert.deepEqual(await server.end(), { code: 1, signal: null });
          await logged(server, EXCEPTION, /abort listener broke/);
        },
        "--loop",
        loop,
      ));

    test(`may come from an abort listener of a WebSocket, --loop ${loop}`, () =>
      serve(
        async (server) => {
          const slow = await held(server, "/slow-until-drain", /app is slow/);
          const client = await FrameClient.connect(server.target, "/");
          client.reset();
          assert.equal(
            (await slow.readResponse()).body,
            "ok /slow-until-drain",
          );
          slow.close();
          assert.deepEqual(await server.end(), { code: 1, signal: null });
          await logged(server, EXCEPTION, /WebSocket abort listener broke/);
        },
        "--loop",
        loop,
      ));
  }

  test("may come from a drain listener: SIGTERM still drains, with code 1", () =>
    serve(async (server) => {
      const slow = await held(server, "/slow-until-drain", /app is slow/);
      await get(server, "/drain");
      server.signal("SIGTERM");
      assert.equal((await slow.readResponse()).body, "ok /slow-until-drain");
      slow.close();
      assert.deepEqual(await server.end(), { code: 1, signal: null });
      await logged(server, EXCEPTION, /drain listener broke/);
    }));

  test("during startup ends with code 1 at once", async () => {
    const server = new ServerProcess({
      app: "uncaught:starting",
      args: ["--port", "0"],
    });
    assert.deepEqual(await server.end(), { code: 1, signal: null });
    await logged(server, EXCEPTION, /timer broke/);
  });

  test("is only logged with --uncaught-errors continue", () =>
    serve(
      async (server) => {
        await get(server, "/timer");
        await logged(
          server,
          /^ERROR: {4}Uncaught exception in the application\.$/,
          /timer broke/,
        );
        assert.equal((await get(server, "/")).body, "ok /");
        server.signal("SIGTERM");
        assert.equal((await server.end()).signal, "SIGTERM");
      },
      "--uncaught-errors",
      "continue",
    ));

  for (const path of ["/timer", "/reject"]) {
    test(`ends at once with --uncaught-errors exit: ${path}`, () =>
      serve(
        async (server) => {
          const slow = await held(server, "/slow", /app is slow/);
          const client = await RawClient.connect(server.target);
          client.send(request(`GET ${path}`));
          await slow.ended();
          assert.deepEqual(await server.end(), { code: 1, signal: null });
          assert.match(server.output, /CRITICAL: .* Exiting\./);
          assert.ok(!server.output.includes("Shutting down"));
          slow.close();
          client.close();
        },
        "--uncaught-errors",
        "exit",
      ));
  }
});

/** A server as a whole program: signals and exit codes. Its log lines are the wire suite's. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { describe, test } from "node:test";
import type { AsgiApp } from "../src/asgi.ts";
import { Config } from "../src/config/config.ts";
import type { OptionsInput } from "../src/config/options/mod.ts";
import { ConfigError } from "../src/errors.ts";
import { run } from "../src/run.ts";
import { Server } from "../src/server/server.ts";
import { commandLine } from "./_support/this_runtime.ts";

const QUIET = {
  port: 0,
  logLevel: "critical",
  accessLog: false,
} satisfies OptionsInput;

const listeners = () =>
  ["SIGINT", "SIGTERM"].map((name) => process.listenerCount(name));

const app: AsgiApp = async (_scope, receive, send) => {
  await receive();
  await send({ type: "lifespan.startup.complete" });
  await receive();
  await send({ type: "lifespan.shutdown.complete" });
};

/** Starts the program of the signal tests: `deno test` keeps signals of its own process to itself. */
function start(
  shutdown: "good" | "failing" | "hanging" | "unref" | "broken",
  stderr: "inherit" | "ignore" = "inherit",
) {
  const { program, args } = commandLine("tests/_support/run_program.ts", [
    shutdown,
  ]);
  const child = spawn(program, [...args], {
    stdio: ["ignore", "pipe", stderr],
  });
  const lines = createInterface({ input: child.stdout })
    [Symbol.asyncIterator]();
  const next = async () => String((await lines.next()).value);
  return {
    child,
    next,
    // Deno 2.9: ChildProcess.kill() works only once.
    raise: (signal: NodeJS.Signals) => process.kill(child.pid!, signal),
    ending: async () => JSON.parse(await next()),
  };
}

describe("run()", () => {
  test("rejects with ConfigError for a wrong option, and takes no signals for it", async () => {
    const before = listeners();
    await assert.rejects(run(app, { ...QUIET, port: -1 }), ConfigError);
    assert.deepEqual(listeners(), before);
  });

  test("serves a server that was made before, with the options it has", async () => {
    const server = new Server(new Config(app, QUIET));
    const ended = run(server);
    await server.listening;
    await assert.rejects(run(server, { port: 1 }), ConfigError);
    await server.stop();
    assert.equal(await ended, 0);
  });

  for (
    const [what, program, options] of [
      ["the application cannot be loaded", "no_such_module_anywhere:app", {}],
      [
        "startup fails (process:P-022)",
        (async (_scope, _receive, send) => {
          await send({ type: "lifespan.startup.failed" });
        }) as AsgiApp,
        {},
      ],
      ["the address cannot be listened on (process:P-006)", app, {
        host: "192.0.2.1",
      }],
    ] as const
  ) {
    test(`resolves to 3 when ${what} (options:X-004)`, async () => {
      const before = listeners();
      assert.equal(await run(program, { ...QUIET, ...options }), 3);
      assert.equal(process.exitCode, 3);
      process.exitCode = 0; // ours, not the test's
      assert.deepEqual(listeners(), before);
    });
  }
});

test("Server.unref() lets the process end although the server runs", async () => {
  const { child, next } = start("unref");
  const exited = new Promise((resolve) => child.once("exit", resolve));
  assert.equal(await next(), "up");
  assert.equal(await exited, 0);
});

test("serve() leaves uncaught errors to the program around it", async () => {
  const { child, next } = start("broken", "ignore");
  const exited = new Promise((resolve) => child.once("exit", resolve));
  assert.equal(await next(), "up");
  assert.equal(await exited, 1);
});

// Windows has no signals to send; what it has instead is runtime/process/signals.ts's business.
describe("signals", { skip: process.platform === "win32" }, () => {
  for (
    const [signal, ending] of [
      ["SIGINT", { exitCode: 0, left: 0 }],
      ["SIGTERM", { exitCode: 143, signal: "SIGTERM", left: 0 }],
    ] as const
  ) {
    test(`${signal} drains, and its handlers are given back (options:X-001, X-005, process:P-035)`, async () => {
      const program = start("good");
      assert.equal(await program.next(), "up");
      program.raise(signal);
      assert.equal(await program.next(), "stopping");
      assert.deepEqual(await program.ending(), ending);
    });
  }

  test("a shutdown that failed makes the exit code 1 (asgi:A-161)", async () => {
    const program = start("failing");
    assert.equal(await program.next(), "up");
    program.raise("SIGINT");
    assert.equal(await program.next(), "stopping");
    assert.deepEqual(await program.ending(), { exitCode: 1, left: 0 });
  });

  test("a second SIGINT ends a shutdown that hangs (process:P-033, P-037)", async () => {
    const program = start("hanging");
    assert.equal(await program.next(), "up");
    program.raise("SIGINT");
    assert.equal(await program.next(), "stopping");
    program.raise("SIGINT");
    assert.deepEqual(await program.ending(), { exitCode: 1, left: 0 });
  });
});

/** The server as a part of somebody else's program: what it does to the process, and does not. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import type { AsgiApp } from "../src/asgi.ts";
import { ConfigError, ListenError } from "../src/errors.ts";
import { serve, type ServeOptions } from "../src/serve.ts";
import { commandLine, ROOT, RUNTIME } from "./_support/this_runtime.ts";

const folder = mkdtempSync(join(tmpdir(), "tricorn-embedding-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a program to its end, which has to come by itself. */
function ran(file: string, args: readonly string[] = []) {
  const line = commandLine(file, args);
  const { status, stdout, stderr, error } = spawnSync(line.program, line.args, {
    cwd: folder,
    encoding: "utf8",
    timeout: 60_000,
    env: { ...process.env, NO_COLOR: "1" },
  });
  if (error !== undefined) throw error;
  assert.equal(status, 0, stderr);
  return stdout;
}

/** An application that answers with `text`. */
function answering(text: string): AsgiApp {
  return async (scope, _receive, send) => {
    if (scope.type !== "http") throw new Error("only HTTP");
    await send({ type: "http.response.start", status: 200 });
    await send({ type: "http.response.body", body: text });
  };
}

const QUIET = { port: 0, logLevel: "critical" } as const satisfies ServeOptions;

describe("importing", () => {
  const url = (path: string) => pathToFileURL(join(ROOT, path)).href;

  for (const path of ["mod.ts", "src/testing/mod.ts", "src/helpers/mod.ts"]) {
    test(`${path} opens nothing, sets no timer, and patches no global`, () => {
      const told = ran("tests/_support/import_program.ts", [url(path)]);
      assert.deepEqual(JSON.parse(told), {
        changed: [],
        calls: [],
        listeners: [],
      });
    });
  }

  test("what would do so is noticed", () => {
    mkdirSync(join(folder, "src"));
    const file = join(folder, "src", "rude.mjs");
    writeFileSync(
      file,
      `import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import process from "node:process";
globalThis.rude = 1;
setTimeout(() => {}, 1);
createServer();
readFileSync(new URL(import.meta.url));
process.on("SIGUSR2", () => {});
process.nextTick(() => process.removeAllListeners("SIGUSR2"));
`,
    );
    const told = JSON.parse(
      ran("tests/_support/import_program.ts", [pathToFileURL(file).href]),
    );
    assert.deepEqual(told.changed, ["globalThis.rude"]);
    assert.deepEqual(
      told.calls.filter((name: string) => name !== "fs.openSync"),
      // What is imported by name can be watched on Node alone.
      RUNTIME === "node"
        ? ["globalThis.setTimeout", "net.createServer", "fs.readFileSync"]
        : ["globalThis.setTimeout"],
    );
  });
});

describe("several servers in one process", () => {
  test("have options, logs and ends of their own", async () => {
    const logs: string[][] = [[], []];
    const [first, second] = logs.map((lines, index) =>
      serve(answering(`server ${index}`), {
        port: 0,
        limitRequestTarget: index === 0 ? 64 : 2000,
        logSink: ({ message }) => lines.push(message),
      })
    );
    await Promise.all([first!.listening, second!.listening]);
    const long = `/${"a".repeat(100)}`;
    assert.equal((await fetch(`${first!.url}${long}`)).status, 414);
    const response = await fetch(`${second!.url}${long}`);
    assert.equal(await response.text(), "server 1");
    assert.equal(await first!.stop(), true);
    assert.equal(first!.phase, "finished");
    assert.equal(second!.phase, "running");
    assert.equal(await (await fetch(second!.url!)).text(), "server 1");
    await second!.stop();
    const [one, two] = logs.map((lines) => lines.join("\n"));
    assert.match(one!, /GET \/a{100} .*414/);
    assert.doesNotMatch(one!, / 200/);
    assert.match(two!, /GET \/a{100} .*200/);
  });

  test("cannot have the same port, and the second one says so with the system's code", async () => {
    const first = serve(answering("a"), QUIET);
    await first.listening;
    const second = serve(answering("b"), { ...QUIET, port: first.port! });
    await assert.rejects(second.listening, (error) => {
      assert.ok(error instanceof ListenError);
      assert.equal(error.code, "EADDRINUSE");
      return true;
    });
    await assert.rejects(second.finished, ListenError);
    assert.equal(await (await fetch(first.url!)).text(), "a");
    await first.stop();
  });
});

describe("a server", () => {
  test("is stopped once, however often it is asked", async () => {
    const server = serve(answering("a"), QUIET);
    await server.listening;
    const all = await Promise.all([
      server.stop(),
      server.stop(),
      server.stop(),
    ]);
    assert.deepEqual(all, [true, true, true]);
    assert.equal(await server.stop(), true);
    await server.finished;
  });

  test("stop() is false if a request had to be cut off", async () => {
    const server = serve(async (scope, _receive, _send) => {
      if (scope.type === "http") await new Promise(() => {});
    }, QUIET);
    await server.listening;
    const cut = fetch(server.url!);
    while (server.stats.requestsInProgress === 0) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.equal(await server.stop({ timeout: 0 }), false);
    assert.equal((await cut).status, 500);
  });

  test("ends with the block that declares it", async () => {
    let kept;
    {
      await using server = serve(answering("a"), QUIET);
      await server.listening;
      kept = server;
      assert.equal(server.phase, "running");
    }
    assert.equal(kept.phase, "finished");
    assert.deepEqual(kept.addresses, []);
  });

  test("throws at once for wrong options, with a code", () => {
    assert.throws(
      () => serve(answering("a"), { port: "x" as never }),
      (error) =>
        error instanceof ConfigError && error.code === "ERR_TRICORN_CONFIG",
    );
  });

  test("starts and stops a hundred times on a port", async () => {
    const ports = new Set<number>();
    for (let i = 0; i < 100; i++) {
      const server = serve(answering("a"), QUIET);
      await server.listening;
      ports.add(server.port!);
      assert.equal(await server.stop(), true);
      assert.equal(server.stats.connections, 0);
    }
    assert.ok(ports.size > 1);
  });

  test("is a program in a few lines, which ends by itself after stop()", () => {
    const file = join(folder, "program.mts");
    writeFileSync(
      file,
      `import { serve, type ServeOptions } from ${
        JSON.stringify(pathToFileURL(join(ROOT, "mod.ts")).href)
      };
import process from "node:process";
const options = { port: 0, logLevel: "warning" } satisfies ServeOptions;
const server = serve(async (scope, _receive, send) => {
  if (scope.type !== "http") throw new Error("only HTTP");
  await send({ type: "http.response.start", status: 200 });
  await send({ type: "http.response.body", body: "from a program" });
}, options);
await server.listening;
console.log(process.listenerCount("SIGINT") + process.listenerCount("SIGTERM"));
console.log(await (await fetch(server.url!)).text());
console.log(await server.stop());
`,
    );
    const lines = ran(file).trim().split(/\r?\n/)
      .filter((line) => !line.startsWith("127.0.0.1:"));
    assert.deepEqual(lines, ["0", "from a program", "true"]);
  });
});

/** Signals, exit codes, arguments, output, and what keeps a process alive: seen from its parent. */
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { RUNTIME } from "../_support/this_runtime.ts";
import { startProgram } from "./_child.ts";
import { label, withDirectory } from "./_wire.ts";

const isPosix = process.platform !== "win32";
const IS_DENO = RUNTIME === "deno";

test("runtime.args are the arguments after the script", async () => {
  const child = startProgram(["args", "one", "--two", "three four", ""]);
  await child.exited;
  assert.deepEqual(JSON.parse(child.stdout), [
    "one",
    "--two",
    "three four",
    "",
  ]);
});

test("runtime.exit() keeps the code, and loses nothing that was written", async () => {
  for (const code of [0, 3]) {
    const child = startProgram(["exit", String(code)]);
    assert.deepEqual(await child.exited, { code, signal: null });
    assert.equal(child.stdout.length, 300_001);
  }
});

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  test(`onSignal() hears ${signal}; dieBySignal() dies by it`, {
    skip: !isPosix,
  }, async () => {
    const child = startProgram(["signals", signal, "2"]);
    await child.says("ready");
    child.kill(signal);
    await child.says("heard 1");
    child.kill(signal);
    assert.deepEqual(await child.exited, { code: null, signal });
    assert.ok(!child.stdout.includes("heard 3"));
  });
}

test("handlers of signals and intervals do not keep the process alive", async () => {
  const child = startProgram(["idle"]);
  assert.deepEqual(await child.exited, { code: 0, signal: null });
  assert.equal(child.stderr, "");
});

for (
  const name of RUNTIME === "node"
    ? ["node"] as const
    : ["native", "node"] as const
) {
  test(`${label(name)} listener keeps the process alive only while referenced`, async () => {
    const free = startProgram(["unref", name]);
    assert.deepEqual(await free.exited, { code: 0, signal: null });
    assert.equal(free.stdout, "listening\n");
    const held = startProgram(["unref", name, "ref"]);
    await held.says("listening");
    await new Promise((resolve) => setTimeout(resolve, 150));
    assert.equal(held.process.exitCode, null);
    held.kill("SIGKILL");
    await held.exited;
  });
}

test("a reader that goes away does not end the process", async () => {
  const child = startProgram(["flood", "20000"]);
  child.process.stdout?.destroy();
  assert.deepEqual(await child.exited, { code: 3, signal: null });
  assert.equal(child.stderr, "alive\n");
});

test("a reader that is slow gets every line", async () => {
  const child = startProgram(["flood", "5000"]);
  child.process.stdout?.pause();
  setTimeout(() => child.process.stdout?.resume(), 200);
  assert.deepEqual(await child.exited, { code: 3, signal: null });
  assert.equal(child.stdout.length, 5000 * 100 + 200_001);
});

test("runtime.env() reads what is set, and what Deno forbids is unset", async () => {
  const env = { TRICORN_TEST_ENV: "value" };
  const allowed = startProgram(["env"], { env });
  await allowed.exited;
  assert.equal(allowed.stdout, "value\n");
  if (!IS_DENO) return;
  const denied = startProgram(["env"], { env, denoFlags: [] });
  await denied.exited;
  assert.equal(denied.stdout, "undefined\n");
  const named = startProgram(["env"], {
    env,
    denoFlags: ["--allow-env=TRICORN_TEST_ENV"],
  });
  await named.exited;
  assert.equal(named.stdout, "value\n");
});

if (IS_DENO) {
  const listens = async (
    args: string[],
    denoFlags: string[],
  ): Promise<string> => {
    const child = startProgram(["listen", ...args], { denoFlags });
    const { code } = await child.exited;
    assert.equal(child.stderr, "");
    assert.equal(code, 0);
    return child.stdout.trimEnd();
  };
  for (const name of ["native", "node"]) {
    test(`[deno] ${name} listen() names the flag that Deno wants for TCP`, async () => {
      const tcp = (
        host: string,
        port: string,
        ...flags: string[]
      ): Promise<string> => listens([name, "tcp", host, port], flags);
      assert.equal(
        await tcp("127.0.0.1", "18999"),
        "NotCapable Cannot listen on 127.0.0.1:18999: " +
          "Deno does not allow it, run it with --allow-net=127.0.0.1:18999",
      );
      assert.equal(
        await tcp("::1", "18999", "--allow-net=127.0.0.1"),
        "NotCapable Cannot listen on [::1]:18999: " +
          "Deno does not allow it, run it with --allow-net=[::1]:18999",
      );
      assert.match(await tcp("localhost", "0"), /--allow-net=localhost$/);
      assert.match(
        await tcp("localhost", "0", "--allow-net=localhost"),
        /--allow-net=localhost,[\d.[\]:]+$/,
      );
      assert.equal(
        await tcp("127.0.0.1", "0", "--allow-net=127.0.0.1"),
        "listened",
      );
      assert.equal(await tcp("127.0.0.1", "0", "--allow-net"), "listened");
    });

    test(`[deno] ${name} listen() names the flags that Deno wants for a UNIX socket`, () =>
      withDirectory(async (directory) => {
        const path = `${directory}/s.sock`;
        const unix = (...flags: string[]): Promise<string> =>
          listens([name, "unix", path], flags);
        const net = `--allow-net=unix:${path}`;
        const read = `--allow-read=${path}`;
        const write = `--allow-write=${path}`;
        assert.ok((await unix()).endsWith(net));
        assert.ok((await unix(net)).endsWith(read));
        assert.ok((await unix(net, read)).endsWith(write));
        assert.equal(await unix(net, read, write), "listened");
        const directories = [
          `--allow-read=${directory}`,
          `--allow-write=${directory}`,
        ];
        assert.equal(await unix("--allow-net", ...directories), "listened");
      }));
  }
}

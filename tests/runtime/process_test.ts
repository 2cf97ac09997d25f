/** Signals, exit codes, arguments, output, and what keeps a process alive: seen from its parent. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, constants, existsSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { RUNTIME } from "../_support/this_runtime.ts";
import { type Child, startProgram } from "./_child.ts";
import { label, until, withDirectory } from "./_wire.ts";

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

/** A descriptor that takes what a child writes, and the means to read it. */
function fifo(directory: string): { path: string; read: () => string } {
  const path = join(directory, "fifo");
  execFileSync("mkfifo", [path]);
  const { O_RDWR, O_NONBLOCK } = constants;
  // Open for writing too, so that nobody's opening waits, and reads never find an end.
  const descriptor = openSync(path, O_RDWR | O_NONBLOCK);
  const into = new Uint8Array(1 << 16);
  const read = (): string => {
    let text = "";
    try {
      for (;;) {
        const size = readSync(descriptor, into);
        text += new TextDecoder().decode(into.subarray(0, size));
      }
    } catch (error) {
      if ((error as { code?: string }).code === "EAGAIN") return text;
      throw error;
    }
  };
  return { path, read };
}

/** Reads again and again, for as long as the child lives. */
async function readOut(child: Child, read: () => string): Promise<string> {
  let text = "";
  const timer = setInterval(() => text += read(), 5);
  await child.exited;
  clearInterval(timer);
  return text + read();
}

describe("an output that nobody reads", { skip: !isPosix }, () => {
  test("that is a pipe stops nothing: lines are kept up to a limit, then dropped and counted", () =>
    withDirectory(async (directory) => {
      const { path, read } = fifo(directory);
      const out = openSync(path, constants.O_WRONLY);
      const child = startProgram(["stuck", "30000"], {
        stdio: ["pipe", out, "pipe"],
      });
      closeSync(out);
      await until(() => child.stderr.includes("written"), "all is written");
      assert.doesNotMatch(child.stderr, /dropped/);
      child.process.stdin!.write("read\n");
      const lines = (await readOut(child, read)).trimEnd().split("\n");
      assert.deepEqual(await child.exited, { code: 0, signal: null });
      const [, dropped] = /dropped (\d+)/.exec(child.stderr)!;
      const kept = lines.filter((line) => /^\d+ y{90}$/.test(line));
      const later = lines.filter((line) => /^later \d+$/.test(line));
      assert.equal(kept.length + later.length, lines.length, "whole lines");
      assert.equal(kept.length + Number(dropped), 30_000);
      assert.ok(kept.length > 5_000 && Number(dropped) > 5_000);
      kept.forEach((line, i) => assert.ok(line.startsWith(`${i} `)));
      assert.equal(later.length, 100);
      assert.equal(child.stderr.match(/dropped/g)!.length, 1);
    }));

  test("does not keep the process from ending, whatever kind it is", async () => {
    const child = startProgram(["flood", "60000"]);
    child.process.stdout!.pause();
    await until(() => child.stderr === "alive\n", "the program is alive");
    await until(() => child.process.exitCode === 3, "it has ended");
    child.process.stdout!.destroy();
  });

  test("does not keep SIGTERM from ending it", () =>
    withDirectory(async (directory) => {
      const { path } = fifo(directory);
      const out = openSync(path, constants.O_WRONLY);
      const child = startProgram(["stuck", "30000"], {
        stdio: ["pipe", out, "pipe"],
      });
      closeSync(out);
      await until(() => child.stderr.includes("written"), "all is written");
      child.kill("SIGTERM");
      assert.deepEqual(await child.exited, { code: null, signal: "SIGTERM" });
    }));
});

test("an output on a full disk ends nothing", {
  skip: existsSync("/dev/full") ? false : "there is no /dev/full",
}, async () => {
  const full = openSync("/dev/full", "w");
  const child = startProgram(["flood", "1000"], {
    stdio: ["ignore", full, "pipe"],
  });
  closeSync(full);
  assert.deepEqual(await child.exited, { code: 3, signal: null });
  assert.equal(child.stderr, "alive\n");
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

    test(`[deno] ${name} listen() asks for a UNIX socket by its absolute path`, async () => {
      const unix = (...flags: string[]): Promise<string> =>
        listens([name, "unix", "some.sock"], flags);
      assert.ok((await unix()).endsWith("--allow-read=."));
      assert.match(
        await unix("--allow-read"),
        /--allow-net=unix:\/.*some\.sock$/,
      );
    });
  }
}

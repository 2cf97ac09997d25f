/** Messages to systemd, as a manager receives them. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { runtime } from "../../../src/runtime/mod.ts";
import { notifySystemd } from "../../../src/runtime/process/systemd_notify.ts";
import { needsProgram, PYTHON } from "../../_support/needs.ts";
import { until, withDirectory } from "../_wire.ts";

const MANAGER = fileURLToPath(new URL("_systemd.py", import.meta.url));
const skip = process.platform !== "linux" || needsProgram(PYTHON) ||
  (runtime.name === "node" && needsProgram("systemd-notify"));

interface Heard {
  readonly text: string;
  readonly pid: number;
}

/** Runs `body` with a manager at `socket`, and what it has heard so far. */
async function withManager(
  socket: string,
  body: (heard: readonly Heard[]) => Promise<void>,
): Promise<void> {
  const manager: ChildProcess = spawn(PYTHON, [MANAGER, socket], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const gone = new Promise((resolve) => manager.once("exit", resolve));
  const lines: unknown[] = [];
  let rest = "";
  manager.stdout!.setEncoding("utf8").on("data", (text: string) => {
    const all = (rest + text).split("\n");
    rest = all.pop()!;
    lines.push(...all.map((line) => JSON.parse(line)));
  });
  try {
    await until(() => lines[0] === "up", "the manager listens");
    lines.shift();
    await body(lines as Heard[]);
  } finally {
    manager.kill("SIGKILL");
    await gone;
  }
}

describe("notifySystemd()", { skip }, () => {
  const places: Readonly<Record<string, (directory: string) => string>> = {
    "a path": (directory) => join(directory, "notify"),
    "an abstract name": () => `@tricorn-test-${runtime.name}-${process.pid}`,
  };
  for (const [place, socketIn] of Object.entries(places)) {
    test(`reaches ${place}, line for line and in order`, () =>
      withDirectory((directory) => {
        const socket = socketIn(directory);
        return withManager(socket, async (heard) => {
          const states = ["READY=1\nSTATUS=Grüße, 3 workers", "WATCHDOG=1"];
          await Promise.all(
            states.map((state) => notifySystemd(state, socket)),
          );
          await until(() => heard.length === 2, "both have come");
          assert.deepEqual(heard.map(({ text }) => text.trim()), states);
          // NotifyAccess=main of a service believes nobody else.
          if (runtime.name !== "node") {
            assert.deepEqual(heard.map(({ pid }) => pid), [
              process.pid,
              process.pid,
            ]);
          }
        });
      }));
  }

  test("tells when a reload has begun, by the clock of the system (Type=notify-reload)", () =>
    withDirectory((directory) => {
      const socket = join(directory, "notify");
      return withManager(socket, async (heard) => {
        await notifySystemd("RELOADING=1", socket);
        await until(() => heard.length === 1, "it has come");
        const [first, ...others] = heard[0]!.text.trim().split("\n");
        assert.equal(first, "RELOADING=1");
        // systemd-notify adds the time since systemd 253, whose services ask for it.
        if (others.length === 0 && runtime.name === "node") return;
        const { stdout } = spawnSync(PYTHON, [
          "-c",
          "import time; print(time.monotonic_ns() // 1000)",
        ], { encoding: "utf8" });
        const time = Number(/^MONOTONIC_USEC=(\d+)$/.exec(others.join())?.[1]);
        assert.ok(time <= Number(stdout), `${time} ${stdout}`);
        assert.ok(time > Number(stdout) - 600e6, `${time} ${stdout}`);
      });
    }));

  test("says in one line that nobody is there", () =>
    withDirectory((directory) =>
      assert.rejects(
        notifySystemd("READY=1", join(directory, "none")),
        /^Error: Cannot notify systemd[^\n]*$/,
      )
    ));
});

test("notifySystemd() refuses what is no such socket", async () => {
  for (const socket of ["notify", "@", "vsock:2:1234"]) {
    await assert.rejects(
      notifySystemd("READY=1", socket),
      /expected an absolute path, or "@" and a name/,
    );
  }
});

test("without NOTIFY_SOCKET nothing happens", async () => {
  assert.equal(process.env.NOTIFY_SOCKET, undefined);
  await runtime.notifySystemd("READY=1");
});

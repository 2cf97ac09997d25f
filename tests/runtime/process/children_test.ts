/** Children of a process and the channel between them: what each of the two hears. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { describe, test } from "node:test";
import { spawnChild } from "../../../src/runtime/process/children.ts";
import { commandLine, RUNTIME } from "../../_support/this_runtime.ts";
import { PATIENCE_MS, until } from "../_wire.ts";

const isPosix = process.platform !== "win32";

interface Parent {
  readonly raw: ChildProcess;
  readonly lines: readonly string[];
  readonly ended: Promise<void>;
}

/** Runs `_family.ts` as a parent; it is killed when it takes longer than a minute. */
function startParent(
  args: readonly string[],
  denoFlags: readonly string[] = ["-A"],
): Parent {
  const command = commandLine("tests/runtime/process/_family.ts", args);
  const all = command.args.flatMap((arg) =>
    RUNTIME === "deno" && arg === "-A" ? ["--no-prompt", ...denoFlags] : [arg]
  );
  const raw = spawn(command.program, all, {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: string[] = [];
  let rest = "";
  raw.stdout.setEncoding("utf8").on("data", (text: string) => {
    const all = (rest + text).split("\n");
    rest = all.pop()!;
    lines.push(...all);
  });
  const killer = setTimeout(() => kill(raw.pid!), PATIENCE_MS);
  const ended = new Promise<void>((resolve) =>
    raw.once("close", () => {
      clearTimeout(killer);
      resolve();
    })
  );
  return { raw, lines, ended };
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It is gone.
  }
}

/** Of Deno. The others allow everything. */
const FLAGS: Readonly<Record<string, readonly string[]>> = {
  "with all permissions": ["-A"],
  "with few permissions": [
    "--allow-read",
    "--allow-env",
    `--allow-run=${process.execPath}`,
  ],
};

for (const [how, flags] of Object.entries(FLAGS)) {
  test(`parent and child talk, however early and long ${how}`, async () => {
    const { lines, ended } = startParent(["talk"], flags);
    await ended;
    // Both write to one pipe, each in its order.
    assert.deepEqual(lines.filter((line) => line !== "closed false"), [
      'child says {"kind":"first","length":100000}',
      'child says {"kind":"second","length":0}',
      'child says {"worker":"7","parent":null}',
      "ended 5 null",
      "sent false",
      "done",
    ]);
    assert.ok(lines.includes("closed false"), "a closed link sends nothing");
  });
}

describe("signals to children", { skip: !isPosix }, () => {
  const SIGNALS = ["SIGQUIT", "SIGUSR2", "SIGTTIN", "SIGWINCH"];
  for (const last of ["SIGTERM", "SIGKILL"]) {
    test(`are heard, and ${last} ends it`, async () => {
      const { lines, ended } = startParent(["signal", ...SIGNALS, last]);
      await ended;
      assert.deepEqual(lines, [
        ...SIGNALS.map((signal) => `child heard ${signal}`),
        `ended null ${last}`,
      ]);
    });
  }

  test("SIGKILL needs no more than the permission for this program", async () => {
    const flags = FLAGS["with few permissions"];
    const { lines, ended } = startParent(["signal", "SIGKILL"], flags);
    await ended;
    assert.deepEqual(lines, ["ended null SIGKILL"]);
  });
});

test("what a child starts in turn has no link", async () => {
  const { lines, ended } = startParent(["grandchild"]);
  await ended;
  assert.deepEqual(lines, ["link undefined"]);
});

test(
  "a child hears that its parent was killed",
  { skip: !isPosix },
  async () => {
    const { raw, lines, ended } = startParent(["orphan"]);
    const found = () =>
      lines.map((line) => /^orphan (\d+)$/.exec(line)?.[1]).find(Boolean);
    try {
      await until(() => found() !== undefined, "the child is up");
      kill(raw.pid!);
      // The child holds the pipe until it ends.
      await ended;
      assert.equal(lines.at(-1), "lost");
    } finally {
      kill(raw.pid!);
      if (found() !== undefined) kill(Number(found()));
    }
  },
);

test("a program that cannot be started is an error with its code", async () => {
  const options = { args: [], env: {}, descriptors: [] };
  const command = { program: "/nowhere/at/all", args: [] };
  await assert.rejects(spawnChild(options, command), { code: "ENOENT" });
});

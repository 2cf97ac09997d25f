/** The tasks of deno.json work after `npm ci`, which puts programs of their names on the path. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { ROOT } from "./_support/this_runtime.ts";
import { findRuntime } from "./_support/toolbox.mjs";

const { tasks }: { tasks: Readonly<Record<string, string>> } = JSON.parse(
  readFileSync(join(ROOT, "deno.json"), "utf8"),
);

function runTask(...args: readonly string[]) {
  const { program } = findRuntime(ROOT, "deno");
  return spawnSync(program, ["task", ...args], {
    cwd: ROOT,
    encoding: "utf8",
    timeout: 60_000,
    env: { ...process.env, NO_COLOR: "1" },
  });
}

for (
  const [task, args, said] of [
    ["lint", ["src/version.ts"], /^Checked 1 file$/m],
    ["fmt", ["--check", "src/version.ts"], /^Checked 1 file$/m],
    ["serve", ["--version"], /^Running tricorn .* with Deno /m],
    ["build", ["--out", "src"], /^Cannot build into ".*src": /m],
    ["test", ["--only", "none"], /^Cannot use --only "none": /m],
    ["matrix", ["--only", "none"], /^Cannot use --only "none": /m],
  ] as const
) {
  test(`deno task ${task} starts what it names`, () => {
    const { stdout, stderr } = runTask(task, ...args);
    assert.match(stdout + stderr, said);
    assert.doesNotMatch(stderr, /SyntaxError/);
  });
}

test("no task takes a program below node_modules for a script", () => {
  for (const [name, command] of Object.entries(tasks)) {
    for (const part of command.split(" && ")) {
      assert.doesNotMatch(part, /^(deno|node|bun)\b/, `deno task ${name}`);
    }
  }
});

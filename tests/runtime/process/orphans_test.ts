/** Zombies of strangers, as PID 1 of a namespace (wishes: a container without an init). */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { runtime } from "../../../src/runtime/mod.ts";
import { reapOrphans } from "../../../src/runtime/process/orphans.ts";
import { needsPidNamespace } from "../../_support/needs.ts";
import { commandLine } from "../../_support/this_runtime.ts";

test("PID 1 waits for strangers' children, or says that it cannot", {
  skip: needsPidNamespace(),
}, () => {
  const { program, args } = commandLine("tests/runtime/process/_init.ts");
  const output = execFileSync("unshare", [
    "--pid",
    "--fork",
    "--kill-child",
    "--mount-proc",
    program,
    ...args,
  ], { encoding: "utf8", timeout: 60_000 });
  // Node before 26.1 has no way to call waitpid(2).
  const isUnable = runtime.name === "node" &&
    process.getBuiltinModule("node:ffi" as "node:fs") === undefined;
  assert.deepEqual(JSON.parse(output), {
    pid: 1,
    isUnable,
    codes: [7],
    left: isUnable ? 1 : 0,
  });
});

test("any other process leaves that to its parents", () => {
  const stop = reapOrphans(() => {
    throw new Error("Cannot happen: nothing is looked for");
  });
  assert.equal(process.listenerCount("SIGCHLD"), 0);
  stop();
});

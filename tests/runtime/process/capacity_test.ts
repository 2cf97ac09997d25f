import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import os from "node:os";
import { test } from "node:test";
import { capacity } from "../../../src/runtime/process/capacity.ts";
import { needsProgram } from "../../_support/needs.ts";
import { commandLine } from "../../_support/this_runtime.ts";

test("capacity() is what this machine has, or less", () => {
  const { cores, quota, memoryBytes } = capacity();
  assert.ok(cores >= 1 && cores <= os.cpus().length);
  assert.ok(quota === undefined || quota > 0);
  assert.ok(memoryBytes === undefined || memoryBytes > 0);
});

test("capacity() knows which cores the process is bound to", {
  skip: needsProgram("taskset"),
}, () => {
  const command = commandLine("tests/runtime/_program.ts", ["capacity"]);
  const bound = ["-c", "0", command.program, ...command.args];
  const output = execFileSync("taskset", bound, { encoding: "utf8" });
  assert.equal(JSON.parse(output).cores, 1);
});

import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { openCompileCache } from "../../../src/runtime/process/compile_cache.ts";
import { RUNTIME } from "../../_support/this_runtime.ts";

const NAMES = ["NODE_COMPILE_CACHE", "NODE_DISABLE_COMPILE_CACHE"];

/** Runs `use` with `chosen` alone of these variables, then puts back what was there. */
function choosing(chosen: string | undefined, use: () => void): void {
  const before = NAMES.map((name) => process.env[name]);
  for (const name of NAMES) delete process.env[name];
  if (chosen !== undefined) process.env[chosen] = "1";
  try {
    use();
  } finally {
    for (const [index, name] of NAMES.entries()) {
      const value = before[index];
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

test("openCompileCache() makes a folder of our own for Node, and removes it", () =>
  choosing(undefined, () => {
    const { env, close } = openCompileCache();
    const folder = env["NODE_COMPILE_CACHE"];
    assert.equal(folder !== undefined, RUNTIME === "node");
    if (folder !== undefined && process.platform !== "win32") {
      assert.equal(statSync(folder).mode & 0o777, 0o700);
    }
    close();
    if (folder !== undefined) assert.equal(existsSync(folder), false);
  }));

for (const name of NAMES) {
  test(`openCompileCache() leaves it at the operator's ${name}`, () =>
    choosing(name, () => assert.deepEqual(openCompileCache().env, {})));
}

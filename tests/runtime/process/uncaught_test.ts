/** Errors that nobody caught, as the runtime tells of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startProgram } from "../_child.ts";

for (
  const [how, kind] of [
    ["reject", "rejection"],
    ["rejectWithNothing", "rejection"],
    ["timer", "exception"],
    ["microtask", "exception"],
    ["abortListener", "exception"],
    ["eventListener", "exception"],
    ["emitter", "exception"],
  ] as const
) {
  test(`onUncaught() hears of ${how} as ${kind}, and the process lives on`, async () => {
    const child = startProgram(["uncaught", how]);
    assert.deepEqual(await child.exited, { code: 0, signal: null });
    const error = how === "rejectWithNothing" ? "undefined" : "Error: broken";
    assert.equal(child.stdout, `${kind} ${error}\nlives\n`);
    assert.equal(child.stderr, "");
  });
}

test("onUncaught() leaves the process as it was", async () => {
  for (const how of ["reject", "timer"]) {
    const child = startProgram(["uncaught", how, "off"]);
    assert.deepEqual(await child.exited, { code: 1, signal: null });
    assert.match(child.stderr, /broken/);
    assert.doesNotMatch(child.stdout, /broken/);
  }
});

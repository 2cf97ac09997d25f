import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DrainSignal } from "../../../src/connection/scope/drain_signal.ts";

describe("DrainSignal", () => {
  test("is one signal for everybody who asks (asgi:A-245)", () => {
    const drain = new DrainSignal();
    assert.equal(drain.extension.signal, drain.extension.signal);
    assert.equal(drain.extension.signal.aborted, false);
  });

  for (const when of ["before", "after"]) {
    test(`is raised for who asked ${when} it was raised`, () => {
      const drain = new DrainSignal();
      if (when === "before") void drain.extension.signal;
      drain.raise();
      assert.equal(drain.extension.signal.aborted, true);
      assert.equal(drain.extension.signal.reason.name, "AbortError");
    });
  }

  test("is raised once, however often it is told", () => {
    const drain = new DrainSignal();
    let events = 0;
    drain.extension.signal.addEventListener("abort", () => events++);
    drain.raise();
    const { reason } = drain.extension.signal;
    drain.raise();
    assert.equal(events, 1);
    assert.equal(drain.extension.signal.reason, reason);
  });
});

test("DrainSignal shows its signal to applications and keeps the raising to itself", () => {
  const { extension } = new DrainSignal();
  assert.deepEqual(Object.keys(extension), ["signal"]);
  assert.equal("raise" in extension, false);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { LazyAbort } from "../../../src/connection/exchange/abort_signal.ts";

for (const when of ["before", "after"] as const) {
  test(`LazyAbort raises a signal that was asked for ${when} the end`, () => {
    const lazy = new LazyAbort();
    if (when === "before") assert.equal(lazy.signal.aborted, false);
    const reason = new Error("gone");
    lazy.abort(reason);
    assert.equal(lazy.signal.aborted, true);
    assert.equal(lazy.signal.reason, reason);
  });
}

test("LazyAbort knows its reason, and takes nothing else for it", () => {
  const lazy = new LazyAbort();
  const reason = new Error("gone");
  for (const error of [undefined, reason]) {
    assert.equal(lazy.wasRaisedWith(error), false);
  }
  lazy.abort(reason);
  assert.equal(lazy.wasRaisedWith(reason), true);
  assert.equal(lazy.wasRaisedWith(new Error("gone")), false);
});

test("LazyAbort keeps one signal and the first reason", () => {
  const lazy = new LazyAbort();
  const { signal } = lazy;
  let events = 0;
  signal.addEventListener("abort", () => events++);
  const first = new Error("first");
  lazy.abort(first);
  lazy.abort(new Error("second"));
  assert.equal(lazy.signal, signal);
  assert.equal(signal.reason, first);
  assert.equal(events, 1);
});

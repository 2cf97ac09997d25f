import assert from "node:assert/strict";
import { test } from "node:test";
import type { SignalName } from "../../src/runtime/types.ts";
import { takeParentSignals } from "../../src/supervisor/parent_signals.ts";

function setUp(
  terminal: readonly boolean[] = [false, false],
): {
  calls: string[];
  listeners: Map<SignalName, () => void>;
  release: () => void;
} {
  const calls: string[] = [];
  const listeners = new Map<SignalName, () => void>();
  const terminals = [...terminal];
  const release = takeParentSignals({
    end: (signal) => void calls.push(`end ${signal}`),
    endNow: (signal) => void calls.push(`endNow ${signal}`),
    restart: () => void calls.push("restart"),
    grow: () => void calls.push("grow"),
    shrink: () => void calls.push("shrink"),
    reopenLogs: () => void calls.push("reopenLogs"),
    upgrade: () => void calls.push("upgrade"),
  }, {
    onSignal(name, listener) {
      listeners.set(name, listener);
      return () => void listeners.delete(name);
    },
    hasTerminal: () => terminals.shift()!,
  });
  return { calls, listeners, release };
}

const TABLE: readonly (readonly [readonly SignalName[], readonly string[]])[] =
  [
    [["SIGINT"], ["end SIGINT"]],
    [["SIGTERM"], ["end SIGTERM"]],
    [["SIGBREAK"], ["end SIGBREAK"]],
    [["SIGINT", "SIGINT"], ["end SIGINT", "endNow SIGINT"]],
    [["SIGTERM", "SIGINT"], ["end SIGTERM", "endNow SIGINT"]],
    [["SIGINT", "SIGTERM", "SIGTERM"], [
      "end SIGINT",
      "endNow SIGTERM",
      "endNow SIGTERM",
    ]],
    [["SIGQUIT"], ["endNow SIGQUIT"]],
    [["SIGQUIT", "SIGTERM"], ["endNow SIGQUIT", "endNow SIGTERM"]],
    [["SIGHUP"], ["restart"]],
    [["SIGTTIN"], ["grow"]],
    [["SIGTTOU"], ["shrink"]],
    [["SIGUSR1"], ["reopenLogs"]],
    [["SIGUSR2"], ["upgrade"]],
    [["SIGWINCH"], []],
  ];

for (const [signals, expected] of TABLE) {
  test(`${signals.join(", ")}: ${expected.join(", ") || "nothing"}`, () => {
    const { calls, listeners } = setUp();
    for (const signal of signals) listeners.get(signal)!();
    assert.deepEqual(calls, expected);
  });
}

test("SIGHUP ends the server whose terminal was closed", () => {
  const { calls, listeners } = setUp([true, false]);
  listeners.get("SIGHUP")!();
  assert.deepEqual(calls, ["end SIGHUP"]);
});

test("SIGHUP restarts while the terminal is there", () => {
  const { calls, listeners } = setUp([true, true]);
  listeners.get("SIGHUP")!();
  assert.deepEqual(calls, ["restart"]);
});

test("all are released", () => {
  const { listeners, release } = setUp();
  assert.equal(listeners.size, 10);
  release();
  assert.equal(listeners.size, 0);
});

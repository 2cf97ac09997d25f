/** What signals ask for, without a process that gets any. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { SignalName } from "../../src/runtime/types.ts";
import { SignalTrap } from "../../src/server/signal_trap.ts";

function setUp({ reloads = true } = {}) {
  const listeners = new Map<SignalName, () => void>();
  const asked: string[] = [];
  let hasTerminal = true;
  const trap = new SignalTrap({
    drain: () => void asked.push("drain"),
    force: () => void asked.push("force"),
    reload: reloads ? () => void asked.push("reload") : undefined,
    reopenLogs: reloads ? () => void asked.push("reopen") : undefined,
    upgrade: () => void asked.push("upgrade"),
  }, {
    onSignal(name, listener) {
      listeners.set(name, listener);
      return () => void listeners.delete(name);
    },
    hasTerminal: () => hasTerminal,
  });
  return {
    trap,
    asked,
    listeners,
    raise: (name: SignalName) => listeners.get(name)!(),
    closeTerminal: () => hasTerminal = false,
  };
}

test("the first signal drains, each later one forces, whichever it is", () => {
  const { trap, asked, raise } = setUp();
  raise("SIGTERM");
  assert.equal(trap.hasForced, false);
  raise("SIGINT");
  raise("SIGBREAK");
  assert.deepEqual(asked, ["drain", "force", "force"]);
  assert.deepEqual(trap.received, ["SIGTERM", "SIGINT", "SIGBREAK"]);
  assert.equal(trap.hasForced, true);
});

test("SIGHUP reloads, and is no signal to end", () => {
  const { trap, asked, raise } = setUp();
  raise("SIGHUP");
  raise("SIGHUP");
  assert.deepEqual(asked, ["reload", "reload"]);
  assert.deepEqual(trap.received, []);
});

test("SIGUSR1 reopens log files", () => {
  const { asked, raise } = setUp();
  raise("SIGUSR1");
  assert.deepEqual(asked, ["reopen"]);
});

test("SIGHUP ends if it comes because the terminal was closed", () => {
  const { trap, asked, raise, closeTerminal } = setUp();
  closeTerminal();
  raise("SIGHUP");
  assert.deepEqual(asked, ["drain"]);
  assert.deepEqual(trap.received, ["SIGHUP"]);
});

test("SIGHUP and SIGUSR1 are left alone if there is nothing to read or open anew", () => {
  const { listeners } = setUp({ reloads: false });
  assert.equal(listeners.has("SIGHUP"), false);
  assert.equal(listeners.has("SIGUSR1"), false);
});

test("release() puts back every signal", () => {
  const { trap, listeners } = setUp();
  assert.equal(listeners.size, 6);
  trap.release();
  assert.equal(listeners.size, 0);
});

test("SIGUSR2 asks for a new version, and is no signal to end", () => {
  const { trap, asked, raise } = setUp({ reloads: false });
  raise("SIGUSR2");
  assert.deepEqual(asked, ["upgrade"]);
  assert.deepEqual(trap.received, []);
});

import assert from "node:assert/strict";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";
import { runtime, selectTransport } from "../../src/runtime/mod.ts";
import { RUNTIME, RUNTIME_VERSION } from "../_support/this_runtime.ts";

test("runtime knows where it is", () => {
  assert.equal(runtime.name, RUNTIME);
  assert.equal(runtime.version, RUNTIME_VERSION);
  assert.match(runtime.version, /^\d+\.\d+\.\d+/);
  assert.equal(runtime.platform, process.platform);
  assert.equal(runtime.pid, process.pid);
  assert.equal(runtime.cwd(), process.cwd());
});

test("selectTransport() gives the native sockets unless node:net is asked for", () => {
  const { native, node } = runtime.transports;
  assert.equal(selectTransport("auto"), native);
  assert.equal(selectTransport("native"), native);
  assert.equal(selectTransport("node"), node);
  assert.equal(node.name, "node");
  assert.equal(native.name, RUNTIME === "node" ? "node" : "native");
  assert.equal(native === node, RUNTIME === "node");
});

test("runtime.env() reads the environment as it is now", () => {
  assert.equal(runtime.env("TRICORN_TEST_UNSET"), undefined);
  process.env.TRICORN_TEST_SET = "yes";
  try {
    assert.equal(runtime.env("TRICORN_TEST_SET"), "yes");
  } finally {
    delete process.env.TRICORN_TEST_SET;
  }
});

test("runtime.monotonicMs() never goes back", () => {
  let last = runtime.monotonicMs();
  for (let i = 0; i < 1000; i++) {
    const now = runtime.monotonicMs();
    assert.ok(now >= last);
    last = now;
  }
});

test("runtime.every() calls again and again until it is stopped", async () => {
  let calls = 0;
  await new Promise<void>((resolve) => {
    // The interval alone would not keep the test alive.
    const keep = setInterval(() => {}, 1000);
    const stop = runtime.every(1, () => {
      if (++calls < 3) return;
      stop();
      stop();
      clearInterval(keep);
      resolve();
    });
  });
  await sleep(30);
  assert.equal(calls, 3);
});

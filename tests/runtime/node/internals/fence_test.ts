/** Whether what is undocumented is used: only after a probe, until it fails, and never when switched off. */
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import {
  Fence,
  probesDone,
  SWITCH,
} from "../../../../src/runtime/node/internals/fence.ts";

test("a fence opens when its probe has succeeded, once and for all", async () => {
  let probes = 0;
  const fence = new Fence("something");
  assert.equal(fence.isOpen, false);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const probe = () => {
    probes++;
    return promise;
  };
  fence.tryLater(probe);
  fence.tryLater(probe);
  assert.equal(fence.isOpen, false);
  resolve(true);
  await probesDone();
  assert.equal(fence.isOpen, true);
  assert.equal(probes, 1);
});

for (
  const [how, probe] of [
    ["fails", () => Promise.resolve(false)],
    ["throws", () => Promise.reject(new TypeError("not a function"))],
  ] as const
) {
  test(`a fence stays closed when its probe ${how}`, async () => {
    const fence = new Fence("something");
    fence.tryLater(probe);
    await probesDone();
    assert.equal(fence.isOpen, false);
  });
}

test("a probe that failed may be tried again, and only then", async () => {
  const fence = new Fence("something");
  let probes = 0;
  const probe = (works: boolean) => () => {
    probes++;
    return Promise.resolve(works);
  };
  fence.tryAgain(probe(true)); // not before the first one
  fence.tryLater(probe(false));
  fence.tryAgain(probe(true)); // not while one is under way
  await probesDone();
  assert.deepEqual([probes, fence.isOpen], [1, false]);
  fence.tryLater(probe(true)); // not by those who begin
  fence.tryAgain(probe(true));
  await probesDone();
  assert.deepEqual([probes, fence.isOpen], [2, true]);
  fence.tryAgain(probe(false));
  fence.disable(new Error("it broke"));
  fence.tryAgain(probe(true));
  await probesDone();
  assert.deepEqual([probes, fence.isOpen], [2, false]);
});

test("a probe may answer at once", () => {
  assert.equal(new Fence("something").tryNow(() => true), true);
  assert.equal(new Fence("something").tryNow(() => false), false);
  const thrown = new Fence("something").tryNow(() => {
    throw new TypeError("not a function");
  });
  assert.equal(thrown, false);
});

test("what fails later is not used again", () => {
  const fence = new Fence("something");
  fence.tryNow(() => true);
  fence.disable(new Error("it broke"));
  assert.equal(fence.isOpen, false);
  assert.equal(fence.tryNow(() => true), false);
});

test(`${SWITCH}=off keeps every fence closed`, async () => {
  const before = process.env[SWITCH];
  try {
    for (const value of ["off", "OFF", "0", "false", "no"]) {
      process.env[SWITCH] = value;
      const fence = new Fence("something");
      assert.equal(fence.tryNow(() => true), false, value);
      const later = new Fence("something");
      later.tryLater(() => assert.fail("it was probed"));
      await probesDone();
      assert.equal(later.isOpen, false, value);
    }
  } finally {
    if (before === undefined) delete process.env[SWITCH];
    else process.env[SWITCH] = before;
  }
});

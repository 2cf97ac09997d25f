import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";
import { afterTurn } from "../../../src/runtime/process/turns.ts";

test("afterTurn() runs callbacks in order, after the microtasks of this turn", async () => {
  const order: string[] = [];
  await new Promise<void>((resolve) => {
    afterTurn(() => order.push("first"));
    afterTurn(() => order.push("second"));
    afterTurn(resolve);
    queueMicrotask(() => queueMicrotask(() => order.push("microtask")));
    order.push("now");
  });
  assert.deepEqual(order, ["now", "microtask", "first", "second"]);
});

test("afterTurn() inside a callback is for the next turn", async () => {
  const order: string[] = [];
  await new Promise<void>((resolve) => {
    afterTurn(() => {
      order.push("outer");
      queueMicrotask(() => order.push("microtask"));
      afterTurn(() => {
        order.push("inner");
        resolve();
      });
    });
    afterTurn(() => order.push("beside"));
  });
  assert.deepEqual(order, ["outer", "beside", "microtask", "inner"]);
});

test("afterTurn() runs each callback once, over many turns", async () => {
  let calls = 0;
  for (let turn = 0; turn < 50; turn++) {
    for (let i = 0; i < 10; i++) afterTurn(() => calls++);
    if (turn % 2 === 0) {
      await new Promise<void>((resolve) => afterTurn(resolve));
    }
  }
  await sleep(20);
  assert.equal(calls, 500);
});

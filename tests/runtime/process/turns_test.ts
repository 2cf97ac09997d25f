import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  afterTurn,
  atTurnEnd,
  TurnEnd,
} from "../../../src/runtime/process/turns.ts";
import type { TurnListener } from "../../../src/runtime/types.ts";

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

test("atTurnEnd() keeps the order of listeners and callbacks, and contains what one throws", async () => {
  const order: string[] = [];
  await new Promise<void>((resolve) => {
    atTurnEnd(calling(() => order.push("first")));
    afterTurn(() => order.push("second"));
    atTurnEnd({
      onTurnEnd() {
        throw new Error("a bug");
      },
      onFailure: (thrown) => void order.push(String(thrown)),
    });
    afterTurn(resolve);
  });
  assert.deepEqual(order, ["first", "second", "Error: a bug"]);
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
  for (let turn = 0; turn < 3; turn++) {
    await new Promise<void>((resolve) => afterTurn(resolve));
  }
  assert.equal(calls, 500);
});

/** A turn that ends when the test says so. */
function turns() {
  const scheduled: (() => void)[] = [];
  const turnEnd = new TurnEnd((run) => void scheduled.push(run));
  return { scheduled, turnEnd, end: () => scheduled.shift()!() };
}

/** A listener of which nothing is expected to fail. */
function calling(onTurnEnd: () => void): TurnListener {
  return {
    onTurnEnd,
    onFailure(thrown) {
      throw thrown;
    },
  };
}

describe("TurnEnd", () => {
  test("schedules nothing by itself", () => {
    assert.equal(turns().scheduled.length, 0);
  });

  test("calls nobody before the turn is over", () => {
    const { turnEnd, end } = turns();
    let calls = 0;
    turnEnd.add(calling(() => calls++));
    assert.equal(calls, 0);
    end();
    assert.equal(calls, 1);
  });

  test("serves everybody with one callback, in order", () => {
    const { turnEnd, scheduled, end } = turns();
    const order: number[] = [];
    for (const n of [1, 2, 3]) turnEnd.add(calling(() => order.push(n)));
    assert.equal(scheduled.length, 1);
    end();
    assert.deepEqual(order, [1, 2, 3]);
    assert.equal(scheduled.length, 0);
  });

  test("calls once for each time it was asked", () => {
    const { turnEnd, end } = turns();
    let calls = 0;
    const listener = calling(() => calls++);
    turnEnd.add(listener);
    end();
    turnEnd.add(listener);
    end();
    assert.equal(calls, 2);
  });

  test("leaves to the next turn what is added while it calls", () => {
    const { turnEnd, scheduled, end } = turns();
    let rounds = 0;
    const again = calling(() => {
      if (++rounds < 3) turnEnd.add(again);
    });
    turnEnd.add(again);
    end();
    assert.equal(rounds, 1);
    assert.equal(scheduled.length, 1);
    end();
    end();
    assert.equal(rounds, 3);
    assert.equal(scheduled.length, 0);
  });

  test("contains what one listener throws: those behind it are called all the same", () => {
    const { turnEnd, end } = turns();
    const order: string[] = [];
    turnEnd.add(calling(() => order.push("first")));
    turnEnd.add({
      onTurnEnd() {
        throw new Error("a bug");
      },
      onFailure: (thrown) => void order.push(String(thrown)),
    });
    turnEnd.add(calling(() => order.push("third")));
    end();
    assert.deepEqual(order, ["first", "Error: a bug", "third"]);
    turnEnd.add(calling(() => order.push("next turn")));
    end();
    assert.equal(order.at(-1), "next turn");
  });

  test("runs a callback among listeners, and throws on what it throws without losing the rest", () => {
    const { turnEnd, scheduled, end } = turns();
    const order: string[] = [];
    turnEnd.add(calling(() => order.push("listener")));
    turnEnd.call(() => {
      throw new Error("uncaught");
    });
    turnEnd.call(() => order.push("callback"));
    turnEnd.add(calling(() => order.push("last")));
    assert.throws(end, /uncaught/);
    assert.deepEqual(order, ["listener"]);
    assert.equal(scheduled.length, 1);
    end();
    assert.deepEqual(order, ["listener", "callback", "last"]);
    assert.equal(scheduled.length, 0);
  });
});

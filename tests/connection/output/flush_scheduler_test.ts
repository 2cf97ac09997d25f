import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type FlushListener,
  FlushScheduler,
} from "../../../src/connection/output/flush_scheduler.ts";

/** A turn that ends when the test says so. */
function turns() {
  const scheduled: (() => void)[] = [];
  const flushScheduler = new FlushScheduler((callback) =>
    void scheduled.push(callback)
  );
  return { scheduled, flushScheduler, end: () => scheduled.shift()!() };
}

/** A listener of which nothing is expected to fail. */
function calling(onTurnEnd: () => void): FlushListener {
  return {
    onTurnEnd,
    onFailure(thrown) {
      throw thrown;
    },
  };
}

describe("FlushScheduler", () => {
  test("schedules nothing by itself", () => {
    assert.equal(turns().scheduled.length, 0);
  });

  test("calls nobody before the turn is over", () => {
    const { flushScheduler, end } = turns();
    let calls = 0;
    flushScheduler.add(calling(() => calls++));
    assert.equal(calls, 0);
    end();
    assert.equal(calls, 1);
  });

  test("serves everybody with one callback, in order", () => {
    const { flushScheduler, scheduled, end } = turns();
    const order: number[] = [];
    for (const n of [1, 2, 3]) flushScheduler.add(calling(() => order.push(n)));
    assert.equal(scheduled.length, 1);
    end();
    assert.deepEqual(order, [1, 2, 3]);
    assert.equal(scheduled.length, 0);
  });

  test("calls once for each time it was asked", () => {
    const { flushScheduler, end } = turns();
    let calls = 0;
    const listener = calling(() => calls++);
    flushScheduler.add(listener);
    end();
    flushScheduler.add(listener);
    end();
    assert.equal(calls, 2);
  });

  test("leaves to the next turn what is added while it calls", () => {
    const { flushScheduler, scheduled, end } = turns();
    let rounds = 0;
    const again = calling(() => {
      if (++rounds < 3) flushScheduler.add(again);
    });
    flushScheduler.add(again);
    end();
    assert.equal(rounds, 1);
    assert.equal(scheduled.length, 1);
    end();
    end();
    assert.equal(rounds, 3);
    assert.equal(scheduled.length, 0);
  });

  test("contains what one listener throws: those behind it are called all the same", () => {
    const { flushScheduler, end } = turns();
    const order: string[] = [];
    flushScheduler.add(calling(() => order.push("first")));
    flushScheduler.add({
      onTurnEnd() {
        throw new Error("a bug");
      },
      onFailure: (thrown) => void order.push(String(thrown)),
    });
    flushScheduler.add(calling(() => order.push("third")));
    end();
    assert.deepEqual(order, ["first", "Error: a bug", "third"]);
    flushScheduler.add(calling(() => order.push("next turn")));
    end();
    assert.equal(order.at(-1), "next turn");
  });
});

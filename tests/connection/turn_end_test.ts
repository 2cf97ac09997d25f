import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { TurnEnd } from "../../src/connection/turn_end.ts";

/** A turn that ends when the test says so. */
function turns() {
  const scheduled: (() => void)[] = [];
  const turnEnd = new TurnEnd((callback) => void scheduled.push(callback));
  return { scheduled, turnEnd, end: () => scheduled.shift()!() };
}

describe("TurnEnd", () => {
  test("schedules nothing by itself", () => {
    assert.equal(turns().scheduled.length, 0);
  });

  test("calls nobody before the turn is over", () => {
    const { turnEnd, end } = turns();
    let calls = 0;
    turnEnd.add({ onTurnEnd: () => calls++ });
    assert.equal(calls, 0);
    end();
    assert.equal(calls, 1);
  });

  test("serves everybody with one callback, in order", () => {
    const { turnEnd, scheduled, end } = turns();
    const order: number[] = [];
    for (const n of [1, 2, 3]) turnEnd.add({ onTurnEnd: () => order.push(n) });
    assert.equal(scheduled.length, 1);
    end();
    assert.deepEqual(order, [1, 2, 3]);
    assert.equal(scheduled.length, 0);
  });

  test("calls once for each time it was asked", () => {
    const { turnEnd, end } = turns();
    let calls = 0;
    const listener = { onTurnEnd: () => calls++ };
    turnEnd.add(listener);
    end();
    turnEnd.add(listener);
    end();
    assert.equal(calls, 2);
  });

  test("leaves to the next turn what is added while it calls", () => {
    const { turnEnd, scheduled, end } = turns();
    let rounds = 0;
    const again = {
      onTurnEnd: () => {
        if (++rounds < 3) turnEnd.add(again);
      },
    };
    turnEnd.add(again);
    end();
    assert.equal(rounds, 1);
    assert.equal(scheduled.length, 1);
    end();
    end();
    assert.equal(rounds, 3);
    assert.equal(scheduled.length, 0);
  });
});

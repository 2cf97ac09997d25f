import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  RESOLVED,
  WriteGate,
} from "../../../src/connection/output/write_gate.ts";
import { settle } from "../../_support/fake_clock.ts";
import { alarms } from "../../_support/alarms.ts";

/** What becomes of a promise, as it stands when asked. */
function watch(promise: Promise<void>): { state: string } {
  const seen = { state: "pending" };
  promise.then(
    () => seen.state = "resolved",
    (error: Error) => seen.state = error.message,
  );
  return seen;
}

describe("WriteGate", () => {
  test("keeps senders waiting until it opens (asgi:A-109)", async () => {
    const gate = new WriteGate();
    const first = watch(gate.wait());
    const second = watch(gate.wait());
    await settle();
    assert.deepEqual([first.state, second.state], ["pending", "pending"]);
    gate.open();
    await settle();
    assert.deepEqual([first.state, second.state], ["resolved", "resolved"]);
  });

  test("lets senders go in the order they came", async () => {
    const gate = new WriteGate();
    const order: number[] = [];
    for (const n of [1, 2, 3]) void gate.wait().then(() => order.push(n));
    gate.open();
    await settle();
    assert.deepEqual(order, [1, 2, 3]);
  });

  test("makes who comes after it opened wait again", async () => {
    const gate = new WriteGate();
    gate.open();
    const late = watch(gate.wait());
    await settle();
    assert.equal(late.state, "pending");
  });

  test("fails everybody who waits with the one error (asgi:A-215)", async () => {
    const gate = new WriteGate();
    const first = watch(gate.wait());
    const second = watch(gate.wait());
    gate.fail(new Error("gone"));
    await settle();
    assert.deepEqual([first.state, second.state], ["gone", "gone"]);
  });

  test("does not fail who was let go before", async () => {
    const gate = new WriteGate();
    const waiter = watch(gate.wait());
    gate.open();
    gate.fail(new Error("gone"));
    await settle();
    assert.equal(waiter.state, "resolved");
  });

  test("opens and fails without anybody waiting", () => {
    const gate = new WriteGate();
    gate.open();
    gate.fail(new Error("gone"));
  });

  test("raises no alarm when a sender that fails was not awaited (asgi:A-022)", async () => {
    const raised = await alarms(() => {
      const gate = new WriteGate();
      void gate.wait();
      gate.fail(new Error("gone"));
    });
    assert.deepEqual(raised, []);
  });
});

test("RESOLVED is one resolved promise for everybody (asgi:A-023)", async () => {
  await RESOLVED;
});

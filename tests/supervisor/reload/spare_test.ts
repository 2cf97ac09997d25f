/** Processes that are started ahead, which the test makes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Child, ChildExit } from "../../../src/runtime/types.ts";
import {
  Spare,
  type SpareOrder,
} from "../../../src/supervisor/reload/spare.ts";
import { FakeClock, settle } from "../../_support/fake_clock.ts";

class FakeChild implements Child {
  readonly #exited = Promise.withResolvers<ChildExit>();
  readonly exited = this.#exited.promise;
  readonly pid: number;
  onMessage: ((message: unknown) => void) | undefined;
  isKilled = false;

  constructor(pid: number) {
    this.pid = pid;
  }

  send(): boolean {
    return true;
  }

  kill(): void {
    this.isKilled = true;
    this.end();
  }

  end(): void {
    this.#exited.resolve({ code: 0, signal: null });
  }
}

const ORDER: SpareOrder = { args: ["main:app"], env: { A: "1", B: "2" } };

function setUp() {
  const clock = new FakeClock();
  const children: FakeChild[] = [];
  const state = { files: "as they are" as string | undefined, fails: false };
  const spare = new Spare({
    spawn() {
      if (state.fails) return Promise.reject(new Error("no"));
      const child = new FakeChild(children.length + 1);
      children.push(child);
      return Promise.resolve(child);
    },
    look: () => Promise.resolve(state.files),
    startTimer(ms, callback) {
      const stop = clock.every(ms, () => {
        stop();
        callback();
      });
      return stop;
    },
  });
  const prepare = async (order: SpareOrder = ORDER) => {
    spare.prepare(order);
    clock.advance(500);
    await settle();
  };
  return { clock, children, state, spare, prepare };
}

test("Spare has a process ready half a second after it is asked to, and gives it away once", async () => {
  const { clock, children, spare, prepare } = setUp();
  spare.prepare(ORDER);
  clock.advance(499);
  await settle();
  assert.equal(children.length, 0);
  clock.advance(1);
  await settle();
  assert.equal(children.length, 1);
  await prepare();
  assert.equal(children.length, 1, "there is one already");
  const sorted = { args: ["main:app"], env: { B: "2", A: "1" } };
  assert.equal(await spare.take(sorted), children[0]);
  assert.equal(children[0]!.isKilled, false);
  assert.equal(await spare.take(ORDER), undefined);
});

test("Spare starts none if it is needed before", async () => {
  const { clock, children, spare } = setUp();
  spare.prepare(ORDER);
  clock.advance(499);
  assert.equal(await spare.take(ORDER), undefined);
  clock.advance(10_000);
  await settle();
  assert.equal(children.length, 0);
});

for (
  const [what, change, order] of [
    ["other variables", undefined, { args: ["main:app"], env: { A: "1" } }],
    ["other arguments", undefined, { args: ["x:app"], env: ORDER.env }],
    ["a file that is read at the start has changed", "others", ORDER],
    ["such files cannot be read any more", null, ORDER],
  ] as const
) {
  test(`Spare ends its process where a new one would be another: ${what}`, async () => {
    const { children, state, spare, prepare } = setUp();
    await prepare();
    if (change !== undefined) state.files = change ?? undefined;
    assert.equal(await spare.take(order), undefined);
    assert.equal(children[0]!.isKilled, true);
    state.files = "as they are";
    await prepare();
    assert.equal(await spare.take(ORDER), children[1]);
  });
}

test("Spare does not give away a process that has ended by itself", async () => {
  const { children, spare, prepare } = setUp();
  await prepare();
  children[0]!.end();
  await settle();
  assert.equal(await spare.take(ORDER), undefined);
});

test("Spare makes do without one that cannot be started, or whose files cannot be known", async () => {
  const { children, state, spare, prepare } = setUp();
  state.fails = true;
  await prepare();
  assert.equal(await spare.take(ORDER), undefined);
  state.fails = false;
  state.files = undefined;
  await prepare();
  assert.equal(children.length, 0);
  assert.equal(await spare.take(ORDER), undefined);
});

test("Spare ends its process when it is discarded, and makes none once it is closed", async () => {
  const { children, spare, prepare } = setUp();
  await prepare();
  await spare.discard();
  assert.equal(children[0]!.isKilled, true);
  await prepare();
  assert.equal(children.length, 2);
  await spare.close();
  assert.equal(children[1]!.isKilled, true);
  await prepare();
  assert.equal(children.length, 2);
  assert.equal(await spare.take(ORDER), undefined);
});

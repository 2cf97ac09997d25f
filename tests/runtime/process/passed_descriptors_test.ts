/** Copies of descriptors for a child: at which numbers, and which of them stay. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { passCopies } from "../../../src/runtime/process/passed_descriptors.ts";

/** A process whose `open` descriptors are in use, and that may have `limit` of them. */
function process(open: readonly number[], limit: number) {
  const used = new Set(open);
  return {
    used,
    dup(): number {
      for (let number = 0; number < limit; number++) {
        if (!used.has(number)) return used.add(number) && number;
      }
      return -1;
    },
    close(descriptor: number): number {
      assert.ok(used.delete(descriptor), `${descriptor} is open`);
      return 0;
    },
  };
}

describe("copies of descriptors", () => {
  test("are open until the child is started", () => {
    const here = process([0, 1, 2, 3, 7], 64);
    const passing = passCopies([7, 3], here);
    assert.deepEqual(passing.numbers, [4, 5]);
    assert.deepEqual(passing.stdio, []);
    assert.deepEqual([...here.used], [0, 1, 2, 3, 7, 4, 5]);
    passing.done();
    assert.deepEqual([...here.used], [0, 1, 2, 3, 7]);
  });

  test("are where the child has neither its standard streams nor its channel", () => {
    // A process that has left its own parent has no channel any more; one may have no input.
    const here = process([1, 2, 4], 64);
    const passing = passCopies([4, 4], here);
    assert.deepEqual(passing.numbers, [5, 6]);
    assert.deepEqual([...here.used], [1, 2, 4, 5, 6]);
    passing.done();
    assert.deepEqual([...here.used], [1, 2, 4]);
  });

  test("that are too many are closed again", () => {
    for (const open of [[0, 1, 2, 3], [0, 1, 2]]) {
      const here = process(open, 6);
      assert.throws(() => passCopies([1, 2, 1], here), { code: "EMFILE" });
      assert.deepEqual([...here.used], open);
    }
  });
});

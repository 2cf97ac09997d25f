import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type OrphanCall, Orphans } from "../../src/connection/orphans.ts";

function call(): OrphanCall {
  return { orphanIndex: -1, cancel() {} };
}

/** The calls there are, each of which must know its place. */
function listed(orphans: Orphans): Set<OrphanCall> {
  const list = [...orphans];
  assert.equal(orphans.size, list.length);
  list.forEach(({ orphanIndex }, i) => assert.equal(orphanIndex, i));
  return new Set(list);
}

describe("Orphans", () => {
  test("holds each call once, until it is removed", () => {
    const orphans = new Orphans();
    const [a, b] = [call(), call()];
    orphans.add(a);
    orphans.add(b);
    orphans.add(a);
    assert.deepEqual([...orphans], [a, b]);
    orphans.delete(a);
    orphans.delete(a);
    assert.deepEqual([...orphans], [b]);
    orphans.add(a);
    assert.deepEqual(listed(orphans), new Set([a, b]));
  });

  test("takes no notice of a call that is not there", () => {
    const orphans = new Orphans();
    const [a, b] = [call(), call()];
    orphans.add(a);
    orphans.delete(b);
    assert.deepEqual(listed(orphans), new Set([a]));
    assert.equal(b.orphanIndex, -1);
  });

  test("holds what a set would, in whatever order calls come and go", () => {
    const orphans = new Orphans();
    const wanted = new Set<OrphanCall>();
    const calls = Array.from({ length: 20 }, call);
    let seed = 1;
    for (let i = 0; i < 2_000; i++) {
      seed = (seed * 48_271) % 2_147_483_647;
      const one = calls[seed % calls.length];
      if (seed % 3 === 0) {
        orphans.add(one);
        wanted.add(one);
      } else if (seed % 3 === 1) {
        orphans.delete(one);
        wanted.delete(one);
      }
      assert.deepEqual(listed(orphans), wanted);
    }
  });
});

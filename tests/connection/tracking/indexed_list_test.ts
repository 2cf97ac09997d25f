import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type Indexed,
  IndexedList,
} from "../../../src/connection/tracking/indexed_list.ts";

function thing(): Indexed {
  return { listIndex: -1 };
}

function rosterOf(things: readonly Indexed[]): IndexedList<Indexed> {
  const roster = new IndexedList<Indexed>();
  for (const each of things) roster.add(each);
  return roster;
}

/** What is there; each must know its place. */
function listed(roster: IndexedList<Indexed>): Set<Indexed> {
  const list = [...roster].reverse();
  assert.equal(roster.size, list.length);
  list.forEach(({ listIndex }, i) => assert.equal(listIndex, i));
  return new Set(list);
}

describe("IndexedList", () => {
  test("holds each thing once, until it is removed", () => {
    const [a, b] = [thing(), thing()];
    const roster = rosterOf([a, b]);
    assert.equal(roster.add(a), false);
    assert.deepEqual(listed(roster), new Set([a, b]));
    assert.equal(roster.delete(a), true);
    assert.equal(roster.delete(a), false);
    assert.deepEqual(listed(roster), new Set([b]));
    assert.equal(roster.add(a), true);
    assert.deepEqual(listed(roster), new Set([a, b]));
  });

  test("takes no notice of a thing that is not there", () => {
    const [a, b] = [thing(), thing()];
    const roster = rosterOf([a]);
    assert.equal(roster.delete(b), false);
    assert.deepEqual(listed(roster), new Set([a]));
    assert.equal(b.listIndex, -1);
  });

  test("holds what a set would, in whatever order things come and go", () => {
    const roster = rosterOf([]);
    const wanted = new Set<Indexed>();
    const things = Array.from({ length: 20 }, thing);
    let seed = 1;
    for (let i = 0; i < 2_000; i++) {
      seed = (seed * 48_271) % 2_147_483_647;
      const one = things[seed % things.length];
      if (seed % 3 === 0) {
        assert.equal(roster.add(one), !wanted.has(one));
        wanted.add(one);
      } else if (seed % 3 === 1) {
        assert.equal(roster.delete(one), wanted.delete(one));
      }
      assert.deepEqual(listed(roster), wanted);
    }
  });

  for (let leaving = 0; leaving < 5; leaving++) {
    for (let when = 0; when < 5; when++) {
      test(`meets all that stay when number ${leaving} leaves at the visit of number ${when}`, () => {
        const things = Array.from({ length: 5 }, thing);
        const roster = rosterOf(things);
        const met = new Set<Indexed>();
        for (const each of roster) {
          assert.ok(each !== undefined);
          met.add(each);
          if (each === things[when]) roster.delete(things[leaving]);
        }
        const staying = things.filter((_, i) => i !== leaving);
        assert.ok(staying.every((each) => met.has(each)));
      });
    }
  }

  test("meets nobody after everybody has left, and nobody who came on the way", () => {
    const things = Array.from({ length: 5 }, thing);
    const roster = rosterOf(things);
    let visits = 0;
    for (const _ of roster) {
      visits++;
      for (const each of things) roster.delete(each);
    }
    assert.equal(visits, 1);
    roster.add(things[0]);
    for (const _ of roster) {
      assert.ok(visits++ < 2);
      roster.add(thing());
    }
  });
});

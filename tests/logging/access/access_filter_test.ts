import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { accessFilter } from "../../../src/logging/access/access_filter.ts";
import { RECORD } from "../../_support/request_records.ts";

function isLogged(path: string, ...exclude: string[]): boolean {
  const filter = accessFilter({ exclude, sample: 1 });
  return filter === undefined || filter({ ...RECORD, path });
}

describe("accessFilter() leaves out", () => {
  for (
    const [pattern, out, kept] of [
      ["/healthz", ["/healthz"], ["/healthz/", "/healthz2", "/a/healthz"]],
      ["/static/*", ["/static/", "/static/a/b.css"], ["/static", "/x/static/"]],
      ["*.css", ["/a.css", ".css"], ["/a.css2"]],
      ["/a*b*c", ["/abc", "/aXbXc", "/abcbc"], ["/ac", "/abcd", "/acb"]],
      ["/aa*aa", ["/aaaa", "/aaXaa"], ["/aaa"]],
      ["*", ["/", ""], []],
      ["/a.b", ["/a.b"], ["/aXb"]],
    ] as const
  ) {
    test(`paths like ${pattern}`, () => {
      for (const path of out) {
        assert.equal(isLogged(path, pattern), false, path);
      }
      for (const path of kept) {
        assert.equal(isLogged(path, pattern), true, path);
      }
    });
  }

  test("paths like any of several patterns", () => {
    assert.equal(isLogged("/b", "/a", "/b"), false);
    assert.equal(isLogged("/c", "/a", "/b"), true);
  });

  test("successes by chance, and neither errors nor aborts", () => {
    const drawn = [0.09, 0.1, 0.5];
    const filter = accessFilter(
      { exclude: [], sample: 0.1 },
      () => drawn.shift()!,
    )!;
    assert.deepEqual([1, 2, 3].map(() => filter(RECORD)), [true, false, false]);
    const none = accessFilter({ exclude: [], sample: 0 }, () => 0)!;
    assert.equal(none(RECORD), false);
    assert.equal(none({ ...RECORD, status: 404 }), true);
    assert.equal(none({ ...RECORD, abortReason: "application" }), true);
  });
});

test("accessFilter() takes linear time for hostile paths and patterns", () => {
  const path = `/${"a".repeat(60_000)}`;
  // A backtracking matcher would take 60,000 to the power of six steps.
  assert.equal(isLogged(path, "/*a*a*a*a*a*a*b"), true);
});

test("accessFilter() is undefined if everything is logged", () => {
  assert.equal(accessFilter({ exclude: [], sample: 1 }), undefined);
});

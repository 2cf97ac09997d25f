import assert from "node:assert/strict";
import { test } from "node:test";
import { didYouMean } from "../../src/text/suggest.ts";

const NAMES = [
  "--host",
  "--port",
  "--log-level",
  "--lifespan",
  "--limit-max-requests",
];

for (
  const [word, expected] of [
    ["--prot", ["--port"]],
    ["--por", ["--port"]],
    ["--HOST", ["--host"]],
    ["--loglevel", ["--log-level"]],
    ["--limit", ["--limit-max-requests"]],
    ["--zzzzzz", []],
    ["", []],
    ["-".repeat(100_000), []],
  ] as const
) {
  test(`didYouMean() offers ${expected.join(" ") || "nothing"} for ${word.slice(0, 20)}`, () => {
    const offered = didYouMean(word, NAMES);
    assert.deepEqual(offered, expected);
  });
}

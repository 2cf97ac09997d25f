import assert from "node:assert/strict";
import { test } from "node:test";
import {
  hasLoadingFlag,
  hasPreloads,
} from "../../../src/runtime/process/preloads.ts";

for (
  const [words, isLoading] of [
    [[], false],
    [["--import", "./hooks.js"], true],
    [["--import=./hooks.js"], true],
    [["-r", "dotenv/config"], true],
    [["--preload=./x.ts"], true],
    [["--env-file=.env"], true],
    [["--config", "elsewhere/deno.json"], true],
    [["--import-map=maps/a.json"], true],
    [["--max-old-space-size=200", "--conditions=dev"], false],
    [["--importance"], false],
    [["-A", "--no-prompt", "--unstable-kv"], false],
  ] as const
) {
  test(`${JSON.stringify(words)} ${isLoading ? "loads" : "does not load"} code or settings`, () => {
    assert.equal(hasLoadingFlag(words), isLoading);
  });
}

test("NODE_OPTIONS counts too", () => {
  const before = process.env.NODE_OPTIONS;
  try {
    process.env.NODE_OPTIONS = "--max-http-header-size=9000";
    assert.equal(hasPreloads(), false);
    process.env.NODE_OPTIONS = "--max-http-header-size=9000 --import './a.js'";
    assert.equal(hasPreloads(), true);
  } finally {
    if (before === undefined) delete process.env.NODE_OPTIONS;
    else process.env.NODE_OPTIONS = before;
  }
});

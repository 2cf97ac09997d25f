import assert from "node:assert/strict";
import { test } from "node:test";
import { waitForStrangers } from "../../src/server/strangers.ts";

test("a runtime that cannot wait for strangers' children says what to do", () => {
  const warnings: string[] = [];
  let onUnable: (() => void) | undefined;
  let hasEnded = false;
  const end = waitForStrangers(
    { warning: (text) => void warnings.push(text) },
    {
      reapOrphans(listener) {
        onUnable = listener;
        return () => hasEnded = true;
      },
    },
  );
  assert.deepEqual(warnings, []);
  onUnable!();
  assert.equal(warnings.length, 1);
  assert.match(warnings[0], /zombies.*docker run --init/);
  end();
  assert.ok(hasEnded);
});

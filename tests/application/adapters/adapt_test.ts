import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ADAPTERS,
  newContext,
} from "../../../src/application/adapters/adapt.ts";
import type { OnListening } from "../../../src/application/adapters/context.ts";
import { FakeLogger } from "../../_support/harness.ts";

test("every adapter of the table can be loaded", async () => {
  for (const [name, load] of Object.entries(ADAPTERS)) {
    assert.equal(typeof await load(), "function", name);
  }
});

test("what a callback throws when the server listens is logged", () => {
  const logger = new FakeLogger();
  const callbacks: OnListening[] = [];
  const context = newContext("fetch", {
    isImported: false,
    logger,
    onWarning: () => {},
    onListening: (callback) => void callbacks.push(callback),
  });
  const seen: unknown[] = [];
  context.onListening((addresses) => void seen.push(addresses));
  context.onListening(() => {
    throw new Error("not yet");
  });
  const addresses = [{ kind: "tcp", host: "127.0.0.1", port: 1 }] as never;
  for (const callback of callbacks) callback(addresses);
  assert.deepEqual(seen, [addresses]);
  assert.deepEqual(logger.at("error"), [
    "Exception in the application's onListen",
  ]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { oneTimeWarnings } from "../../src/logging/one_time_warnings.ts";
import { FakeLogger } from "../_support/harness.ts";

test("oneTimeWarnings() logs the first warning of each topic", () => {
  const logger = new FakeLogger();
  const warnOnce = oneTimeWarnings(logger);
  warnOnce("a", "first of a");
  warnOnce("a", "second of a");
  warnOnce("b", "first of b");
  assert.deepEqual(logger.at("warning"), ["first of a", "first of b"]);
});

test("oneTimeWarnings() remembers for one server alone", () => {
  const logger = new FakeLogger();
  oneTimeWarnings(logger)("a", "one server");
  oneTimeWarnings(logger)("a", "another");
  assert.deepEqual(logger.at("warning"), ["one server", "another"]);
});

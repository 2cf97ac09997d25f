import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogLevel } from "../../src/logging/logger.ts";
import {
  bold,
  colorStatus,
  levelPrefix,
  usesColors,
} from "../../src/logging/styles.ts";

for (
  const [level, plain, colored] of [
    ["trace", "TRACE:   ", "\x1b[34mTRACE\x1b[0m:   "],
    ["debug", "DEBUG:   ", "\x1b[36mDEBUG\x1b[0m:   "],
    ["info", "INFO:    ", "\x1b[32mINFO\x1b[0m:    "],
    ["warning", "WARNING: ", "\x1b[33mWARNING\x1b[0m: "],
    ["error", "ERROR:   ", "\x1b[31mERROR\x1b[0m:   "],
    ["critical", "CRITICAL:", "\x1b[91mCRITICAL\x1b[0m:"],
  ] as readonly (readonly [LogLevel, string, string])[]
) {
  test(`levelPrefix() of ${level} is nine columns wide (process:P-102)`, () => {
    assert.equal(levelPrefix(level, false), plain);
    assert.equal(levelPrefix(level, true), colored);
  });
}

test("colorStatus() goes by the first digit", () => {
  for (
    const [status, code] of [[101, 97], [200, 32], [304, 33], [404, 31], [
      503,
      91,
    ]] as const
  ) {
    assert.equal(colorStatus("x", status), `\x1b[${code}mx\x1b[0m`);
  }
  assert.equal(bold("x"), "\x1b[1mx\x1b[0m");
});

for (
  const [useColors, isTerminal, variables, expected] of [
    [undefined, true, {}, true],
    [undefined, false, {}, false],
    [true, false, { NO_COLOR: "1" }, true],
    [false, true, { FORCE_COLOR: "1" }, false],
    [undefined, true, { NO_COLOR: "1" }, false],
    [undefined, true, { NO_COLOR: "" }, true],
    [undefined, false, { FORCE_COLOR: "1" }, true],
    [undefined, false, { FORCE_COLOR: "1", NO_COLOR: "1" }, true],
    [undefined, true, { FORCE_COLOR: "0" }, false],
    [undefined, true, { FORCE_COLOR: "false" }, false],
    [undefined, false, { FORCE_COLOR: "" }, false],
    [undefined, true, { TERM: "dumb" }, false],
    [undefined, true, { TERM: "xterm" }, true],
  ] as readonly (readonly [
    boolean | undefined,
    boolean,
    Record<string, string>,
    boolean,
  ])[]
) {
  const given = `useColors ${useColors}, ${isTerminal ? "a" : "no"} terminal`;
  test(`usesColors() says ${expected} for ${given}, ${JSON.stringify(variables)}`, () => {
    assert.equal(
      usesColors(useColors, { isTerminal }, (name) => variables[name]),
      expected,
    );
  });
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { LEVEL_NUMBERS, type LogLevel } from "../../src/logging/logger.ts";
import { TextLogger } from "../../src/logging/text_logger.ts";

const LEVELS = Object.keys(LEVEL_NUMBERS) as LogLevel[];

function loggerOf(
  level: LogLevel,
  isColored = false,
): { logger: TextLogger; lines: string[] } {
  const lines: string[] = [];
  const write = (text: string) => void lines.push(text);
  return {
    logger: new TextLogger("tricorn", { level, isColored, write }),
    lines,
  };
}

test("LEVEL_NUMBERS are Python's, with 5 for trace", () => {
  assert.deepEqual(LEVEL_NUMBERS, {
    critical: 50,
    error: 40,
    warning: 30,
    info: 20,
    debug: 10,
    trace: 5,
  });
});

for (const [threshold, level] of LEVELS.entries()) {
  test(`TextLogger at ${level} writes that and worse`, () => {
    const { logger, lines } = loggerOf(level);
    for (const each of LEVELS) logger[each](`a ${each}`);
    const expected = LEVELS.slice(0, threshold + 1)
      .map((each) => `${`${each.toUpperCase()}:`.padEnd(10)}a ${each}\n`);
    assert.deepEqual(lines, expected);
    for (const [number, each] of LEVELS.entries()) {
      assert.equal(logger.isEnabled(each), number <= threshold);
    }
  });
}

test("TextLogger uses the styled message only with colours", () => {
  const details = { styled: "process [\x1b[36m1\x1b[0m]" };
  const plain = loggerOf("info");
  plain.logger.info("process [1]", details);
  assert.deepEqual(plain.lines, ["INFO:     process [1]\n"]);
  const colored = loggerOf("info", true);
  colored.logger.info("process [1]", details);
  colored.logger.info("plain");
  assert.deepEqual(colored.lines, [
    "\x1b[32mINFO\x1b[0m:     process [\x1b[36m1\x1b[0m]\n",
    "\x1b[32mINFO\x1b[0m:     plain\n",
  ]);
});

test("TextLogger writes an error and its causes below the message, in one piece", () => {
  const { logger, lines } = loggerOf("info");
  const error = new Error("boom", { cause: new TypeError("why") });
  logger.error("Exception in ASGI application", { error });
  assert.equal(lines.length, 1);
  assert.match(
    lines[0]!,
    /^ERROR: {4}Exception in ASGI application\nError: boom\n\s+at /,
  );
  assert.match(lines[0]!, /\nCaused by: TypeError: why\n\s+at /);
  assert.ok(lines[0]!.endsWith("\n") && !lines[0]!.endsWith("\n\n"));
});

test("TextLogger shows that undefined was thrown", () => {
  const { logger, lines } = loggerOf("info");
  logger.error("Exception", { error: undefined });
  assert.deepEqual(lines, ["ERROR:    Exception\nThrown value: undefined\n"]);
});

test("TextLogger passes no escape sequence of a message on", () => {
  const { logger, lines } = loggerOf("info", true);
  logger.warning("name \x1b[2J\r\x07\x9b");
  assert.deepEqual(lines, [
    "\x1b[33mWARNING\x1b[0m:  name \\x1b[2J\\r\\x07\\x9b\n",
  ]);
});

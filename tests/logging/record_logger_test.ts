import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogHandler } from "../../src/logging/handler.ts";
import {
  LEVEL_NUMBERS,
  type LogLevel,
  messageWithField,
} from "../../src/logging/logger.ts";
import type { LogRecord } from "../../src/logging/record.ts";
import { NO_ROUTE, RecordLogger } from "../../src/logging/record_logger.ts";

const LEVELS = Object.keys(LEVEL_NUMBERS) as LogLevel[];

function loggerOf(
  level: LogLevel,
): { logger: RecordLogger; lines: string[]; records: LogRecord[] } {
  const lines: string[] = [];
  const records: LogRecord[] = [];
  const logger = new RecordLogger("tricorn", {
    threshold: LEVEL_NUMBERS[level],
    handlers: [handlerAt("trace", records, lines)],
  });
  return { logger, lines, records };
}

function handlerAt(
  level: LogLevel,
  records: LogRecord[],
  lines: string[] = [],
): LogHandler {
  return {
    threshold: LEVEL_NUMBERS[level],
    handle(record) {
      records.push(record);
      lines.push(`${record.level} ${record.message}\n`);
    },
  };
}

test("LEVEL_NUMBERS are Python's, with 5 for trace (process:P-105)", () => {
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
  test(`RecordLogger at ${level} writes that and worse`, () => {
    const { logger, lines } = loggerOf(level);
    for (const each of LEVELS) logger[each](`a ${each}`);
    const expected = LEVELS.slice(0, threshold + 1)
      .map((each) => `${each} a ${each}\n`);
    assert.deepEqual(lines, expected);
    for (const [number, each] of LEVELS.entries()) {
      assert.equal(logger.isEnabled(each), number <= threshold);
    }
  });
}

test("RecordLogger makes a record of everything it is given", () => {
  const { logger, records } = loggerOf("info");
  const spans = [{ name: "pid", value: 1, at: 9 }];
  const error = new Error("boom");
  const before = Date.now();
  logger.info("process [1]", { fields: spans });
  logger.error("failed", { error });
  logger.warning("plain");
  const times = records.map((record) => record.time);
  assert.ok(times.every((time) => time >= before && time <= Date.now()));
  assert.deepEqual(records.map(({ time: _, ...rest }) => rest), [
    {
      level: "info",
      logger: "tricorn",
      message: "process [1]",
      fields: { pid: 1 },
      spans,
    },
    {
      level: "error",
      logger: "tricorn",
      message: "failed",
      fields: {},
      spans: undefined,
      error,
    },
    {
      level: "warning",
      logger: "tricorn",
      message: "plain",
      fields: {},
      spans: undefined,
    },
  ]);
});

test("RecordLogger keeps that undefined was thrown", () => {
  const { logger, records } = loggerOf("info");
  logger.error("Exception", { error: undefined });
  logger.error("Exception");
  assert.deepEqual(records.map((record) => "error" in record), [true, false]);
});

test("RecordLogger asks each handler for its level", () => {
  const all: LogRecord[] = [];
  const errors: LogRecord[] = [];
  const handlers = [handlerAt("info", all), handlerAt("error", errors)];
  const logger = new RecordLogger("tricorn", {
    threshold: LEVEL_NUMBERS.trace,
    handlers,
  });
  assert.equal(logger.isEnabled("debug"), false);
  logger.debug("a");
  logger.info("b");
  logger.error("c");
  assert.deepEqual(all.map(({ message }) => message), ["b", "c"]);
  assert.deepEqual(errors, [all[1]]);
});

test("RecordLogger is off without handlers, until it gets some", () => {
  const records: LogRecord[] = [];
  const logger = new RecordLogger("tricorn", NO_ROUTE);
  assert.equal(logger.isEnabled("critical"), false);
  logger.critical("lost");
  logger.reroute({ threshold: 0, handlers: [handlerAt("trace", records)] });
  logger.trace("kept");
  assert.deepEqual(records.map(({ message }) => message), ["kept"]);
});

test("messageWithField() says where the value is", () => {
  assert.deepEqual(messageWithField("process [", "pid", 12, "]"), {
    message: "process [12]",
    fields: [{ name: "pid", value: 12, at: 9 }],
  });
});

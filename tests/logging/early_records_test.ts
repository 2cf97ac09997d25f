import assert from "node:assert/strict";
import { test } from "node:test";
import { EarlyRecords } from "../../src/logging/early_records.ts";
import type { LogRecord } from "../../src/logging/record.ts";
import { RecordLogger } from "../../src/logging/record_logger.ts";

/** Logs into early records; returns what is handed over at level info. */
function handedOver(log: (logger: RecordLogger) => void) {
  const early = new EarlyRecords();
  log(new RecordLogger("tricorn", early.route));
  const records: LogRecord[] = [];
  const handlers = [
    { threshold: 5, handle: (record: LogRecord) => void records.push(record) },
  ];
  const dropped = early.deliverTo({ threshold: 20, handlers });
  return { messages: records.map(({ message }) => message), dropped };
}

test("EarlyRecords hands over in order what the route lets through", () => {
  const handed = handedOver((logger) => {
    logger.info("a");
    logger.trace("b");
    logger.error("c");
  });
  assert.deepEqual(handed, { messages: ["a", "c"], dropped: 0 });
});

test("EarlyRecords keeps the first thousand and counts the rest", () => {
  const { messages, dropped } = handedOver((logger) => {
    for (let i = 0; i < 1200; i++) logger.info(`${i}`);
  });
  assert.equal(messages.length, 1000);
  assert.equal(messages.at(-1), "999");
  assert.equal(dropped, 200);
});

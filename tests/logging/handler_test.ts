import assert from "node:assert/strict";
import { test } from "node:test";
import {
  EVERY_LEVEL,
  FailureReport,
  SinkHandler,
  TextHandler,
} from "../../src/logging/handler.ts";
import type { LogRecord } from "../../src/logging/record.ts";

const RECORD: LogRecord = {
  time: 0,
  level: "info",
  logger: "tricorn",
  message: "hello",
  fields: {},
};

test("TextHandler formats and writes, or writes elsewhere", () => {
  const written: string[] = [];
  const elsewhere: string[] = [];
  const handler = new TextHandler({
    threshold: 30,
    format: ({ message }) => `${message}\n`,
    write: (text) => void written.push(text),
  });
  handler.handle(RECORD);
  const other = handler.writingTo({
    write: (text) => void elsewhere.push(text),
  });
  other.handle(RECORD);
  assert.equal(other.threshold, 30);
  assert.deepEqual([written, elsewhere], [["hello\n"], ["hello\n"]]);
});

test("TextHandler reports a formatter that throws, and writes nothing for it", () => {
  const failures: unknown[] = [];
  const error = new Error("bad format");
  const handler = new TextHandler({
    format() {
      throw error;
    },
    write: () => assert.fail("nothing to write"),
    onFailure: (failure) => void failures.push(failure),
  });
  handler.handle(RECORD);
  assert.deepEqual(failures, [error]);
  assert.equal(handler.threshold, EVERY_LEVEL);
});

test("SinkHandler reports what a sink throws or rejects with", async () => {
  const failures: unknown[] = [];
  const onFailure = (failure: unknown) => void failures.push(failure);
  new SinkHandler(() => {
    throw "thrown";
  }, onFailure).handle(RECORD);
  new SinkHandler(() => Promise.reject("rejected"), onFailure).handle(RECORD);
  await Promise.resolve();
  assert.deepEqual(failures, ["thrown", "rejected"]);
});

test("SinkHandler hands a sink no record that it causes itself", () => {
  let calls = 0;
  const handler = new SinkHandler(() => {
    calls++;
    handler.handle(RECORD);
  }, () => {});
  handler.handle(RECORD);
  handler.handle(RECORD);
  assert.equal(calls, 2);
});

test("FailureReport tells of the first failure, and at the end how many followed", () => {
  const written: string[] = [];
  const report = new FailureReport((text) => void written.push(text));
  report.finish();
  report.add("first");
  report.finish();
  assert.equal(written.length, 1);
  for (let i = 0; i < 3; i++) report.add("again");
  report.finish();
  report.finish();
  assert.deepEqual(written.map((text) => text.split("\n")[0]), [
    "ERROR:    Cannot log: a sink or formatter of the program failed; its further failures are counted",
    "ERROR:    Cannot log: a sink or formatter of the program failed; its further failures are counted",
    "WARNING:  Lost 2 more log records: a sink or formatter of the program failed",
  ]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { jsonFormat } from "../../src/logging/json_format.ts";
import type { LogRecord } from "../../src/logging/record.ts";

function record(change: Partial<LogRecord>): LogRecord {
  return {
    time: Date.UTC(2026, 10, 29, 10, 46, 13, 7),
    level: "info",
    logger: "tricorn",
    message: "hello",
    fields: {},
    ...change,
  };
}

test("jsonFormat() writes one object a line, the fields behind the message", () => {
  assert.equal(
    jsonFormat(record({ fields: { pid: 1, address: "x" } })),
    '{"time":"2026-11-29T10:46:13.007Z","level":"info","logger":"tricorn",' +
      '"message":"hello","pid":1,"address":"x"}\n',
  );
});

test("jsonFormat() writes nothing that a terminal obeys or that ends a line, and loses nothing", () => {
  const message = '\x1b[2J\r\n"\x7f\x9b\u2028\u202e\ud800 é';
  const line = jsonFormat(record({ message }));
  assert.match(line, /^[\x20-\x7eé]*\n$/);
  assert.equal(JSON.parse(line).message, message);
});

for (
  const [what, error, type] of [
    ["an error", new RangeError("too far"), "RangeError"],
    ["a text", "just a text", undefined],
    ["undefined", undefined, undefined],
    ["an object", { name: 1, message: 2 }, undefined],
    [
      "what cannot be read",
      {
        get message(): string {
          throw new Error("hostile");
        },
        get name(): string {
          throw new Error("hostile");
        },
      },
      undefined,
    ],
  ] as const
) {
  test(`jsonFormat() shows ${what} that was thrown`, () => {
    const line = JSON.parse(jsonFormat(record({ error })));
    assert.equal(line.error.type, type);
    assert.equal(typeof line.error.stack, "string");
    if (type !== undefined) {
      assert.equal(line.error.message, "too far");
      assert.match(line.error.stack, /^RangeError: too far\n\s+at /);
    }
  });
}

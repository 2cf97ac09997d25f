import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogRecord } from "../../src/logging/record.ts";
import { textFormat } from "../../src/logging/text_format.ts";

const PLAIN = textFormat(false);
const COLORED = textFormat(true);

function record(change: Partial<LogRecord> & { message: string }): LogRecord {
  return { time: 0, level: "info", logger: "tricorn", fields: {}, ...change };
}

for (
  const [what, message, spans, plain, colored] of [
    [
      "a process id",
      "Started server process [1]",
      [{ name: "pid", value: 1, at: 24 }],
      "INFO:     Started server process [1]\n",
      "\x1b[32mINFO\x1b[0m:     Started server process [\x1b[36m1\x1b[0m]\n",
    ],
    [
      "an address at the end",
      "running on on",
      [{ name: "address", value: "on", at: 11 }],
      "INFO:     running on on\n",
      "\x1b[32mINFO\x1b[0m:     running on \x1b[1mon\x1b[0m\n",
    ],
    [
      "two fields",
      "1 at a",
      [{ name: "pid", value: 1, at: 0 }, {
        name: "address",
        value: "a",
        at: 5,
      }],
      "INFO:     1 at a\n",
      "\x1b[32mINFO\x1b[0m:     \x1b[36m1\x1b[0m at \x1b[1ma\x1b[0m\n",
    ],
    [
      "no field of another name",
      "in 3 seconds",
      [{ name: "seconds", value: 3, at: 3 }],
      "INFO:     in 3 seconds\n",
      "\x1b[32mINFO\x1b[0m:     in 3 seconds\n",
    ],
    [
      "no message without fields",
      "plain",
      undefined,
      "INFO:     plain\n",
      "\x1b[32mINFO\x1b[0m:     plain\n",
    ],
  ] as const
) {
  test(`textFormat() highlights ${what}, where colours are on (process:P-108)`, () => {
    assert.equal(PLAIN(record({ message, spans })), plain);
    assert.equal(COLORED(record({ message, spans })), colored);
  });
}

test("textFormat() writes an error and its causes below the message", () => {
  const error = new Error("boom", { cause: new TypeError("why") });
  const message = "Exception in ASGI application";
  const text = PLAIN(record({ level: "error", message, error }));
  assert.match(
    text,
    /^ERROR: {4}Exception in ASGI application\nError: boom\n\s+at /,
  );
  assert.match(text, /\nCaused by: TypeError: why\n\s+at /);
  assert.ok(text.endsWith("\n") && !text.endsWith("\n\n"));
});

test("textFormat() shows that undefined was thrown", () => {
  const text = PLAIN(
    record({ level: "error", message: "Exception", error: undefined }),
  );
  assert.equal(text, "ERROR:    Exception\nThrown value: undefined\n");
});

test("textFormat() passes no escape sequence of a message or a field on", () => {
  const message = "name \x1b[2J\r\x07\x9b";
  assert.equal(
    COLORED(record({ level: "warning", message })),
    "\x1b[33mWARNING\x1b[0m:  name \\x1b[2J\\r\\x07\\x9b\n",
  );
  assert.equal(
    COLORED(record({
      message: "\x07 on \x1b[2J\r",
      spans: [{ name: "address", value: "\x1b[2J", at: 5 }],
    })),
    "\x1b[32mINFO\x1b[0m:     \\x07 on \x1b[1m\\x1b[2J\x1b[0m\\r\n",
  );
});

test("textFormat() begins the first line of a record with its time, if asked to", () => {
  const time = Date.UTC(2026, 10, 29, 10, 46, 13, 7);
  assert.equal(
    textFormat(false, true)(record({ time, message: "one", error: "two" })),
    '2026-11-29T10:46:13.007Z INFO:     one\nThrown value: "two"\n',
  );
});

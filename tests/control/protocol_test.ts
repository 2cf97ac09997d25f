import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  answerLine,
  MAX_REQUEST_BYTES,
  readRequest,
  requestLine,
} from "../../src/control/protocol.ts";

describe("readRequest()", () => {
  for (const command of ["status", "stop", "reload"] as const) {
    test(`reads back what requestLine() writes: ${command}`, () => {
      for (const isForced of [false, true]) {
        const line = requestLine({ command, isForced });
        assert.ok(line.endsWith("\n") && line.length < MAX_REQUEST_BYTES);
        assert.deepEqual(readRequest(line.trimEnd()), { command, isForced });
      }
    });
  }

  for (
    const [line, error] of [
      ["", "Cannot read request '': expected JSON"],
      ["GET / HTTP/1.1", "Cannot read request 'GET / HTTP/1.1': expected JSON"],
      ["\x1b[2J", "Cannot read request '\\x1b[2J': expected JSON"],
      [
        `"${"a".repeat(100)}`,
        `Cannot read request '"${"a".repeat(39)}…': expected JSON`,
      ],
      ["[]", "Cannot read request '[]': expected an object"],
      ["null", "Cannot read request 'null': expected an object"],
      [
        "{}",
        `Cannot do 'nothing': expected "command" to be one of status, stop, reload`,
      ],
      [
        '{"command":"rm"}',
        `Cannot do '"rm"': expected "command" to be one of status, stop, reload`,
      ],
      [
        '{"command":["stop"]}',
        `Cannot do '["stop"]': expected "command" to be one of status, stop, reload`,
      ],
      [
        '{"command":"stop","force":1}',
        `Cannot stop: expected "force" to be true or false`,
      ],
    ] as const
  ) {
    test(`tells what is wrong with ${JSON.stringify(line.slice(0, 30))}`, () => {
      assert.deepEqual(readRequest(line), { error });
    });
  }
});

test("answerLine() is one line, whatever the error holds", () => {
  const line = answerLine({ ok: false, error: "a\nb" });
  assert.equal(line.indexOf("\n"), line.length - 1);
});

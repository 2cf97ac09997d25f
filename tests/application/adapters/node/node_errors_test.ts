import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as errors from "../../../../src/application/adapters/node/node_errors.ts";

describe("errors have the codes and words of Node:", () => {
  for (
    const [error, code, kind, message] of [
      [
        errors.headersSent("set"),
        "ERR_HTTP_HEADERS_SENT",
        Error,
        "Cannot set headers after they are sent to the client",
      ],
      [
        errors.invalidStatus("abc"),
        "ERR_HTTP_INVALID_STATUS_CODE",
        RangeError,
        "Invalid status code: abc",
      ],
      [
        errors.writeAfterEnd(),
        "ERR_STREAM_WRITE_AFTER_END",
        Error,
        "write after end",
      ],
      [
        errors.alreadyFinished(),
        "ERR_STREAM_ALREADY_FINISHED",
        Error,
        "Cannot call end after a stream was finished",
      ],
      [
        errors.destroyed("write"),
        "ERR_STREAM_DESTROYED",
        Error,
        "Cannot call write after a stream was destroyed",
      ],
      [
        errors.nullChunk(),
        "ERR_STREAM_NULL_VALUES",
        TypeError,
        "May not write null values to stream",
      ],
      [errors.connectionReset(), "ECONNRESET", Error, "aborted"],
    ] as const
  ) {
    test(code, () => {
      assert.equal(error.code, code);
      assert.equal(error.message, message);
      assert.equal(error.constructor, kind);
    });
  }
});

describe("wrongType says what was received:", () => {
  for (
    const [what, value, received] of [
      ["nothing", undefined, "undefined"],
      ["null", null, "null"],
      ["a number", 7, "type number (7)"],
      ["a boolean", true, "type boolean (true)"],
      ["a list", [1], "an instance of Array"],
      ["an instance", new Map(), "an instance of Map"],
      [
        "an object without a prototype",
        Object.create(null),
        "an instance of Object",
      ],
    ] as const
  ) {
    test(what, () => {
      const error = errors.wrongType("chunk", "of type string", value);
      assert.ok(error instanceof TypeError);
      assert.equal(error.code, "ERR_INVALID_ARG_TYPE");
      assert.equal(
        error.message,
        `The "chunk" argument must be of type string. Received ${received}`,
      );
    });
  }
});

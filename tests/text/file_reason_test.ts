import assert from "node:assert/strict";
import { test } from "node:test";
import { fileReason } from "../../src/text/file_reason.ts";

for (
  const [error, reason] of [
    [
      { code: "ENOENT", message: "ENOENT: no such file, open 'x'" },
      "it does not exist",
    ],
    [{ code: "ENXIO", message: "" }, "it is not a regular file"],
    [{ code: "EIO", message: "EIO: i/o error\nmore" }, "EIO: i/o error"],
    [{ message: "odd" }, "odd"],
    [
      { name: "NotCapable", message: "Requires read access" },
      "Deno does not allow it, run it with --allow-read=/a",
    ],
  ] as const
) {
  test(`fileReason() says: ${reason}`, () => {
    assert.equal(fileReason(error, "/a"), reason);
  });
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { mediaTypeOf } from "../../src/helpers/media_types.ts";

for (
  const [path, type] of [
    ["/a/index.html", "text/html; charset=utf-8"],
    ["A.PNG", "image/png"],
    ["a.tar.zip", "application/zip"],
    ["/a.html/raw", "application/octet-stream"],
    ["noextension", "application/octet-stream"],
    ["a.constructor", "application/octet-stream"],
    ["a.", "application/octet-stream"],
  ] as const
) {
  test(`mediaTypeOf() knows ${path}`, () => {
    assert.equal(mediaTypeOf(path), type);
  });
}

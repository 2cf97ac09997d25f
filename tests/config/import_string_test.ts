import assert from "node:assert/strict";
import { test } from "node:test";
import { splitImportString } from "../../src/config/import_string.ts";

for (
  const [spec, module, attribute] of [
    ["main:app", "main", "app"],
    ["main:a.b.c", "main", "a.b.c"],
    ["main.ts", "main.ts", undefined],
    ["main.ts:app", "main.ts", "app"],
    ["./dir/main.mjs", "./dir/main.mjs", undefined],
    ["./dir/main.ts:app.create", "./dir/main.ts", "app.create"],
    ["pkg/sub:app", "pkg/sub", "app"],
    ["pkg.sub:app", "pkg.sub", "app"],
    ["file:///srv/main.ts", "file:///srv/main.ts", undefined],
    ["file:///srv/main.ts:app", "file:///srv/main.ts", "app"],
    ["C:\\srv\\main.ts", "C:\\srv\\main.ts", undefined],
    ["C:\\srv\\main.ts:app", "C:\\srv\\main.ts", "app"],
    ["C:/srv/main.ts:app", "C:/srv/main.ts", "app"],
    ["npm:thing", "npm:thing", undefined],
    ["npm:thing@4:app", "npm:thing@4", "app"],
    ["jsr:@scope/name:app", "jsr:@scope/name", "app"],
    ["https://host:8000/main.ts:app", "https://host:8000/main.ts", "app"],
    ["https://host:8000/main.ts", "https://host:8000/main.ts", undefined],
    ["a:b:c", "a:b", "c"],
  ] as const
) {
  test(`splitImportString() splits ${spec}`, () => {
    assert.deepEqual(splitImportString(spec), { module, attribute });
  });
}

for (
  const spec of [
    "",
    ":",
    "app",
    "app:",
    ":app",
    "pkg.sub",
    "./dir/main",
    "main.ts:",
    "a:/b",
  ]
) {
  test(`splitImportString() refuses ${JSON.stringify(spec)}`, () => {
    assert.equal(splitImportString(spec), undefined);
  });
}

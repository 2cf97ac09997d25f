import assert from "node:assert/strict";
import { test } from "node:test";
import {
  asExport,
  isUrl,
  splitImportString,
} from "../../src/application/import_string.ts";

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
    ["http:app", "http", "app"],
    ["HTTP:app", "HTTP", "app"],
    ["https:app", "https", "app"],
    ["https:app.create", "https", "app.create"],
    ["http:8000", "http", "8000"],
    ["data:app", "data", "app"],
    ["file:app", "file", "app"],
    ["blob:app", "blob", "app"],
    ["node:app", "node", "app"],
    ["node:http", "node", "http"],
    ["bun:app", "bun", "app"],
    ["jsr:app", "jsr", "app"],
    ["ws:app", "ws", "app"],
    ["http:app:create", "http:app", "create"],
    ["./http:app", "./http", "app"],
    ["http.ts:app", "http.ts", "app"],
    ["npm:@scope/name", "npm:@scope/name", undefined],
    ["npm:@scope/name:app", "npm:@scope/name", "app"],
    ["data:text/javascript,app", "data:text/javascript,app", undefined],
    ["FILE:///srv/main.ts:app", "FILE:///srv/main.ts", "app"],
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

for (
  const [spec, found] of [
    ["npm:app", { module: "npm", attribute: "app" }],
    ["npm:socket.io", { module: "npm", attribute: "socket.io" }],
    ["NPM:größe", { module: "NPM", attribute: "größe" }],
    ["npm:7zip", undefined],
    ["npm:app@1", undefined],
    ["npm:my-app", undefined],
    ["npm:@scope/name", undefined],
    ["http:app", undefined],
    ["main:app", undefined],
  ] as const
) {
  test(`asExport() reads ${spec} as ${found ? "an export too" : "one thing"}`, () => {
    assert.deepEqual(asExport(spec), found);
  });
}

test("isUrl() takes nothing for a URL that a file may be called", () => {
  const schemes = [
    "http",
    "https",
    "data",
    "file",
    "blob",
    "node",
    "bun",
    "jsr",
    "ftp",
  ];
  for (const scheme of schemes) {
    for (
      const rest of [
        "app",
        "app.create",
        "_",
        "$",
        "App9",
        "main.ts",
        "8000",
        "ä",
      ]
    ) {
      assert.equal(isUrl(`${scheme}:${rest}`), false, `${scheme}:${rest}`);
      const parts = splitImportString(`${scheme}:${rest}`);
      assert.deepEqual(parts, { module: scheme, attribute: rest });
    }
  }
});

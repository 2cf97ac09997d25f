import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { locateSyntaxError } from "../../src/application/syntax_error.ts";
import { runtime } from "../../src/runtime/mod.ts";

const folder = mkdtempSync(join(tmpdir(), "tricorn-syntax-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** As Node throws it: nothing but its own frames. */
function bareError(): SyntaxError {
  const error = new SyntaxError("Unexpected token '='");
  error.stack = `SyntaxError: ${error.message}\n    at node:internal/x:1:2`;
  return error;
}

for (
  const [what, files, place] of [
    ["the module itself", { "a.mjs": "\nconst x = = 1;\n" }, "a.mjs:2"],
    [
      "what its imports import",
      {
        "b.mjs": 'import "./c.mjs";\n',
        "c.mjs": 'export * from "./b.mjs";\nexport { d } from "./d.js";\n',
        "d.js": "\n\nexport const d = = 1;\n",
      },
      "d.js:3",
    ],
    [
      "what a TypeScript module imports",
      { "e.ts": 'import "./f.mjs";\n', "f.mjs": "const x = = 1;\n" },
      "f.mjs:1",
    ],
    [
      "CommonJS",
      {
        "g.mjs": 'import "./fine.js";\nimport "./h.cjs";\n',
        "fine.js": "with ({}) {}\nreturn;\n",
        "h.cjs": "return;\nconst x = = 1;\n",
      },
      "h.cjs:2",
    ],
    ["no file", { "i.mjs": 'import "./gone.mjs";\nthrow new Error();\n' }, ""],
  ] as readonly (readonly [string, Record<string, string>, string])[]
) {
  test(`locateSyntaxError() on Node finds the place in ${what}`, () => {
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(folder, name), text);
    }
    const error = bareError();
    const found = locateSyntaxError(
      error,
      join(folder, Object.keys(files)[0]!),
    );
    assert.equal(found.message, error.message);
    if (runtime.name !== "node" || place === "") {
      assert.equal(found, error);
    } else {
      assert.ok(
        found.stack!.startsWith(join(folder, place)),
        found.stack!,
      );
      assert.ok(found.stack!.endsWith(`\n\nSyntaxError: ${error.message}`));
    }
  });
}

test("locateSyntaxError() leaves an error that has its place", () => {
  const error = bareError();
  error.stack = `file:///srv/main.mjs:3\nconst x = = 1;\n\n${error.stack}`;
  assert.equal(locateSyntaxError(error, join(folder, "a.mjs")), error);
});

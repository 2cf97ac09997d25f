import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { findModule } from "../../src/application/find_module.ts";

const fixtures = fileURLToPath(new URL("fixtures", import.meta.url));

describe("findModule()", () => {
  for (
    const [what, module, file] of [
      ["a file by its whole name", "plain.mjs", "plain.mjs"],
      ["a file without its ending", "common", "common.cjs"],
      ["TypeScript before JavaScript", "both", "both.ts"],
      ["the index of a folder", "folder", "folder/index.ts"],
      ["the mod.ts of a folder", "modfolder", "modfolder/mod.ts"],
      ["a dotted path", "pkg.sub", "pkg/sub.ts"],
      ["a file whose name has dots", "name.with.dots", "name.with.dots.ts"],
      ["a path", "./pkg/sub", "pkg/sub.ts"],
      ["an absolute path", join(fixtures, "main.ts"), "main.ts"],
      [
        "a file: URL",
        pathToFileURL(join(fixtures, "main.ts")).href,
        "main.ts",
      ],
    ] as const
  ) {
    test(`finds ${what}`, () => {
      const path = join(fixtures, file);
      assert.deepEqual(findModule(module, fixtures), {
        url: pathToFileURL(path).href,
        path,
      });
    });
  }

  test("takes a URL of the network as it is", () => {
    const url = "https://example.org/app.ts";
    assert.deepEqual(findModule(url, fixtures), { url, path: undefined });
  });

  const tried = (name: string, base: string) =>
    `There is no ${name}.ts, .mts, .js, .mjs, .cjs, .cts, .tsx, .jsx in "${base}".`;

  for (
    const [what, module, base, problem] of [
      ["a name", "absent", fixtures, tried("absent", fixtures)],
      ["a dotted path", "pkg.absent", fixtures, tried("pkg.absent", fixtures)],
      [
        "a file name",
        "absent.ts",
        fixtures,
        `There is no absent.ts in "${fixtures}".`,
      ],
      [
        "a file below a file",
        "main.ts/x",
        fixtures,
        tried("main.ts/x", fixtures),
      ],
      [
        "a name longer than a file system takes",
        "x".repeat(5000),
        fixtures,
        tried("x".repeat(5000), fixtures),
      ],
      [
        "a name in a directory that is not there",
        "main",
        join(fixtures, "absent"),
        `There is no directory "${join(fixtures, "absent")}".`,
      ],
      [
        "a file: URL",
        pathToFileURL(join(fixtures, "absent.ts")).href,
        fixtures,
        "There is no such file.",
      ],
    ] as const
  ) {
    test(`says what is missing: ${what}`, () => {
      assert.deepEqual(findModule(module, base), { problem });
    });
  }
});

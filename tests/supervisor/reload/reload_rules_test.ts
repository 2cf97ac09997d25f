import assert from "node:assert/strict";
import { test } from "node:test";
import { ReloadRules } from "../../../src/supervisor/reload/reload_rules.ts";

const CWD = "/home/.me/site";

function rules(includes: readonly string[], excludes: readonly string[] = []) {
  return new ReloadRules({ includes, excludes, cwd: CWD });
}

// Paths below the watched directory, which is CWD.
for (
  const [behavior, includes, excludes, watched, ignored] of [
    [
      "modules count, whatever else lies around",
      [],
      [],
      [
        "main.ts",
        "a/b.tsx",
        "a/b/c.mjs",
        "a.mts",
        "a.cts",
        "a.js",
        "a.jsx",
        "a.cjs",
      ],
      ["a.json", "a.py", "README.md", "main.ts~", "main.ts.swp", "4913", "tsx"],
    ],
    [
      "hidden names, packages and files of editors do not count",
      [],
      [],
      ["src/node_modules.ts", "src/git.ts"],
      [
        ".git/hooks/a.js",
        ".venv/lib/a.js",
        "src/.hidden.ts",
        "node_modules/x/index.js",
        "packages/a/node_modules/x/index.js",
        "src/.#main.ts",
        "~main.ts",
        "#main.ts#",
      ],
    ],
    ["further files can be included", ["*.html", "data/*.json"], [], [
      "a.html",
      "b/c.html",
      "b/data/x.json",
      "main.ts",
    ], ["x.json"]],
    ["files can be excluded", [], ["*.test.ts", "generated.ts"], ["a.ts"], [
      "a.test.ts",
      "b/a.test.ts",
      "b/generated.ts",
    ]],
    ["a directory is excluded by its name at any depth", [], ["tests"], [
      "a.ts",
      "tests.ts",
    ], ["tests/a.ts", "b/tests/c/d.ts"]],
    [
      "a directory is excluded by a path with names before it",
      [],
      ["b/tests"],
      ["tests/a.ts", "b/c/tests/a.ts"],
      ["b/tests/a.ts", "a/b/tests/a.ts"],
    ],
    ["a directory is excluded by an absolute path", [], [`${CWD}/tests`], [
      "b/tests/a.ts",
    ], ["tests/a.ts", "tests/c/a.ts"]],
    [
      "a directory is excluded by a relative path",
      [],
      ["./build/", "../site/out"],
      ["a.ts"],
      ["build/a.ts", "out/a.ts"],
    ],
    ["directories are excluded by **", [], ["lib/**/old"], ["lib/a.ts"], [
      "lib/old/a.ts",
      "lib/a/b/old/c.ts",
    ]],
    ["an exact name wins over the default excludes", [".env"], [], [
      ".env",
      "config/.env",
      "a.ts",
    ], [".env.local", ".git/config.js"]],
    [
      "an exact name wins over the operator's excludes",
      ["ext/ext.jpg"],
      ["*.jpg", "ext"],
      ["ext/ext.jpg"],
      ["ext/a.jpg", "ext/a.ts"],
    ],
    [
      "a pattern does not win over the operator's excludes",
      ["ext/*.jpg"],
      ["ext"],
      ["a.ts"],
      ["ext/ext.jpg"],
    ],
    [
      "a pattern of hidden files wins over the default excludes",
      [".env*"],
      [],
      [".env", ".env.local"],
      [".envrc/a.ts", ".git/.env.js/x"],
    ],
    [
      "a pattern that names a hidden directory wins over the default excludes",
      [".config/*.ts"],
      [],
      [".config/a.ts"],
      [".config/a.js", ".config/.x.ts", ".config/b/a.ts"],
    ],
    ["a file of a package can be included", ["node_modules/lib/**/*.js"], [], [
      "node_modules/lib/a.js",
      "node_modules/lib/a/b.js",
    ], ["node_modules/other/a.js"]],
    ["a default include is dropped if it is excluded", [], ["*.js"], ["a.ts"], [
      "a.js",
    ]],
    ["a default exclude is dropped if it is included", [".*"], [], [
      ".hidden.ts",
      ".git/a.ts",
      ".env",
    ], ["node_modules/a.ts"]],
    ["braces are expanded", ["*.{html,css}"], ["{a,b}/*.ts"], [
      "x.css",
      "c/x.ts",
    ], ["a/x.ts", "b/x.ts"]],
  ] as const
) {
  // process:P-090 to P-092, P-099
  test(`ReloadRules: ${behavior} (process:P-089)`, () => {
    const tested = rules(includes, excludes);
    for (const path of watched) {
      const directories = path.split("/").slice(0, -1);
      for (let depth = 1; depth <= directories.length; depth++) {
        const directory = `${CWD}/${directories.slice(0, depth).join("/")}`;
        assert.equal(tested.mayHold(directory, CWD), true, directory);
      }
      assert.equal(tested.isWatched(`${CWD}/${path}`, CWD), true, path);
    }
    for (const path of ignored) {
      assert.equal(tested.isWatched(`${CWD}/${path}`, CWD), false, path);
    }
  });
}

test("ReloadRules does not look into what is excluded", () => {
  const tested = rules([".env", "node_modules/lib/a.js", ".config/**/*.ts"], [
    "old",
    ".config/x",
  ]);
  for (
    const [directory, isHeld] of [
      ["src", true],
      [".git", false],
      ["node_modules", true],
      ["node_modules/lib", true],
      ["node_modules/other", false],
      ["node_modules/lib/deep", false],
      [".config", true],
      [".config/a/b", true],
      [".config/x", false],
      ["a/old", false],
    ] as const
  ) {
    assert.equal(tested.mayHold(`${CWD}/${directory}`, CWD), isHeld, directory);
  }
});

test("ReloadRules compares with the root of the file system too", () => {
  const tested = rules([]);
  assert.equal(tested.mayHold("/.git", "/"), false);
  assert.equal(tested.isWatched("/a.ts", "/"), true);
});

for (
  const [root, includes, excludes, isAsked, isExcluded] of [
    [CWD, [], [], true, false],
    [`${CWD}/app`, [], ["app"], true, true],
    [`${CWD}/app/sub`, [], ["app"], true, true],
    [`${CWD}/app`, [], ["app/sub"], true, false],
    [`${CWD}/app`, [], ["a*"], true, true],
    [`${CWD}/app_first`, [], ["app"], true, false],
    [`${CWD}/.config`, [".config"], [], true, false],
    ["/elsewhere", [], ["/elsewhere"], true, true],
    ["/elsewhere/sub", [], ["/elsewhere"], true, true],
    ["/elsewhere/sub", [], ["elsewhere"], true, false],
    [CWD, [], [CWD], true, true],
    // Found by a pattern.
    [`${CWD}/node_modules`, ["*"], [], false, true],
    [`${CWD}/ext-a`, ["ext-*"], [], false, false],
    [`${CWD}/.ext-a`, [".ext-*"], [], false, false],
  ] as const
) {
  test(`ReloadRules ${isExcluded ? "drops" : "keeps"} ${root} with includes ${includes} and excludes ${excludes}`, () => {
    assert.equal(
      rules(includes, excludes).isExcludedRoot(root, CWD, isAsked),
      isExcluded,
    );
  });
}

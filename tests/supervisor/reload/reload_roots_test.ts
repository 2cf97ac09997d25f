import assert from "node:assert/strict";
import { test } from "node:test";
import { reloadRoots } from "../../../src/supervisor/reload/reload_roots.ts";
import { ReloadRules } from "../../../src/supervisor/reload/reload_rules.ts";

const CWD = "/home/me/site";

/** Directories there are, besides those around them. */
const THERE = [
  `${CWD}/app`,
  `${CWD}/app_first`,
  `${CWD}/app_second/src`,
  `${CWD}/.config`,
  `${CWD}/node_modules/lib`,
  "/home/me/shared",
];
const ALL = new Set(
  THERE.flatMap((path) =>
    path.split("/").map((_, index, names) =>
      names.slice(0, index + 1).join("/") || "/"
    )
  ),
);

function roots(
  directories: readonly string[],
  includes: readonly string[] = [],
  excludes: readonly string[] = [],
): string[] {
  const rules = new ReloadRules({ includes, excludes, cwd: CWD });
  return reloadRoots({ directories, includes, cwd: CWD }, rules, {
    directories(base, names) {
      const depth = base === "/" ? 0 : base.split("/").length - 1;
      return [...ALL].filter((path) => {
        const parts = path.split("/").slice(1);
        return path.startsWith(base) && parts.length === depth + names.length &&
          names.every((name, index) => name.matches(parts[depth + index]!));
      });
    },
  });
}

for (
  const [behavior, asked, expected] of [
    ["what is asked for", [["/b", "/a"]], ["/a", "/b"]],
    ["only the outermost (process:P-096)", [["/a/b", "/a", "/a/b/c"]], ["/a"]],
    [
      "siblings whose names begin alike (process:P-096)",
      [[`${CWD}/app_first`, `${CWD}/app`]],
      [`${CWD}/app`, `${CWD}/app_first`],
    ],
    [
      "a directory that is included (process:P-093)",
      [[`${CWD}/app`], ["app_second", "*.ts", "none"]],
      [`${CWD}/app`, `${CWD}/app_second`],
    ],
    [
      "directories that a pattern leads to (process:P-093)",
      [[`${CWD}/app`], ["app_*/src", "app_f*"]],
      [`${CWD}/app`, `${CWD}/app_first`, `${CWD}/app_second/src`],
    ],
    [
      "a directory outside of the working directory",
      [[CWD], ["../shared"]],
      ["/home/me/shared", CWD],
    ],
    [
      "an absolute one",
      [[CWD], ["/home/me/shared"]],
      ["/home/me/shared", CWD],
    ],
    [
      "an excluded one apart, if it is included",
      [[CWD], [".config"]],
      [CWD, `${CWD}/.config`],
    ],
    ["nothing twice that is found anyway", [[CWD], ["app", "app/src"]], [CWD]],
    ["hidden directories not for .* (process:P-095)", [[CWD], [".*"]], [CWD]],
    ["packages not for *", [[`${CWD}/app`], ["*"]], [
      `${CWD}/app`,
      `${CWD}/app_first`,
      `${CWD}/app_second`,
    ]],
    ["no excluded one (process:P-094)", [
      [`${CWD}/app`, `${CWD}/app_first`],
      [],
      ["app"],
    ], [`${CWD}/app_first`]],
    ["none inside of an excluded one (process:P-094)", [
      [`${CWD}/app_second/src`, `${CWD}/app`],
      [],
      [`${CWD}/app_second`],
    ], [`${CWD}/app`]],
    ["none that two patterns include and exclude", [
      [`${CWD}/app`],
      ["app_*"],
      ["*_first"],
    ], [`${CWD}/app`, `${CWD}/app_second`]],
    ["nothing for **", [[`${CWD}/app`], ["**/src"]], [`${CWD}/app`]],
  ] as const
) {
  test(`reloadRoots() gives ${behavior}`, () => {
    const [directories, includes, excludes] = asked as readonly [
      readonly string[],
      (readonly string[])?,
      (readonly string[])?,
    ];
    assert.deepEqual(roots(directories, includes, excludes), expected);
  });
}

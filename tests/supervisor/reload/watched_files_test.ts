import assert from "node:assert/strict";
import { test } from "node:test";
import type {
  FileKind,
  FileTrees,
  TreeScan,
  TreeWatchListener,
} from "../../../src/runtime/types.ts";
import {
  WatchedFiles,
  type WatchedOptions,
} from "../../../src/supervisor/reload/watched_files.ts";

const SCAN: TreeScan = {
  files: new Map(),
  directories: new Map(),
  linkedDirectories: new Set(),
  targetDirectories: new Set(),
};

function setUp(options: Partial<WatchedOptions> = {}) {
  const folders = new Set(["/site/src", "/site/ext-a"]);
  const calls: string[] = [];
  let listener: TreeWatchListener | undefined;
  const trees: FileTrees = {
    resolve: (path) =>
      path === "." ? "/site" : path === "../app" ? "/app" : `/site/${path}`,
    scan(roots) {
      calls.push(`scan ${roots}`);
      return Promise.resolve(SCAN);
    },
    watch(given) {
      listener = given;
      return {
        update: (roots) => void calls.push(`update ${roots}`),
        close: () => void calls.push("close"),
      };
    },
    ownFolders: () => [],
    directories: (base, [name]) =>
      [...folders].filter((path) => name!.matches(path.slice(base.length + 1))),
  };
  const kinds: Readonly<Record<string, FileKind>> = {
    "/site": "folder",
    "/site/src": "folder",
    "/site/main.ts": "file",
  };
  const files = new WatchedFiles(
    {
      appDir: undefined,
      reloadDirs: [],
      reloadIncludes: [],
      reloadExcludes: [],
      ...options,
    },
    trees,
    {
      fileKind(path) {
        const kind = kinds[path];
        if (kind !== undefined) return kind;
        throw Object.assign(new Error("no such file"), { code: "ENOENT" });
      },
    },
  );
  return { files, folders, calls, listener: () => listener! };
}

for (
  const [behavior, options, roots] of [
    ["the working directory (process:P-098)", {}, ["/site"]],
    ["that of the application too, if it lies elsewhere", {
      appDir: "../app",
    }, ["/app", "/site"]],
    ["no directory twice", { appDir: "src" }, ["/site"]],
    ["exactly what is asked for (process:P-098)", {
      reloadDirs: ["src"],
      appDir: "../app",
    }, ["/site/src"]],
  ] as const
) {
  test(`WatchedFiles watches ${behavior}`, () => {
    assert.deepEqual(setUp(options).files.roots, roots);
  });
}

for (
  const [behavior, options, message] of [
    [
      "a directory that does not exist",
      { reloadDirs: ["src", "no\npe"] },
      "Cannot watch 'no\\npe' (--reload-dir): it does not exist",
    ],
    [
      "a file in place of a directory",
      { reloadDirs: ["main.ts"] },
      "Cannot watch 'main.ts' (--reload-dir): it is not a directory",
    ],
    [
      "directories that are all excluded",
      { reloadDirs: ["src"], reloadExcludes: ["src"] },
      "Cannot watch for changes: all directories of --reload-dir are excluded by --reload-exclude",
    ],
  ] as const
) {
  test(`WatchedFiles refuses ${behavior}`, () => {
    assert.throws(() => setUp(options), {
      name: "ConfigError",
      message,
      exitCode: 2,
    });
  });
}

test("WatchedFiles looks for the directories of patterns at each look", async () => {
  const { files, folders, calls, listener } = setUp({
    reloadDirs: ["src"],
    reloadIncludes: ["ext-*"],
  });
  let wakes = 0;
  const failures: string[] = [];
  const watch = files.watch(
    () => void wakes++,
    (reason) => void failures.push(reason),
  );
  watch.update(await files.look());
  folders.add("/site/ext-b");
  watch.update(await files.look());
  watch.close();
  assert.deepEqual(calls, [
    "scan /site/ext-a,/site/src",
    "update /site/ext-a,/site/src",
    "scan /site/ext-a,/site/ext-b,/site/src",
    "update /site/ext-a,/site/ext-b,/site/src",
    "close",
  ]);
  listener().onWake();
  listener().onFailure("why");
  assert.deepEqual([wakes, failures], [1, ["why"]]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { TreeFilter } from "../../../src/runtime/types.ts";
import { startFiles } from "../../../src/supervisor/reload/start_files.ts";

/** The paths of `files` that are noted, by whoever looks in these places. */
async function noted(
  files: readonly string[],
  unreadable?: string,
): Promise<readonly string[] | undefined> {
  const scan = (roots: readonly string[], filter: TreeFilter) => {
    const found = new Map<string, string>();
    for (const root of roots) {
      const start = root.endsWith("/") ? root : `${root}/`;
      for (const path of files) {
        if (!path.startsWith(start)) continue;
        const folders = path.slice(start.length).split("/").slice(0, -1);
        const isReached = folders.every((_, at) =>
          filter.mayHold(start + folders.slice(0, at + 1).join("/"), root)
        );
        if (isReached && filter.isWatched(path, root)) found.set(path, "1");
      }
    }
    const none = new Set<string>();
    return Promise.resolve({
      files: found,
      directories: new Map(),
      linkedDirectories: none,
      targetDirectories: none,
    });
  };
  const text = await startFiles(
    {
      roots: ["/home/me/app", "/shared"],
      mayHold: (directory) => !directory.endsWith("/node_modules"),
      cwd: "/home/me/app",
    },
    { scan, ownFolders: () => ["/usr/lib/tricorn/lib"] },
    {
      mayRead: (path) => path !== unreadable,
    },
  );
  if (text === undefined) return undefined;
  const scans = JSON.parse(text) as [string, string][][];
  return [...new Set(scans.flat().map(([path]) => path))].sort();
}

for (
  const [what, seen, unseen] of [
    ["what configures a runtime, in the tree and around it", [
      "/home/me/app/deno.json",
      "/home/me/app/packages/a/package.json",
      "/home/me/app/bunfig.toml",
      "/home/me/app/.env.local",
      "/home/me/app/maps/import_map.dev.json",
      "/home/me/tsconfig.base.json",
      "/deno.jsonc",
      "/shared/package.json",
    ], [
      "/home/me/app/main.ts",
      "/home/me/app/data.json",
      "/home/me/app/node_modules/x/package.json",
      "/home/me/other/package.json",
    ]],
    ["the modules of the server and its package", [
      "/usr/lib/tricorn/lib/server-1.js",
      "/usr/lib/tricorn/lib/deep/a.ts",
      "/usr/lib/tricorn/package.json",
    ], ["/usr/lib/tricorn/lib/a.md", "/usr/lib/tricorn/docs/a.ts"]],
  ] as const
) {
  test(`startFiles() notes ${what}`, async () => {
    assert.deepEqual(await noted([...seen, ...unseen]), [...seen].sort());
  });
}

test("startFiles() does not know them where one of the places may not be read", async () => {
  for (
    const path of ["/home", "/shared", "/usr/lib/tricorn/lib", "/home/me/app"]
  ) assert.equal(await noted([], path), undefined);
});

/** Looks at real files. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import {
  absolutePath,
  matchDirectories,
  ownFolders,
  scanTrees,
} from "../../../src/runtime/process/scan_trees.ts";
import { ROOT } from "../../_support/this_runtime.ts";
import type { TreeFilter } from "../../../src/runtime/types.ts";

const ALL: TreeFilter = { mayHold: () => true, isWatched: () => true };

async function inFolder(
  use: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), "scan-")));
  try {
    await use(folder);
  } finally {
    fs.chmodSync(folder, 0o755);
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Paths below `folder`, sorted. */
function below(folder: string, paths: Iterable<string>): string[] {
  return [...paths].map((path) => path.slice(folder.length)).sort();
}

test("scanTrees() finds the files and directories of all trees", () =>
  inFolder(async (folder) => {
    for (const each of ["a/b", "c"]) {
      fs.mkdirSync(join(folder, each), { recursive: true });
      fs.writeFileSync(join(folder, each, "x.ts"), "");
    }
    const { files, directories } = await scanTrees(
      [`${folder}/a`, `${folder}/c`, `${folder}/missing`, `${folder}/c/x.ts`],
      ALL,
    );
    assert.deepEqual(below(folder, files.keys()), ["/a/b/x.ts", "/c/x.ts"]);
    assert.deepEqual(below(folder, directories.keys()), ["/a", "/a/b", "/c"]);
  }));

test("scanTrees() looks at nothing that the filter leaves out", () =>
  inFolder(async (folder) => {
    for (const each of ["kept", "left"]) {
      fs.mkdirSync(join(folder, each));
      fs.writeFileSync(join(folder, each, "x.ts"), "");
      fs.writeFileSync(join(folder, each, "y.txt"), "");
    }
    const asked: string[] = [];
    const { files, directories } = await scanTrees([folder], {
      mayHold(directory, root) {
        assert.equal(root, folder);
        return !directory.endsWith("/left");
      },
      isWatched(file, root) {
        assert.equal(root, folder);
        asked.push(file);
        return file.endsWith(".ts");
      },
    });
    assert.deepEqual(below(folder, asked), ["/kept/x.ts", "/kept/y.txt"]);
    assert.deepEqual(below(folder, files.keys()), ["/kept/x.ts"]);
    assert.deepEqual(below(folder, directories.keys()), ["", "/kept"]);
  }));

test("scanTrees() sees each kind of change in what it notes of a file", () =>
  inFolder(async (folder) => {
    const path = join(folder, "a.ts");
    const past = new Date(1_700_000_000_000);
    const stampOf = async () =>
      (await scanTrees([folder], ALL)).files.get(path);
    const stamps = new Set<string | undefined>();
    const note = async () => {
      const stamp = await stampOf();
      assert.equal(stamps.has(stamp), false, `${stamp} is seen before`);
      stamps.add(stamp);
      assert.equal(await stampOf(), stamp, "the same while nothing changes");
    };
    fs.writeFileSync(path, "12");
    fs.utimesSync(path, past, past);
    await note();
    fs.utimesSync(path, new Date(), new Date(1_700_000_000_010)); // touched
    await note();
    fs.writeFileSync(path, "123"); // another size at the same time
    fs.utimesSync(path, past, past);
    await note();
    fs.writeFileSync(`${path}~`, "321"); // saved by a rename
    fs.utimesSync(`${path}~`, past, past);
    fs.renameSync(`${path}~`, path);
    await note();
    fs.unlinkSync(path);
    assert.equal(await stampOf(), undefined);
  }));

test("scanTrees() sees that a directory was made again", () =>
  inFolder(async (folder) => {
    const path = join(folder, "d");
    fs.mkdirSync(path);
    const first = (await scanTrees([folder], ALL)).directories.get(path);
    fs.renameSync(path, `${path}2`); // so that its number is not used again
    fs.mkdirSync(path);
    const second = (await scanTrees([folder], ALL)).directories.get(path);
    assert.notEqual(second, first);
  }));

test("scanTrees() follows symbolic links, each directory once", {
  skip: process.platform === "win32" ? "links need a privilege" : false,
}, () =>
  inFolder(async (folder) => {
    fs.mkdirSync(join(folder, "root/real"), { recursive: true });
    fs.mkdirSync(join(folder, "out/deep"), { recursive: true });
    fs.writeFileSync(join(folder, "root/real/a.ts"), "");
    fs.writeFileSync(join(folder, "out/deep/b.ts"), "");
    fs.writeFileSync(join(folder, "out/c.ts"), "");
    fs.symlinkSync(join(folder, "root"), join(folder, "root/real/up"));
    fs.symlinkSync(join(folder, "root/real"), join(folder, "root/again"));
    fs.symlinkSync(join(folder, "out/deep"), join(folder, "root/deep"));
    fs.symlinkSync(join(folder, "out/c.ts"), join(folder, "root/c.ts"));
    fs.symlinkSync(join(folder, "nowhere"), join(folder, "root/broken.ts"));
    fs.symlinkSync("circle.ts", join(folder, "root/circle.ts"));
    const scan = await scanTrees([`${folder}/root`], ALL);
    assert.deepEqual(below(folder, scan.files.keys()), [
      "/root/c.ts",
      "/root/deep/b.ts",
      "/root/real/a.ts",
    ]);
    assert.deepEqual(below(folder, scan.directories.keys()), [
      "/root",
      "/root/deep",
      "/root/real",
    ]);
    assert.deepEqual(below(folder, scan.linkedDirectories), [
      "/out/deep",
      "/root",
      "/root/real",
    ]);
    assert.deepEqual(below(folder, scan.targetDirectories), ["/out"]);
  }));

test("scanTrees() leaves out what may not be read", {
  skip: process.getuid?.() === 0 || process.platform === "win32"
    ? "root may read all"
    : false,
}, () =>
  inFolder(async (folder) => {
    fs.mkdirSync(join(folder, "secret"), { mode: 0o000 });
    fs.writeFileSync(join(folder, "a.ts"), "");
    const { files } = await scanTrees([folder], ALL);
    assert.deepEqual(below(folder, files.keys()), ["/a.ts"]);
  }));

test("scanTrees() lets others have their turn in a large tree", () =>
  inFolder(async (folder) => {
    for (let i = 0; i < 6; i++) {
      fs.mkdirSync(join(folder, `d${i}`));
      for (let j = 0; j < 200; j++) {
        fs.writeFileSync(join(folder, `d${i}`, `${j}.ts`), "");
      }
    }
    let hadTurn = false;
    setImmediate(() => void (hadTurn = true));
    const { files } = await scanTrees([folder], ALL);
    assert.equal(files.size, 1_200);
    assert.equal(hadTurn, true);
  }));

const name = (text: string) => ({
  text,
  isLiteral: !text.includes("*"),
  matches: (other: string) => other.startsWith(text.replace("*", "")),
});

test("matchDirectories() follows names and patterns", () =>
  inFolder(async (folder) => {
    for (const each of ["ext-a/src", "ext-b/src", "ext-c", "other/src"]) {
      fs.mkdirSync(join(folder, each), { recursive: true });
    }
    fs.writeFileSync(join(folder, "ext-d"), "");
    const found = (...names: string[]) =>
      below(folder, matchDirectories(folder, names.map(name)));
    assert.deepEqual(found("other"), ["/other"]);
    assert.deepEqual(found("other", "none"), []);
    assert.deepEqual(found("ext-*"), ["/ext-a", "/ext-b", "/ext-c"]);
    assert.deepEqual(found("ext-*", "src"), ["/ext-a/src", "/ext-b/src"]);
    await Promise.resolve();
  }));

test("absolutePath() gives an absolute path with slashes", () => {
  const cwd = process.cwd().replaceAll("\\", "/");
  assert.equal(absolutePath("."), cwd);
  assert.equal(absolutePath("a/../b/"), `${cwd}/b`);
  assert.equal(absolutePath(process.cwd()), cwd);
});

test("ownFolders() is the sources, the folder of chunks in a package, and nothing elsewhere", () => {
  assert.deepEqual(ownFolders(), [`${ROOT}/src`]);
  assert.deepEqual(
    ownFolders("file:///a/node_modules/tricorn/lib/scan_trees-X1.js"),
    ["/a/node_modules/tricorn/lib"],
  );
  assert.deepEqual(
    ownFolders("https://jsr.io/@tricorn/serve/1.0.0/src/runtime/process/x.ts"),
    [],
  );
});

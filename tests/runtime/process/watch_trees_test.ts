/** Events of real files, as the runtime tells them. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { scanTrees } from "../../../src/runtime/process/scan_trees.ts";
import { watchTrees } from "../../../src/runtime/process/watch_trees.ts";
import { Mailbox } from "../../_support/mailbox.ts";

/** Time for an event to come, in milliseconds. */
const PATIENCE_MS = 20_000;
/** Time for late events to come, in milliseconds. */
const CALM_MS = 100;

interface Watched {
  readonly folder: string;
  readonly failures: string[];
  /** Does something, and resolves when the watch has told of it. */
  wakes(what: string, act: () => void): Promise<void>;
  /** Scans, and watches what was found. */
  update(): Promise<void>;
  /** Resolves to how often it woke during `act` and a while after. */
  wakesDuring(act: () => void): Promise<number>;
  close(): void;
}

const calm = () => new Promise((resolve) => setTimeout(resolve, CALM_MS));

async function watching(
  use: (watched: Watched) => Promise<void>,
  prepare: (folder: string) => void = () => {},
): Promise<void> {
  const folder = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), "watch-")));
  fs.mkdirSync(join(folder, "root/sub"), { recursive: true });
  fs.writeFileSync(join(folder, "root/sub/a.ts"), "1");
  prepare(folder);
  const mailbox = new Mailbox();
  const failures: string[] = [];
  let wakes = 0;
  const watch = watchTrees({
    onWake() {
      wakes++;
      mailbox.notify();
    },
    onFailure: (reason) => void failures.push(reason),
  });
  const roots = [`${folder}/root`];
  const filter = {
    mayHold: (path: string) => !path.endsWith("/left"),
    isWatched: () => true,
  };
  const update = async () => {
    watch.update(roots, await scanTrees(roots, filter));
    await calm();
  };
  try {
    await update();
    await use({
      folder,
      failures,
      update,
      close: () => watch.close(),
      async wakes(what, act) {
        await calm();
        const before = wakes;
        act();
        const woken = await mailbox.until(
          () => wakes > before ? true : undefined,
          PATIENCE_MS,
        );
        assert.equal(woken, true, what);
      },
      async wakesDuring(act) {
        await calm();
        const before = wakes;
        act();
        await calm();
        return wakes - before;
      },
    });
    assert.deepEqual(failures, []);
  } finally {
    watch.close();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

test("watchTrees() wakes for each way to change a file", () =>
  watching(async ({ folder, wakes }) => {
    const path = join(folder, "root/sub/a.ts");
    await wakes("a write", () => fs.writeFileSync(path, "2"));
    await wakes("a save by rename", () => {
      fs.writeFileSync(`${path}~`, "3");
      fs.renameSync(`${path}~`, path);
    });
    await wakes("a write after that", () => fs.writeFileSync(path, "4"));
    await wakes("a touch", () => fs.utimesSync(path, new Date(), new Date(0)));
    await wakes(
      "a new file",
      () => fs.writeFileSync(join(folder, "root/b.ts"), ""),
    );
    await wakes("a deletion", () => fs.unlinkSync(path));
  }));

test("watchTrees() wakes for what happens in directories that appear and vanish", () =>
  watching(async ({ folder, wakes, update }) => {
    const path = join(folder, "root/new");
    await wakes("a directory with a file", () => {
      fs.mkdirSync(path);
      fs.writeFileSync(join(path, "c.ts"), "1");
    });
    await update();
    await wakes(
      "a write in it",
      () => fs.writeFileSync(join(path, "c.ts"), "2"),
    );
    await wakes("a rename", () => fs.renameSync(path, `${path}2`));
    await update();
    await wakes(
      "a write after that",
      () => fs.writeFileSync(join(`${path}2`, "c.ts"), "3"),
    );
    await wakes("another one in its place", () => {
      fs.renameSync(`${path}2`, `${path}3`);
      fs.mkdirSync(`${path}2`);
    });
    await update();
    await wakes(
      "a write in that",
      () => fs.writeFileSync(join(`${path}2`, "d.ts"), "1"),
    );
    await wakes("a deletion", () => fs.rmSync(`${path}2`, { recursive: true }));
    await update();
    fs.mkdirSync(`${path}2`);
    await update();
    await wakes(
      "a write in one that was made again",
      () => fs.writeFileSync(join(`${path}2`, "e.ts"), "1"),
    );
  }));

test("watchTrees() wakes for the targets of symbolic links", {
  skip: process.platform === "win32" ? "links need a privilege" : false,
}, () =>
  watching(async ({ folder, wakes }) => {
    await wakes("a linked file", () =>
      fs.writeFileSync(join(folder, "out/b.ts"), "2"));
    await wakes("a file in a linked directory", () =>
      fs.writeFileSync(join(folder, "lib/c.ts"), "2"));
  }, (folder) => {
    for (const each of ["out", "lib"]) {
      fs.mkdirSync(join(folder, each));
    }
    fs.writeFileSync(join(folder, "out/b.ts"), "1");
    fs.symlinkSync(join(folder, "out/b.ts"), join(folder, "root/b.ts"));
    fs.symlinkSync(join(folder, "lib"), join(folder, "root/lib"));
  }));

test("watchTrees() sleeps while files are only read, and after it was closed", () =>
  watching(async ({ folder, wakesDuring, close }) => {
    const path = join(folder, "root/sub/a.ts");
    assert.equal(await wakesDuring(() => fs.readFileSync(path)), 0);
    assert.notEqual(await wakesDuring(() => fs.writeFileSync(path, "2")), 0);
    close();
    assert.equal(await wakesDuring(() => fs.writeFileSync(path, "3")), 0);
  }));

test("watchTrees() waits for a root that is gone, and watches the one that is made in its place", () =>
  watching(async ({ folder, failures, update, wakes }) => {
    const root = join(folder, "root");
    const path = join(root, "sub/a.ts");
    const make = () => {
      fs.mkdirSync(join(root, "sub"), { recursive: true });
      fs.writeFileSync(path, "1");
    };
    const remove = () => fs.rmSync(root, { recursive: true });
    for (const round of ["first", "second"]) {
      await wakes(`the ${round} deletion`, remove);
      await update();
      assert.deepEqual(failures, []);
      await wakes(`the ${round} return`, make);
      await update();
      await wakes(`a write after it`, () => fs.writeFileSync(path, "2"));
      await wakes(`the ${round} exchange`, () => {
        remove();
        make();
      });
      await update();
      await wakes(`a write after that`, () => fs.writeFileSync(path, "3"));
    }
  }));

test("watchTrees() waits for a root in the nearest directory that is there", () =>
  watching(async ({ folder, update, wakes }) => {
    fs.rmSync(folder, { recursive: true });
    await update();
    await wakes("the first directory", () => fs.mkdirSync(folder));
    await update();
    await wakes("the root", () => fs.mkdirSync(join(folder, "root")));
  }));

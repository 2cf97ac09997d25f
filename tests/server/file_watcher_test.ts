/** Changes of files, over stamps that the test makes and a clock that it moves. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { FileWatcher } from "../../src/server/file_watcher.ts";
import { FakeClock, settle } from "../_support/fake_clock.ts";

function setUp(files: readonly string[] = ["cert.pem", "key.pem"]) {
  const clock = new FakeClock();
  const stamps = new Map(files.map((file) => [file, "1"]));
  const watcher = new FileWatcher({
    files,
    stampOf: (path) => Promise.resolve(stamps.get(path)!),
    every: clock.every,
  });
  let changes = 0;
  const start = async (onChange?: () => Promise<void>) => {
    await watcher.note();
    watcher.watch(
      onChange ?? (async () => {
        changes++;
        await watcher.note();
      }),
    );
  };
  const look = async () => {
    clock.advance(2_000);
    await settle();
  };
  return { clock, stamps, watcher, start, look, changes: () => changes };
}

test("FileWatcher reports a change once two looks have found the same", async () => {
  const { stamps, start, look, changes } = setUp();
  await start();
  await look();
  assert.equal(changes(), 0);
  stamps.set("key.pem", "2");
  await look();
  assert.equal(changes(), 0, "it may still be written");
  await look();
  assert.equal(changes(), 1);
  await look();
  await look();
  assert.equal(changes(), 1, "and once only");
});

test("FileWatcher waits for as long as files go on changing", async () => {
  const { stamps, start, look, changes } = setUp();
  await start();
  for (const stamp of ["2", "3", "4"]) {
    stamps.set("cert.pem", stamp);
    await look();
  }
  assert.equal(changes(), 0);
  await look();
  assert.equal(changes(), 1);
});

test("FileWatcher reports nothing if a file is again as it was", async () => {
  const { stamps, start, look, changes } = setUp();
  await start();
  stamps.set("cert.pem", "2");
  await look();
  stamps.set("cert.pem", "1");
  await look();
  await look();
  assert.equal(changes(), 0);
});

test("FileWatcher does not look while a change is being handled", async () => {
  const { stamps, start, look } = setUp();
  const handling = Promise.withResolvers<void>();
  let calls = 0;
  await start(() => {
    calls++;
    return handling.promise;
  });
  stamps.set("cert.pem", "2");
  await look();
  await look();
  stamps.set("cert.pem", "3");
  await look();
  await look();
  assert.equal(calls, 1);
  handling.resolve();
  await settle();
  await look();
  await look();
  assert.equal(calls, 2);
});

test("FileWatcher.close() ends the looks, and no files need none", async () => {
  const { clock, watcher, start } = setUp();
  await start();
  assert.equal(clock.isTicking, true);
  watcher.close();
  assert.equal(clock.isTicking, false);
  const none = setUp([]);
  await none.start();
  assert.equal(none.clock.isTicking, false);
});

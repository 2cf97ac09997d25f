/** Waiting for changes, over files that the test makes and a clock that it moves. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { FileChanges } from "../../../src/supervisor/reload/file_changes.ts";
import { FakeClock, settle } from "../../_support/fake_clock.ts";

interface Setup {
  readonly polls?: boolean;
  readonly delayMs?: number;
  /** What a look takes, in milliseconds. */
  readonly lookMs?: number;
}

async function setUp({ polls = false, delayMs = 250, lookMs = 0 }: Setup = {}) {
  const clock = new FakeClock();
  const files = new Map([["/a.ts", "1"], ["/b.ts", "1"]]);
  const directories = new Map([["/", "root"]]);
  const events: string[] = [];
  let looks = 0;
  let wake = () => {};
  let fail = (_reason: string) => {};
  const changes = new FileChanges({
    look: () => {
      looks++;
      clock.nowMs += lookMs;
      return Promise.resolve({
        files: new Map(files),
        directories: new Map(directories),
        linkedDirectories: new Set(),
        targetDirectories: new Set(),
      });
    },
    watch: polls ? undefined : (onWake, onFailure) => {
      wake = onWake;
      fail = onFailure;
      return {
        update: (scan) => void events.push(`update ${scan.directories.size}`),
        close: () => void events.push("close"),
      };
    },
    onFailure: (reason) => void events.push(reason),
    delayMs,
    nowMs: clock.monotonicMs,
    startTimer(ms, callback) {
      const stop = clock.every(ms, () => {
        stop();
        callback();
      });
      return stop;
    },
  });
  await changes.begin();
  const reports: (readonly string[] | undefined)[] = [];
  const pass = async (ms: number) => {
    clock.advance(ms);
    await settle();
  };
  const listen = async () => {
    void changes.next().then((paths) => reports.push(paths));
    await settle();
  };
  await listen();
  return {
    clock,
    files,
    directories,
    events,
    changes,
    reports,
    listen,
    pass,
    looks: () => looks,
    wake: () => wake(),
    fail: (reason: string) => fail(reason),
  };
}

test("FileChanges reports what has changed, is new or is gone, 50 ms after an event", async () => {
  const { files, wake, pass, reports } = await setUp();
  files.set("/c.ts", "1");
  files.set("/a.ts", "2");
  files.delete("/b.ts");
  wake();
  await pass(49);
  assert.deepEqual(reports, []);
  await pass(1);
  assert.deepEqual(reports, [["/a.ts", "/b.ts", "/c.ts"]]);
});

test("FileChanges takes events together that follow each other", async () => {
  const { files, wake, pass, reports } = await setUp();
  for (let i = 0; i < 4; i++) {
    files.set("/a.ts", `a${i}`);
    wake();
    await pass(40);
  }
  assert.deepEqual(reports, []);
  files.set("/b.ts", "2");
  wake();
  await pass(50);
  assert.deepEqual(reports, [["/a.ts", "/b.ts"]]);
});

test("FileChanges collects changes no longer than its delay, and reports no oftener", async () => {
  const { clock, files, wake, pass, reports, listen } = await setUp();
  const at: number[] = [];
  for (let i = 0; clock.nowMs < 1_000; i++) {
    files.set("/a.ts", `a${i}`);
    wake();
    await pass(10);
    if (reports.length === at.length) continue;
    at.push(clock.nowMs);
    await listen();
  }
  assert.deepEqual(at, [250, 500, 750, 1_000]);
});

test("FileChanges reports at once without a delay", async () => {
  const { files, wake, pass, reports } = await setUp({ delayMs: 0 });
  files.set("/a.ts", "2");
  wake();
  await pass(0);
  assert.deepEqual(reports, [["/a.ts"]]);
});

test("FileChanges keeps silent about events that change nothing", async () => {
  const { wake, pass, reports, looks } = await setUp();
  const before = looks();
  wake();
  await pass(50);
  assert.equal(looks(), before + 1);
  await pass(250);
  assert.deepEqual(reports, []);
  assert.equal(looks(), before + 1);
});

test("FileChanges finds what no event told", async () => {
  const { files, pass, reports } = await setUp();
  files.set("/a.ts", "2");
  await pass(1_999);
  assert.deepEqual(reports, []);
  await pass(1);
  assert.deepEqual(reports, [["/a.ts"]]);
});

test("FileChanges looks seldom where a look takes long", async () => {
  const { pass, looks } = await setUp({ lookMs: 200 });
  const before = looks();
  await pass(9_999);
  assert.equal(looks(), before);
  await pass(1);
  assert.equal(looks(), before + 1);
});

test("FileChanges notes changes while nobody waits for them", async () => {
  const { files, wake, pass, reports, listen } = await setUp();
  files.set("/a.ts", "2");
  wake();
  await pass(50);
  files.set("/a.ts", "3");
  wake();
  await pass(10_000);
  assert.equal(reports.length, 1);
  await listen();
  await pass(0);
  assert.deepEqual(reports, [["/a.ts"], ["/a.ts"]]);
});

test("FileChanges looks again when there are new directories", async () => {
  const { files, directories, wake, pass, reports, events } = await setUp();
  assert.deepEqual(events, ["update 1", "update 1"]);
  directories.set("/new", "1");
  wake();
  await pass(50);
  assert.equal(events.at(-1), "update 2");
  // Came after the look, and before anything watched there.
  files.set("/new/c.ts", "1");
  await pass(50);
  assert.deepEqual(reports, [["/new/c.ts"]]);
});

test("FileChanges watches a directory that was made again", async () => {
  const { directories, wake, pass, looks } = await setUp();
  const before = looks();
  directories.set("/", "other");
  wake();
  await pass(50);
  await pass(50);
  assert.equal(looks(), before + 2);
});

test("FileChanges polls with its delay", async () => {
  const { files, pass, reports, events } = await setUp({ polls: true });
  files.set("/a.ts", "2");
  await pass(249);
  assert.deepEqual(reports, []);
  await pass(1);
  assert.deepEqual(reports, [["/a.ts"]]);
  assert.deepEqual(events, []);
});

test("FileChanges polls less often where a look takes long", async () => {
  const { pass, looks } = await setUp({ polls: true, lookMs: 100 });
  const before = looks();
  await pass(499);
  assert.equal(looks(), before);
  await pass(1);
  assert.equal(looks(), before + 1);
});

test("FileChanges polls once events have failed, and says so once", async () => {
  const { files, fail, wake, pass, reports, events } = await setUp();
  fail("no space left");
  fail("no space left");
  assert.deepEqual(events.slice(2), ["close", "no space left"]);
  files.set("/a.ts", "2");
  wake();
  await pass(250);
  assert.deepEqual(reports, [["/a.ts"]]);
});

test("FileChanges ends its wait when it is closed", async () => {
  const { changes, clock, reports, events } = await setUp();
  changes.close();
  changes.close();
  await settle();
  assert.deepEqual(reports, [undefined]);
  assert.deepEqual(events.slice(2), ["close"]);
  assert.equal(clock.isTicking, false);
  assert.equal(await changes.next(), undefined);
});

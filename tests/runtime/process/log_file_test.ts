/** Files that logs are appended to, on a real disk and real devices. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { openLogFile } from "../../../src/runtime/process/log_file.ts";
import { commandLine } from "../../_support/this_runtime.ts";

const folder = mkdtempSync(join(tmpdir(), "tricorn-log-"));
after(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;
const newPath = () => join(folder, `${count++}.log`);
const noFifo = spawnSync("mkfifo", ["--version"]).error !== undefined &&
  "mkfifo is not installed";
const noFull = !existsSync("/dev/full") && "there is no /dev/full";

/** Resolves once `isMet`; fails after a while. */
async function until(isMet: () => boolean, what: string): Promise<void> {
  for (let turn = 0; turn < 5000; turn++) {
    if (isMet()) return;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  assert.fail(what);
}

const textOf = (path: string) => readFileSync(path, "utf8");

test("a log file is made, appended to and written to in the background", async () => {
  const path = newPath();
  writeFileSync(path, "before\n");
  const file = openLogFile(path);
  file.write("one\n");
  file.write("two é\n");
  await until(() => textOf(path).endsWith("é\n"), "not written");
  assert.equal(textOf(path), "before\none\ntwo é\n");
  file.close();
});

test("flush() writes everything at once, in order", async () => {
  const path = newPath();
  const file = openLogFile(path);
  const lines = Array.from({ length: 2000 }, (_, at) => `line ${at}\n`);
  for (const line of lines) file.write(line);
  assert.equal(file.flush(), 0);
  assert.equal(textOf(path), lines.join(""));
  file.write("after\n");
  await until(() => textOf(path).endsWith("after\n"), "not written on");
  file.close();
});

test("what is written last is in the file when the process ends", () => {
  const path = newPath();
  const { program, args } = commandLine("tests/_support/log_file_program.ts", [
    path,
  ]);
  const { status, stderr } = spawnSync(program, args, { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  assert.equal(textOf(path), "first\nlast\n");
});

test("close() writes what waits", async () => {
  const path = newPath();
  const file = openLogFile(path);
  for (let at = 0; at < 100; at++) file.write(`${at}\n`);
  file.close();
  file.close();
  file.write("lost\n");
  await until(() => textOf(path).endsWith("99\n"), "not written");
  assert.equal(textOf(path).split("\n").length, 101);
});

test("reopen() goes on in a new file after the old one was renamed", () => {
  const path = newPath();
  const file = openLogFile(path);
  file.write("old\n");
  file.flush();
  renameSync(path, `${path}.1`);
  file.write("still old\n");
  file.flush();
  assert.equal(file.reopen(), undefined);
  file.write("new\n");
  file.flush();
  assert.equal(textOf(`${path}.1`), "old\nstill old\n");
  assert.equal(textOf(path), "new\n");
  file.close();
});

test("reopen() while a write is under way loses nothing", async () => {
  const path = newPath();
  const file = openLogFile(path);
  file.write("old\n");
  renameSync(path, `${path}.1`);
  file.reopen();
  file.write("new\n");
  assert.equal(file.flush(), 0);
  assert.equal(textOf(path), "new\n");
  await until(() => textOf(`${path}.1`) === "old\n", "lost");
  file.write("newer\n");
  await until(() => textOf(path) === "new\nnewer\n", "not written on");
  file.close();
});

test("reopen() says why it cannot, and the file of before stays in use", () => {
  const path = newPath();
  const file = openLogFile(path);
  renameSync(path, `${path}.1`);
  mkdirSync(path);
  assert.match(file.reopen()!, /EISDIR|directory/i);
  file.write("kept\n");
  file.flush();
  assert.equal(textOf(`${path}.1`), "kept\n");
  file.close();
});

test("a file that is truncated under it has no hole", () => {
  const path = newPath();
  const file = openLogFile(path);
  file.write("long line before\n");
  file.flush();
  truncateSync(path);
  file.write("after\n");
  file.flush();
  assert.equal(textOf(path), "after\n");
  file.close();
});

test("lines of others who append to the file are kept", () => {
  const path = newPath();
  const file = openLogFile(path);
  file.write("mine\n");
  file.flush();
  appendFileSync(path, "theirs\n");
  file.write("mine\n");
  file.flush();
  assert.equal(textOf(path), "mine\ntheirs\nmine\n");
  file.close();
});

test("what the disk cannot take is bounded, and counted once", () => {
  const path = newPath();
  const file = openLogFile(path);
  const line = `${"x".repeat(1023)}\n`;
  // The event loop has no turn: no more than the limit waits.
  for (let at = 0; at < 3000; at++) file.write(line);
  const dropped = file.flush();
  assert.ok(dropped > 1900 && dropped < 2000, `${dropped}`);
  assert.equal(textOf(path).length, (3000 - dropped) * 1024);
  assert.equal(file.flush(), 0);
  file.close();
});

test("dropped lines are reported once lines are written again", async () => {
  const path = newPath();
  const file = openLogFile(path);
  let reported = 0;
  file.onDropped = (lines) => void (reported += lines);
  for (let at = 0; at < 3000; at++) file.write(`${"x".repeat(1023)}\n`);
  await until(() => reported > 0, "not reported");
  assert.ok(reported > 1900 && reported < 2000, `${reported}`);
  await until(() => textOf(path).length === (3000 - reported) * 1024, "lost");
  file.close();
});

test("a full device is told of once, and its lines are counted", {
  skip: noFull,
}, () => {
  const file = openLogFile("/dev/full");
  const reasons: string[] = [];
  file.onFailure = (reason) => void reasons.push(reason);
  for (let at = 0; at < 10; at++) file.write("two\nlines\n");
  assert.equal(file.flush(), 20);
  assert.equal(reasons.length, 1);
  assert.match(reasons[0]!, /ENOSPC|space/i);
  file.close();
});

test("a FIFO needs a reader; a slow one gets whole lines, a gone one none", {
  skip: noFifo,
}, async () => {
  const path = newPath();
  spawnSync("mkfifo", [path]);
  assert.throws(() => openLogFile(path), /ENXIO|No such device/i);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const file = openLogFile(path);
  const reasons: string[] = [];
  file.onFailure = (reason) => void reasons.push(reason);
  const line = `${"y".repeat(1023)}\n`;
  // More than a pipe holds, less than may wait.
  for (let at = 0; at < 300; at++) file.write(line);
  let text = "";
  const buffer = new Uint8Array(65536);
  await until(() => {
    try {
      const length = readSync(reader, buffer, 0, buffer.length, null);
      text += new TextDecoder().decode(buffer.subarray(0, length));
    } catch (error) {
      if ((error as { code?: string }).code !== "EAGAIN") throw error;
    }
    return text.length === 300 * 1024;
  }, "a slow reader lost lines");
  assert.equal(text, line.repeat(300));
  assert.deepEqual(reasons, []);
  closeSync(reader);
  file.write(line);
  file.write(line);
  assert.equal(file.flush(), 2);
  assert.equal(reasons.length, 1);
  assert.match(reasons[0]!, /EPIPE|pipe/i);
  file.close();
});

test("a file that cannot be opened throws with the system's code", () => {
  assert.throws(() => openLogFile(join(folder, "no", "such.log")), {
    code: "ENOENT",
  });
  assert.throws(() => openLogFile(folder), { code: "EISDIR" });
});

test("a disk that is full for a while loses whole lines alone", {
  skip: spawnSync("mount", ["--version"]).error !== undefined ||
      process.getuid?.() !== 0
    ? "needs root and mount"
    : false,
}, async () => {
  const disk = join(folder, "disk");
  mkdirSync(disk);
  const mounted = spawnSync("mount", [
    "-t",
    "tmpfs",
    "-o",
    "size=64k",
    "tmpfs",
    disk,
  ]);
  if (mounted.status !== 0) return; // a container without the right to
  try {
    const ballast = join(disk, "ballast");
    writeFileSync(ballast, "z".repeat(50_000));
    const path = join(disk, "app.log");
    const file = openLogFile(path);
    const reasons: string[] = [];
    let reported = 0;
    file.onFailure = (reason) => void reasons.push(reason);
    file.onDropped = (lines) => void (reported += lines);
    for (let at = 0; at < 100; at++) file.write(`${at} ${"w".repeat(996)}\n`);
    await until(() => reasons.length > 0, "not told");
    rmSync(ballast);
    file.write("again\n");
    await until(() => reported > 0, "not reported");
    const lines = textOf(path).split("\n");
    assert.ok(lines.includes("again"), "goes on with a line of its own");
    assert.ok(
      lines.filter((line) => /^\d+ w+$/.test(line) && line.length > 996)
        .length >= 100 - reported - 1,
    );
    file.close();
  } finally {
    spawnSync("umount", ["-l", disk]);
  }
});

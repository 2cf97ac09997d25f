import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { openFile } from "../../../src/runtime/process/files.ts";
import { pattern, sameBytes, withDirectory } from "../_wire.ts";

test("openFile() reads at any position into the given buffer", () =>
  withDirectory(async (directory) => {
    const path = join(directory, "data");
    const bytes = pattern(100_000);
    writeFileSync(path, bytes);
    const file = await openFile(path);
    assert.equal(file.size, bytes.length);
    const into = new Uint8Array(1000);
    for (const position of [0, 99_000, 12_345, 0]) {
      assert.equal(await file.read(into, position), 1000);
      assert.ok(sameBytes(into, bytes.subarray(position, position + 1000)));
    }
    assert.equal(await file.read(into, 99_990), 10);
    assert.equal(await file.read(into, 100_000), 0);
    assert.equal(await file.read(into.subarray(10, 20), 5), 10);
    assert.ok(sameBytes(into.subarray(10, 20), bytes.subarray(5, 15)));
    file.close();
    file.close();
    // The descriptor's number may be another file's by now.
    await assert.rejects(file.read(into, 0), /a file that is closed/);
  }));

test("openFile() tells the size at the time of opening", () =>
  withDirectory(async (directory) => {
    const path = join(directory, "log");
    writeFileSync(path, "one");
    const file = await openFile(path);
    appendFileSync(path, "two");
    assert.equal(file.size, 3);
    file.close();
  }));

test("openFile() opens an empty file", () =>
  withDirectory(async (directory) => {
    const path = join(directory, "empty");
    writeFileSync(path, "");
    const file = await openFile(path);
    assert.equal(file.size, 0);
    assert.equal(await file.read(new Uint8Array(8), 0), 0);
    file.close();
  }));

test("openFile() refuses what is missing, a directory, and what is no file", () =>
  withDirectory(async (directory) => {
    await assert.rejects(openFile(join(directory, "missing")), {
      code: "ENOENT",
    });
    if (process.platform === "win32") return;
    await assert.rejects(openFile(directory), { code: "EISDIR" });
    const fifo = join(directory, "fifo");
    execFileSync("mkfifo", [fifo]);
    // Opened without care, this would wait for a writer for ever.
    await assert.rejects(openFile(fifo), { code: "EINVAL" });
    await assert.rejects(openFile("/dev/null"), { code: "EINVAL" });
  }));

import assert from "node:assert/strict";
import {
  mkdirSync,
  renameSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileStamp, readPemFile } from "../../src/tls/pem_file.ts";
import { withFolder } from "../_support/certificates.ts";

test("readPemFile() reads a file whole", () =>
  withFolder(async (folder) => {
    const path = folder.write("a.pem", "grüß ", "Gott\n");
    assert.equal(await readPemFile(path), "grüß Gott\n");
  }));

test("readPemFile() tells in a few words why it cannot", () =>
  withFolder(async (folder) => {
    const file = folder.write("file", "x");
    const large = folder.write("large", "");
    truncateSync(large, 9 * 1024 * 1024);
    symlinkSync("loop", join(folder.path, "loop"));
    for (
      const [path, reason] of [
        [join(folder.path, "none.pem"), "it does not exist"],
        [join(file, "below.pem"), "it does not exist"],
        [folder.path, "it is a directory"],
        [large, "it is too large"],
        [join(folder.path, "loop"), "too many symbolic links"],
        [join(folder.path, "x".repeat(300)), "the path is too long"],
      ]
    ) {
      assert.deepEqual(await readPemFile(path), { reason }, path);
    }
  }));

test("readPemFile() waits for no device and no pipe", {
  skip: process.platform === "win32" && "there is no /dev/null here",
}, async () => {
  assert.deepEqual(await readPemFile("/dev/null"), {
    reason: "it is not a regular file",
  });
});

test("fileStamp() changes with what is written, and with what takes the file's place", () =>
  withFolder(async (folder) => {
    const path = folder.write("a", "one");
    const first = await fileStamp(path);
    assert.equal(await fileStamp(path), first);
    folder.write("a", "three");
    const second = await fileStamp(path);
    assert.notEqual(second, first);
    // Same size, same time, another file.
    const other = folder.write("b", "seven");
    const time = new Date(1e12);
    utimesSync(path, time, time);
    utimesSync(other, time, time);
    const third = await fileStamp(path);
    renameSync(other, path);
    assert.notEqual(await fileStamp(path), third);
  }));

test("fileStamp() sees a link on the way exchanged, as Kubernetes does with a secret", () =>
  withFolder(async (folder) => {
    for (const version of ["v1", "v2"]) {
      mkdirSync(join(folder.path, version));
      folder.write(`${version}/tls.crt`, version);
    }
    const current = join(folder.path, "..data");
    symlinkSync("v1", current);
    const path = join(current, "tls.crt");
    const first = await fileStamp(path);
    symlinkSync("v2", join(folder.path, "..data_tmp"));
    renameSync(join(folder.path, "..data_tmp"), current);
    assert.notEqual(await fileStamp(path), first);
  }));

test("fileStamp() of what is not there is always the same", async () => {
  assert.equal(await fileStamp("/nowhere/x"), await fileStamp("/nowhere/x"));
});

test("readPemFile() names text in UTF-16", () =>
  withFolder(async (folder) => {
    const reason = "it is UTF-16 text, expected ASCII or UTF-8";
    for (
      const [name, bytes] of [["le", [0xff, 0xfe]], ["be", [
        0xfe,
        0xff,
      ]]] as const
    ) {
      const path = join(folder.path, name);
      writeFileSync(path, Uint8Array.of(...bytes, 0x2d, 0x00));
      assert.deepEqual(await readPemFile(path), { reason });
    }
    const path = folder.write("utf8", "\ufeff-----BEGIN");
    assert.equal(await readPemFile(path), "\ufeff-----BEGIN");
  }));

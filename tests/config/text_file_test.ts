import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { readTextFile } from "../../src/config/text_file.ts";

const folder = mkdtempSync(join(tmpdir(), "tricorn-text-file-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

for (
  const [behaviour, content, text] of [
    ["nothing", "", ""],
    ["text beyond ASCII", "é€😀\n", "é€😀\n"],
    ["text behind a byte order mark", "\ufeffa", "a"],
    ["a text that is not small", "x".repeat(300_000), "x".repeat(300_000)],
  ] as const
) {
  test(`readTextFile() reads ${behaviour}`, async () => {
    assert.deepEqual(await readTextFile(file("text", content)), { text });
  });
}

test("readTextFile() refuses what is no text of UTF-8", async () => {
  const reason = "it is not UTF-8 text";
  for (const bytes of [[0xff, 0xfe, 0x61, 0], [0xc3], [0xe9, 0x0a]]) {
    const path = file("bytes", new Uint8Array(bytes));
    assert.deepEqual(await readTextFile(path), { reason });
  }
});

test("readTextFile() refuses what is missing, no file, or too large", async () => {
  assert.deepEqual(await readTextFile(join(folder, "none")), {
    reason: "it does not exist",
  });
  assert.deepEqual(await readTextFile(join(file("a", ""), "b")), {
    reason: "it does not exist",
  });
  assert.deepEqual(await readTextFile(folder), { reason: "it is a directory" });
  const large = file("large", "");
  truncateSync(large, 5 * 1024 * 1024);
  assert.deepEqual(await readTextFile(large), { reason: "it is too large" });
});

test("readTextFile() does not wait for a FIFO", async () => {
  const path = join(folder, "fifo");
  assert.equal(spawnSync("mkfifo", [path]).status, 0);
  assert.deepEqual(await readTextFile(path), {
    reason: "it is not a regular file",
  });
});

// The files that servers are asked for: written once for a run, and gone with it.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { DOWNLOAD, PAGE } from "./scenarios.mjs";

/** Where the servers find them: `BENCH_FILES` in their environment. */
export function writeFiles() {
  const folder = mkdtempSync(join(tmpdir(), "tricorn-bench-files-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "page"), PAGE);
  writeFileSync(join(folder, "download"), DOWNLOAD);
  process.env.BENCH_FILES = folder;
}

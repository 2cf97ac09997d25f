// The files that servers are asked for: written once for a run, and gone with it.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { temporaryFolder } from "./cleanup.mjs";
import { DOWNLOAD, PAGE } from "./scenarios.mjs";

/** Where the servers find them: `BENCH_FILES` in their environment. */
export function writeFiles() {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "page"), PAGE);
  writeFileSync(join(folder, "download"), DOWNLOAD);
  process.env.BENCH_FILES = folder;
}

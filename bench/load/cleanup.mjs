// What no way out of a bench leaves behind: folders and processes.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

const folders = new Set();
const children = new Set();

process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
  for (const folder of folders) {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** A new folder, gone when this process is. */
export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), "tricorn-bench-"));
  folders.add(folder);
  return folder;
}

/** Ends `child` with this process, unless it has ended before. Returns it. */
export function endsWithUs(child) {
  children.add(child);
  child.once("close", () => children.delete(child));
  return child;
}

/** Whether a child of {@link endsWithUs} has not ended yet. */
export function isRunning(child) {
  return children.has(child);
}

/** Lets Ctrl+C and the like leave through exit. */
export function exitOnSignals() {
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.once(signal, () => process.exit(signal === "SIGINT" ? 130 : 143));
  }
}

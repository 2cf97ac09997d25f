// Runs every test file on Deno, Bun and Node; `--demo` serves the example instead.
//
//   node tests/run.mjs [--only deno,bun,node] [--skip-checks] [--demo] [path ...]
//
// Plain JavaScript, for any Node from 20 on: the runtimes under test come from the lock file.
// It prints each runtime's own report and ends with `N passed, N failed` over all of them.
import { spawnSync } from "node:child_process";
import { existsSync, globSync as glob, readdirSync, readFileSync, rmSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
console.log(root);

#!/usr/bin/env -S deno run -A
/**
 * The command `tricorn`.
 *
 * ```sh
 * deno run -A jsr:@tricorn/serve/cli main:app
 * ```
 *
 * @module
 */
import { main } from "./src/cli/main.ts";
import { runtime } from "./src/runtime/mod.ts";

/** Runs the command with the arguments of this process, and ends the process. */
export function run(): Promise<void> {
  return main(runtime.args);
}

// The name is checked because bundlers keep `import.meta.main` true in a program that merely
// imports us. The compiled command is called cli.js.
if (import.meta.main && /\/cli\.[jt]s$/.test(import.meta.url)) void run();

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
import { keepCompiled } from "./src/runtime/process/own_compile_cache.ts";
import {
  isUnmarkedMain,
  refuseToStart,
  whyUnsupportedHere,
} from "./src/runtime/supported_versions.ts";

/** Runs the command with the arguments of this process, and ends the process. */
export async function run(): Promise<void> {
  const reason = whyUnsupportedHere();
  if (reason !== undefined) refuseToStart(reason);
  keepCompiled();
  // Only now: on a runtime that is too old the rest may fail to load.
  const { main } = await import("./src/cli/main.ts");
  await main();
}

// The name is checked because bundlers keep `import.meta.main` true in a program that merely
// imports us. The compiled command is called cli.js.
if (
  /\/cli\.[jt]s$/.test(import.meta.url) &&
  (import.meta.main || isUnmarkedMain(import.meta.url))
) void run();

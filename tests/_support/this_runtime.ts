/** Which runtime a test runs on, and how to start another program on the same one. */
import { resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** The three runtimes every test file runs on. */
export type RuntimeName = "deno" | "bun" | "node";

/** Absolute path of the repository, without a slash at its end. */
export const ROOT: string = fileURLToPath(new URL("../..", import.meta.url))
  .replace(/[/\\]$/, "");

const versions: Record<string, string | undefined> = process.versions;

/** The runtime that runs this test. */
export const RUNTIME: RuntimeName = versions.bun !== undefined
  ? "bun"
  : versions.deno !== undefined
  ? "deno"
  : "node";

/** Its version, such as `2.9.0`. */
export const RUNTIME_VERSION: string = versions[RUNTIME] ?? "unknown";

/**
 * The variable in which the test runner says which runtime it means to start. Without the check a
 * wrong path would run every test three times on the same runtime, and all would be green.
 */
export const EXPECTED_RUNTIME_VARIABLE = "TEST_RUNTIME";

const expected = process.env[EXPECTED_RUNTIME_VARIABLE];
if (expected !== undefined && expected !== RUNTIME) {
  throw new Error(
    `Cannot run tests: this is "${RUNTIME}", expected "${expected}"`,
  );
}

/** A program and its arguments, ready for `spawn`. */
export interface CommandLine {
  readonly program: string;
  readonly args: readonly string[];
}

/**
 * The command line that runs a source file on the runtime under test.
 *
 * @param file Path from the repository's root, such as `"cli.ts"`, or an absolute one.
 */
export function commandLine(
  file: string,
  args: readonly string[] = [],
): CommandLine {
  const path = resolve(ROOT, file);
  const program = process.execPath;
  switch (RUNTIME) {
    case "deno":
      // Types are checked once for all files before any test runs.
      return { program, args: ["run", "--no-check", "-A", path, ...args] };
    case "bun":
      return { program, args: [path, ...args] };
    case "node":
      return {
        program,
        args: ["--disable-warning=ExperimentalWarning", path, ...args],
      };
  }
}

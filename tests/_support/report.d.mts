/** Name of the case that stands for a file which failed outside of its tests. */
export const WHOLE_FILE: string;

/** How one test case ended. */
export type CaseStatus = "passed" | "failed" | "skipped";

/** One test case as a runtime reported it. */
export interface ReportedCase {
  /** Names of its groups and its own, joined by ` > `. */
  readonly name: string;
  readonly status: CaseStatus;
  /** What went wrong, or why it was skipped; empty if the runtime did not say. */
  readonly message: string;
}

/**
 * Reads a JUnit report of Deno, Bun or Node.
 *
 * @param xml The report.
 * @param file Path of the test file, which some runtimes report as if it were a test.
 */
export function readReport(xml: string, file: string): ReportedCase[];

/** What one runtime reported for one file. */
export interface FileReport {
  readonly runtime: string;
  readonly file: string;
  readonly cases: readonly ReportedCase[];
}

/**
 * Finds test cases that ran on some runtimes and not on others, one sentence for each.
 *
 * A name that holds `[deno]`, `[bun]` or `[node]` says that the case belongs to those runtimes
 * only.
 *
 * @param runtimes The runtimes that should have run everything.
 */
export function findDifferences(
  reports: readonly FileReport[],
  runtimes: readonly string[],
): string[];

/** The first and the last lines of a message, with the number of those left out between them. */
export function excerpt(text: string): string;

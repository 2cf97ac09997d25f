// Runs one test file on one runtime and reads its report. Plain JavaScript for Node 20 and later.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { run, tail } from "./processes.mjs";
import { readReport, WHOLE_FILE } from "./report.mjs";

/** A file that takes longer hangs. */
const FILE_LIMIT_MS = 600_000;
/** For one test; Bun's own limit of 5 s is too short for a busy machine. */
const BUN_TEST_LIMIT_MS = 300_000;

function testArguments(runtime, file, reportPath) {
  switch (runtime) {
    case "deno":
      return ["test", "-A", "--no-check", `--junit-path=${reportPath}`, file];
    case "bun":
      return [
        "test",
        `--timeout=${BUN_TEST_LIMIT_MS}`,
        "--reporter=junit",
        `--reporter-outfile=${reportPath}`,
        `./${file}`,
      ];
    default:
      return [
        // Without --test, which would start one more process for the file.
        "--disable-warning=ExperimentalWarning",
        "--test-reporter=spec",
        "--test-reporter-destination=stdout",
        "--test-reporter=junit",
        `--test-reporter-destination=${reportPath}`,
        file,
      ];
  }
}

/**
 * Runs `file`, a path from `root`, on one runtime: `name` is deno, bun or node, `title` tells this
 * run from others in reports, `folder` takes the runtime's own report.
 */
export async function runFile(
  { name, program, title = name },
  file,
  { root, folder, env = {} },
) {
  const reportPath = join(
    folder,
    `${title}-${file}`.replace(/\W/g, "_") + ".xml",
  );
  const { code, output, isLate, seconds } = await run(
    program,
    testArguments(name, file, reportPath),
    {
      cwd: root,
      env: {
        NO_COLOR: "1",
        FORCE_COLOR: undefined,
        TEST_RUNTIME: name,
        ...env,
      },
      limitMs: FILE_LIMIT_MS,
    },
  );
  const cases = existsSync(reportPath)
    ? readReport(readFileSync(reportPath, "utf8"), file)
    : [];
  const whole = cases.find((one) => one.name === WHOLE_FILE);
  if (whole !== undefined) {
    whole.message += `\n${tail(output, 40)}`;
  } else if (
    isLate || (code !== 0 && !cases.some((one) => one.status === "failed"))
  ) {
    // It broke outside of its tests: while loading, in a hook, or after the last one.
    const how = isLate
      ? `did not end within ${FILE_LIMIT_MS / 1000} s`
      : `exit code ${code}`;
    cases.push({
      name: WHOLE_FILE,
      status: "failed",
      message: `${how}\n${tail(output, 40)}`,
    });
  }
  const skips = [...output.matchAll(/^# skipped: (.*)$/gm)].map((match) =>
    match[1]
  );
  return { runtime: title, file, cases, skips, seconds };
}

/** One line about a report. */
export function reportLine({ runtime, file, cases, seconds }) {
  const [passed, skipped, failed] = ["passed", "skipped", "failed"].map((
    status,
  ) => cases.filter((one) => one.status === status).length);
  return `${runtime.padEnd(5)}  ${file}: ${passed} passed` +
    `${skipped > 0 ? `, ${skipped} skipped` : ""}` +
    `${failed > 0 ? `, ${failed} FAILED` : ""} (${seconds.toFixed(1)} s)`;
}

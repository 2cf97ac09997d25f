// Starts Tricorn in every way there is on a release that is too old for it: each has to say so and
// to end with code 1. Plain JavaScript for Node 20 and later.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { run } from "../_support/processes.mjs";
import { compareVersions } from "./runtimes.mjs";

/** A start that takes longer hangs. */
const LIMIT_MS = 60_000;
const TITLES = { deno: "Deno", bun: "Bun", node: "Node" };

/**
 * The starts that reach a line of ours.
 *
 * @param line The supported line of the same major version, or `undefined`.
 */
function startsOf({ name, version, line }, { root, installed, folder }) {
  const library = (module) => {
    const path = join(folder, `import-${module.replace(/\W/g, "_")}.mjs`);
    writeFileSync(
      path,
      `import { serve } from ${JSON.stringify(pathToFileURL(module).href)};
serve(async () => {}, { port: 0 });
console.log("it serves");
`,
    );
    return path;
  };
  const starts = [];
  // Older ones cannot read TypeScript and say that themselves.
  if (name !== "node" || compareVersions(version, "22.6.0") >= 0) {
    starts.push(
      ["the command from the sources", join(root, "cli.ts")],
      ["the module from the sources", join(root, "mod.ts")],
      ["serve() from the sources", library(join(root, "mod.ts")), true],
    );
  }
  const runsCompiled = line?.oldestCompiled !== undefined &&
    compareVersions(version, line.oldestCompiled) >= 0;
  if (!runsCompiled) {
    starts.push(
      ["the command of the package", join(installed, "bin/tricorn.js")],
      ["serve() of the package", library(join(installed, "lib/mod.js")), true],
    );
  }
  return starts;
}

function argumentsFor({ name, version }, file) {
  const args = [file, "main:app"];
  if (name === "deno") return ["run", "-A", "--no-check", ...args];
  const strips = name === "node" && version.startsWith("22.") &&
    compareVersions(version, "22.6.0") >= 0;
  return strips ? ["--experimental-strip-types", ...args] : args;
}

/** What is wrong with how it ended, or `undefined`. */
function problemOf({ name, version }, { code, output }, isProgram) {
  if (code !== 1) return `ended with code ${code}, expected 1`;
  const title = TITLES[name];
  const lines = output.split("\n").filter((line) =>
    // What Node says of stripping types before anything of ours runs.
    line !== "" && !/^\(node:\d+\) ExperimentalWarning|^\(Use `node/.test(line)
  );
  const sentence =
    `Cannot run Tricorn on ${title} ${version}: expected ${title} `;
  if (isProgram) {
    // Each runtime shows an uncaught error in its own way.
    const isTold = output.includes(sentence) &&
      output.includes("UnsupportedRuntimeError");
    return isTold ? undefined : "did not say what is wrong";
  }
  const isOneLine = lines.length === 1 &&
    lines[0].startsWith(`ERROR:    ${sentence}`) &&
    /; (install|")/.test(lines[0]);
  return isOneLine ? undefined : "did not say what is wrong in one line";
}

/**
 * Tries one release.
 *
 * @param release `name`, `version`, `program` and the supported `line` of its major version.
 * @param where `root` of the sources, folder of the `installed` package, and a `folder` to write to.
 * @returns A report as of a test file.
 */
export async function tryRefusals(release, where) {
  const cases = [];
  const began = performance.now();
  for (const [what, file, isProgram = false] of startsOf(release, where)) {
    const ended = await run(release.program, argumentsFor(release, file), {
      cwd: where.folder,
      env: { NO_COLOR: "1" },
      limitMs: LIMIT_MS,
    });
    const problem = problemOf(release, ended, isProgram);
    cases.push({
      name: `${what} is refused`,
      status: problem === undefined ? "passed" : "failed",
      message: problem === undefined ? "" : `${problem}:\n${ended.output}`,
    });
  }
  return {
    runtime: `${release.name} ${release.version}`,
    file: "refusals",
    cases,
    skips: [],
    seconds: (performance.now() - began) / 1000,
  };
}

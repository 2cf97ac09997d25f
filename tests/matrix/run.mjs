// Tries the oldest and the newest release of every supported line of the runtimes, and releases
// that are refused: those of versions.json.
//
//   npm run matrix [-- [--only node@26.12.1,deno ...] [--latest]]
//
// Gets the runtimes from npm into .runtimes. On each, wire_test.ts runs twice, against the sources
// and against the npm package, built, packed and installed, which is also started by its name. `--latest` asks npm for newer releases
// of the same lines and tries those as well. Needs Node 20 or later and npm. The last line is
// `N passed, N failed`; the exit code is 0 if none failed.
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { run, tail } from "../_support/processes.mjs";
import { excerpt, findDifferences, WHOLE_FILE } from "../_support/report.mjs";
import { reportLine, runFile } from "../_support/run_file.mjs";
import { install } from "../_support/toolbox.mjs";
import { tryCommands } from "./commands.mjs";
import { tryRefusals } from "./refusals.mjs";
import {
  compareVersions,
  fetchRuntime,
  NAMES,
  NPM,
  releasesOf,
} from "./runtimes.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(dirname(here));
const cache = join(root, ".runtimes");
const WIRE_TEST = "tests/matrix/wire_test.ts";
/** Releases tried at a time. They wait more than they compute, so that one more than two pays. */
const PARALLEL = 3;
/** A build or an installation that takes longer hangs. */
const PACKAGE_LIMIT_MS = 180_000;

const versions = JSON.parse(readFileSync(join(here, "versions.json"), "utf8"));

const majorOf = (version) => version.split(".", 1)[0];
const lineOf = (name, version) =>
  versions.supported[name].find(({ oldest }) =>
    majorOf(oldest) === majorOf(version)
  );

/** Everything that versions.json names. */
function allReleases() {
  return NAMES.flatMap((name) => [
    ...versions.supported[name].flatMap((
      { oldest, newest, oldestCompiled },
    ) => [
      ...oldestCompiled === undefined
        ? []
        : [{ name, version: oldestCompiled, forms: ["package"] }],
      ...[...new Set([oldest, newest])].map((version) => ({
        name,
        version,
        forms: ["sources", "package"],
      })),
    ]),
    ...versions.refused[name].map((version) => ({
      name,
      version,
      forms: ["refusals"],
    })),
  ]);
}

/** The releases that `--only` picks: `node`, `node@26` and `node@26.5.0`, named or not. */
function pick(releases, only) {
  return only.flatMap((text) => {
    const [name, version] = text.split("@");
    const found = releases.filter((release) =>
      release.name === name &&
      (version === undefined || `${release.version}.`.startsWith(`${version}.`))
    );
    if (found.length > 0) return found;
    const isRelease = NAMES.includes(name) && /^\d+\.\d+\.\d+$/.test(version);
    if (isRelease) return [{ name, version, forms: ["sources", "package"] }];
    throw new Error(
      `Cannot use --only "${text}": expected deno, bun or node, and a release behind "@", ` +
        "such as node@26 or node@26.12.1",
    );
  });
}

/**
 * What npm has of the same lines that is newer, the newest of each. Tells which those are, and of
 * lines that versions.json does not have.
 */
function newerReleases(names) {
  const newer = names.flatMap((name) => {
    const released = releasesOf(name);
    const last = versions.supported[name].at(-1);
    const beyond = released.filter((version) =>
      Number(majorOf(version)) > Number(majorOf(last.oldest))
    );
    if (beyond.length > 0) {
      console.log(
        `${name} ${
          beyond.at(-1)
        } is of a line that versions.json does not have`,
      );
    }
    return versions.supported[name].flatMap(({ newest }) => {
      const newer = released.filter((version) =>
        majorOf(version) === majorOf(newest) &&
        compareVersions(version, newest) > 0
      );
      if (newer.length === 0) return [];
      console.log(
        `${name} ${newer.at(-1)} is newer than the ${newest} of versions.json`,
      );
      return [{
        name,
        version: newer.at(-1),
        forms: ["sources", "package"],
      }];
    });
  });
  if (newer.length === 0) {
    console.log(`npm has no newer ${names.join(", ")} than versions.json`);
  }
  return newer;
}

/** Builds the npm package, packs it, and installs it in an empty folder. @returns Its folder. */
async function installPackage(folder) {
  const built = join(folder, "built");
  const project = join(folder, "project");
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), '{ "type": "module" }\n');
  const step = async (program, args) => {
    const { code, output } = await run(program, args, {
      cwd: project,
      env: { npm_config_update_notifier: "false" },
      limitMs: PACKAGE_LIMIT_MS,
    });
    if (code === 0) return output;
    throw new Error(`Cannot make the package: ${tail(output, 20)}`);
  };
  await step(process.execPath, [
    join(root, "packaging/npm.mjs"),
    ...["--out", built],
  ]);
  const { version } = JSON.parse(
    readFileSync(join(built, "package.json"), "utf8"),
  );
  const quietly = ["--offline", "--ignore-scripts", "--no-audit", "--no-fund"];
  await step(NPM, ["pack", built, ...quietly]);
  await step(NPM, ["install", `./tricorn-${version}.tgz`, ...quietly]);
  return join(project, "node_modules/tricorn");
}

/** Runs everything that is to be run on one release. @returns Reports. */
async function tryRelease({ name, version, forms }, where) {
  const title = `${name} ${version}`;
  let program;
  try {
    program = await fetchRuntime(cache, name, version);
  } catch (error) {
    return [{
      runtime: title,
      file: "npm",
      cases: [{ name: WHOLE_FILE, status: "failed", message: error.message }],
      skips: [],
      seconds: 0,
    }];
  }
  const reports = [];
  for (const form of forms) {
    if (form === "refusals") {
      const line = lineOf(name, version);
      reports.push(await tryRefusals({ name, version, program, line }, where));
      continue;
    }
    const env = form === "package"
      ? {
        TEST_COMMAND: join(where.installed, "bin/tricorn.js"),
        TEST_LIBRARY: join(where.installed, "lib/mod.js"),
      }
      : {};
    reports.push(
      await runFile(
        { name, program, title: `${title} ${form}` },
        WIRE_TEST,
        { ...where, env: { ...env, TEST_VERSION: version } },
      ),
    );
    if (form === "package") {
      reports.push(
        await tryCommands({ name, version, program }, where.installed),
      );
    }
  }
  return reports;
}

async function tryAll(releases, where) {
  const queue = [...releases];
  const reports = [];
  await Promise.all(Array.from({ length: PARALLEL }, async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      for (const report of await tryRelease(next, where)) {
        console.log(reportLine(report));
        reports.push(report);
      }
    }
  }));
  return reports;
}

/** Prints the sums and what failed. @returns The exit code. */
function tell(releases, reports) {
  const failures = [];
  const total = { passed: 0, failed: 0 };
  console.log("");
  for (const { name, version } of releases) {
    const title = `${name} ${version}`;
    const own = reports.filter(({ runtime }) =>
      runtime === title || runtime.startsWith(`${title} `)
    );
    const cases = own.flatMap((report) => report.cases);
    const count = (status) =>
      cases.filter((one) => one.status === status).length;
    total.passed += count("passed");
    total.failed += count("failed");
    console.log(
      `${name.padEnd(5)} ${version.padEnd(8)} ${count("passed")} passed, ` +
        `${count("failed")} failed, ${count("skipped")} skipped`,
    );
    for (const { runtime, file, cases } of own) {
      for (const one of cases.filter((other) => other.status === "failed")) {
        failures.push([`${runtime}: ${file}: ${one.name}`, one.message]);
      }
    }
  }
  for (const reason of new Set(reports.flatMap((report) => report.skips))) {
    console.log(`skipped: ${reason}`);
  }
  const wired = reports.filter((report) => report.file === WIRE_TEST);
  const differences = findDifferences(
    wired,
    wired.map((report) => report.runtime),
  );
  for (const difference of differences) {
    failures.push(["different tests", difference]);
  }
  for (const [where, message] of failures) {
    console.log(
      `\nFAILED ${where}\n${excerpt(message).replace(/^/gm, "    ")}`,
    );
  }
  const failed = total.failed + differences.length;
  console.log(`\n${total.passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

try {
  const { values } = parseArgs({
    options: {
      only: { type: "string", multiple: true },
      latest: { type: "boolean", default: false },
    },
  });
  install(root);
  const named = allReleases();
  const only = values.only?.flatMap((text) => text.split(","));
  const releases = only === undefined ? named : pick(named, only);
  if (values.latest) {
    const names = only?.map((text) => text.split("@", 1)[0]) ?? NAMES;
    releases.push(...newerReleases([...new Set(names)]));
  }
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(tmpdir(), "tricorn-matrix-"));
  try {
    const installed = await installPackage(folder);
    const where = { root, folder, installed };
    process.exitCode = tell(releases, await tryAll(releases, where));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
} catch (error) {
  console.error(error.message);
  process.exitCode = 2;
}

// Runs every test file on Deno, Bun and Node; or serves the example.
//
//   npm test [-- [--only deno,bun,node] [--skip-checks] [--slow] [file or folder ...]]
//   npm run demo [-- [main:app] [arguments of the command ...]]
//
// Without a path everything runs but the files that are slow by nature, which --slow runs, and those
// of the version matrix.
// Needs Node 20 or later and npm: the runtimes under test come from the lock file. The last line
// is `N passed, N failed` over the checks and all runtimes; the exit code is 0 if none failed.
import { spawn } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve, sep } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { run, tail } from "./_support/processes.mjs";
import { excerpt, findDifferences } from "./_support/report.mjs";
import { reportLine, runFile } from "./_support/run_file.mjs";
import { findRuntime, install } from "./_support/toolbox.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const RUNTIMES = ["deno", "bun", "node"];
/** Test files that run at a time. Most wait for servers, so that one more than two cores pays. */
const PARALLEL = 3;
/** Files below `tests/` that take long on every runtime, the longest first: they begin first. */
const LONGEST = [
  "fuzz/hostile_run",
  "packaging/npm",
  "packaging/jsr",
  "packaging/newcomer",
  "site/browser",
  "wire/metrics_workers",
  "wire/workers_health",
  "wire/reload",
  "wire/watchdog",
  "wire/internals_off",
  "wire/websocket",
  "wire/inherited",
  "wire/startup",
  "runtime/socket_contract_plain",
  "runtime/socket_contract",
  "wire/binding",
  "wire/tls_serving",
  "wire/shutdown",
  "wire/limits",
  "wire/tls_reload",
  "wire/tls_startup",
  "wire/lifespan",
].map((name) => `tests/${name}_test.ts`);
/** Folders whose files start servers: they take longer than others, so they begin before them. */
const STARTS_SERVERS = /^tests\/(wire|conformance|runtime|server|fuzz)\//;
/** Files that only `--slow` runs, where no path is given: their time is in what they test. */
const SLOW = new RegExp(
  "^tests/(packaging/|fuzz/hostile_run_test|site/browser_test|" +
    "runtime/(process|socket_contract_plain)_test)|" + // processes; a contract once more
    "^tests/wire/(" + [
    "admin_workers", // workers that hang or die before they are asked
    "deploy_containers", // a package built, and a process started for each look
    "deploy_fronts", // a proxy for each recipe
    "drain_load", // a load on a server, ended again and again
    "drain_stubborn", // floods, and a second of waiting in each test
    "fetch_silence", // half a minute in which nothing happens
    "front_haproxy", // restarts under load behind a proxy
    "front_forwarded", // nginx and HAProxy, started anew for each recipe
    "front_nginx",
    "inherited", // a process in front of each server, and managers of services
    "internals_off", // a large part of the others once more
    "managers", // workers below real managers of services, upgraded and restarted
    "metrics_workers", // twenty rolling restarts
    "reload", // files that change, and the processes that follow
    "slowhttptest", // an attack takes its seconds
    "topics_channels", // brokers, ended and started again
    "watchdog", // seconds in which nothing moves
    "websocket_soak",
    "workers_hostile", // workers killed under load
    "workers_health", // workers that hang, and the seconds until that is seen
    "workers_recycling", // workers that are replaced after seconds
    "workers_restarts", // processes, started again and again under load
    "upgrade_(load|metrics|parent)", // the same for new parents
    "write_stall", // the buffers of the kernel, filled and emptied slowly
  ].join("|") + ")_test",
);
/** Files that the version matrix runs, with these releases of the runtimes among others. */
const OF_MATRIX = /^tests\/matrix\/wire_test/;
/** Files that run alone, after the others: they load the machine, compare times, or read in bursts. */
const ALONE = new RegExp(
  "^tests/http1/request_parser_test|^tests/wire/(" + [
    "backpressure",
    "drain_load",
    "drain_stubborn",
    "slow_clients",
    "slowhttptest",
    "websocket_soak",
    "upgrade_load",
    "workers_restarts",
    "write_stall",
  ].join("|") + ")_test",
);
/** Files named at the end of a run, to see where its time went. */
const SLOWEST = 10;
/** A check that takes longer hangs. */
const CHECK_LIMIT_MS = 300_000;

function parseArguments(args) {
  const options = {
    only: RUNTIMES,
    skipsChecks: false,
    isSlow: false,
    isDemo: false,
    paths: [],
    rest: [],
  };
  for (let at = 0; at < args.length; at++) {
    const arg = args[at];
    if (arg === "--demo") {
      return { ...options, isDemo: true, rest: args.slice(at + 1) };
    } else if (arg === "--skip-checks") {
      options.skipsChecks = true;
    } else if (arg === "--slow") {
      options.isSlow = true;
    } else if (arg === "--only" || arg.startsWith("--only=")) {
      const names = arg === "--only"
        ? args[++at] ?? ""
        : arg.slice("--only=".length);
      options.only = names.split(",").filter((name) => name !== "");
      const unknown = options.only.find((name) => !RUNTIMES.includes(name));
      if (unknown !== undefined || options.only.length === 0) {
        throw new Error(
          `Cannot use --only "${names}": expected some of ${
            RUNTIMES.join(", ")
          }`,
        );
      }
    } else if (arg.startsWith("-")) {
      throw new Error(
        `Cannot use "${arg}": expected --only, --skip-checks, --slow, --demo or paths`,
      );
    } else {
      options.paths.push(arg);
    }
  }
  return options;
}

/** Test files below `path`, as paths from the root with `/`. */
function testFiles(path) {
  const full = resolve(root, path);
  if (!existsSync(full)) throw new Error(`Cannot find "${path}"`);
  if (statSync(full).isFile()) {
    return [relative(root, full).split(sep).join("/")];
  }
  return readdirSync(full, { recursive: true })
    .filter((name) => name.endsWith("_test.ts"))
    .map((name) => relative(root, join(full, name)).split(sep).join("/"))
    .sort();
}

/** What must hold before any test is worth running. */
function checks(deno, node) {
  const sources = [
    "mod.ts",
    "cli.ts",
    "src",
    "tests",
    "bench",
    "examples",
    "site",
  ]
    .filter((path) => existsSync(join(root, path)));
  return [
    ["format", deno, ["fmt", "--check"]],
    ["lint", deno, ["lint"]],
    ["types (deno check)", deno, ["check", "--quiet", ...sources]],
    ["types (tsc)", node, [
      join(root, "node_modules/typescript/bin/tsc"),
      "--noEmit",
    ]],
    ["documentation (deno doc --lint)", deno, [
      "doc",
      "--lint",
      "--quiet",
      "mod.ts",
      "cli.ts",
      "src/helpers/mod.ts",
      "src/testing/mod.ts",
      "src/application/adapters/fetch/mod.ts",
    ]],
    [
      "package (deno publish --dry-run)",
      deno,
      ["publish", "--dry-run", "-c", "jsr.json", "--allow-dirty"],
    ],
  ];
}

async function runChecks(deno, node) {
  const result = { passed: 0, failed: 0, failures: [] };
  for (const [name, program, args] of checks(deno, node)) {
    const { code, output, seconds } = await run(program, args, {
      cwd: root,
      env: { NO_COLOR: "1" },
      limitMs: CHECK_LIMIT_MS,
    });
    console.log(
      `check  ${name}: ${code === 0 ? "ok" : "FAILED"} (${
        seconds.toFixed(1)
      } s)`,
    );
    if (code === 0) {
      result.passed++;
    } else {
      result.failed++;
      result.failures.push([`check: ${name}`, tail(output, 60)]);
    }
  }
  return result;
}

/** The files of a run: those below `paths`, or, without any, the slow ones or the others. */
function chooseFiles({ paths, isSlow }) {
  return paths.length === 0
    ? testFiles("tests").filter((file) =>
      SLOW.test(file) === isSlow && !OF_MATRIX.test(file)
    )
    : [...new Set(paths.flatMap(testFiles))];
}

/** When the jobs of a file begin: the less, the sooner. */
function rank(file) {
  const at = LONGEST.indexOf(file);
  return at >= 0 ? at : LONGEST.length + (STARTS_SERVERS.test(file) ? 0 : 1);
}

/** Runs jobs some at a time, the longest first, and at last those that run alone. */
async function runAll(jobs) {
  const alone = jobs.filter(({ file }) => ALONE.test(file));
  const shared = jobs.filter(({ file }) => !ALONE.test(file))
    .sort((a, b) => rank(a.file) - rank(b.file));
  const reports = [];
  const worker = async (queue) => {
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
      reports.push(await job.start());
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, () => worker(shared)));
  await worker(alone);
  return reports;
}

/** The files that took longest, to see where the time of a run goes. */
function printSlowest(reports) {
  if (reports.length <= SLOWEST) return;
  console.log("\nslowest files:");
  for (
    const { runtime, file, seconds } of reports
      .toSorted((a, b) => b.seconds - a.seconds).slice(0, SLOWEST)
  ) {
    console.log(
      `${seconds.toFixed(1).padStart(7)} s  ${runtime.padEnd(5)} ${file}`,
    );
  }
}

function summarize(reports, runtimes) {
  const failures = [];
  let passed = 0;
  let failed = 0;
  console.log("");
  for (const { name, version } of runtimes) {
    const own = reports.filter((report) => report.runtime === name);
    const cases = own.flatMap((report) => report.cases);
    const count = (status) =>
      cases.filter((one) => one.status === status).length;
    console.log(
      `${name.padEnd(5)} ${version.padEnd(8)} ${own.length} files: ${
        count("passed")
      } passed, ` +
        `${count("failed")} failed, ${count("skipped")} skipped`,
    );
    passed += count("passed");
    failed += count("failed");
    for (const report of own) {
      for (
        const one of report.cases.filter((other) => other.status === "failed")
      ) {
        failures.push([
          `${name}: ${report.file}: ${one.name}`,
          excerpt(one.message),
        ]);
      }
    }
  }
  for (const reason of new Set(reports.flatMap((report) => report.skips))) {
    console.log(`skipped: ${reason}`);
  }
  const differences = findDifferences(
    reports,
    runtimes.map((runtime) => runtime.name),
  );
  for (const difference of differences) {
    failures.push(["different tests", difference]);
  }
  return { passed, failed: failed + differences.length, failures };
}

/**
 * Has Node strip and compile the sources once for all processes of the run: that is most of what
 * the start of a server costs there. Only a process that ends by itself fills the cache, which few
 * servers under test do.
 *
 * @returns Variables for the processes.
 */
async function compileOnce(runtimes, folder) {
  const node = runtimes.find(({ name }) => name === "node");
  if (node === undefined) return {};
  const env = { NODE_COMPILE_CACHE: join(folder, "compiled") };
  const sources = readdirSync(join(root, "src"), { recursive: true })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => pathToFileURL(join(root, "src", name)).href);
  // What cannot be loaded is for the tests to find out.
  await run(node.program, [
    "--disable-warning=ExperimentalWarning",
    "--input-type=module",
    "--eval",
    `await Promise.all(${JSON.stringify(sources)}.map((url) => import(url)));`,
  ], { cwd: root, env, limitMs: CHECK_LIMIT_MS });
  return env;
}

async function test(options) {
  const files = chooseFiles(options);
  if (files.length === 0) {
    throw new Error("Cannot run tests: no *_test.ts file there");
  }
  install(root);
  const runtimes = options.only.map((name) => findRuntime(root, name));
  const results = [];
  if (!options.skipsChecks) {
    results.push(
      await runChecks(
        findRuntime(root, "deno").program,
        findRuntime(root, "node").program,
      ),
    );
  }
  const folder = mkdtempSync(join(tmpdir(), "tricorn-tests-"));
  try {
    const env = await compileOnce(runtimes, folder);
    const jobs = files.flatMap((file) =>
      runtimes.map((runtime) => ({
        file,
        async start() {
          const report = await runFile(runtime, file, {
            root,
            folder,
            env,
          });
          console.log(reportLine(report));
          return report;
        },
      }))
    );
    const reports = await runAll(jobs);
    printSlowest(reports);
    results.push(summarize(reports, runtimes));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  for (const [where, message] of results.flatMap((result) => result.failures)) {
    console.log(`\nFAILED ${where}\n${message.replace(/^/gm, "    ")}`);
  }
  const sum = (key) =>
    results.reduce((total, result) => total + result[key], 0);
  console.log(`\n${sum("passed")} passed, ${sum("failed")} failed`);
  return sum("failed") === 0 ? 0 : 1;
}

/**
 * Serves an application on Deno through the command, in the foreground: the one that the first of
 * `args` names, found from the folder that npm was started in, or else the example.
 */
function demo(args) {
  install(root);
  const deno = findRuntime(root, "deno");
  const isOwn = args.length > 0 && !args[0].startsWith("-");
  const app = isOwn ? [] : ["--app-dir", join(root, "examples"), "hello:app"];
  console.log(
    `Serving ${
      isOwn ? args[0] : "examples/hello.ts"
    } on Deno ${deno.version}: ` +
      "http://127.0.0.1:8000 unless the arguments say otherwise. Press Ctrl+C to stop.",
  );
  return new Promise((resolve) => {
    const child = spawn(
      deno.program,
      ["run", "-A", join(root, "cli.ts"), ...app, ...args],
      { cwd: process.env.INIT_CWD ?? root, stdio: "inherit" },
    );
    for (const signal of ["SIGINT", "SIGTERM"]) {
      process.removeAllListeners(signal);
      // A terminal sends Ctrl+C to the server as well: twice would mean "now".
      process.on(signal, () => {
        if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
      });
    }
    child.on("error", (error) => {
      console.error(error.message);
      resolve(1);
    });
    child.on(
      "exit",
      (code, signal) => resolve(code ?? (signal === "SIGTERM" ? 143 : 1)),
    );
  });
}

try {
  const options = parseArguments(process.argv.slice(2));
  process.exitCode =
    await (options.isDemo ? demo(options.rest) : test(options));
} catch (error) {
  console.error(error.message);
  process.exitCode = 2;
}

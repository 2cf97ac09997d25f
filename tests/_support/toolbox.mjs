// @ts-self-types="./toolbox.d.mts"
// Gets the development tools: installs node_modules from the lock file and finds the runtimes in
// it. Plain JavaScript for Node 20 and later, which is all that a fresh machine needs.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";

const exe = process.platform === "win32" ? ".exe" : "";

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

/** Whether node_modules holds exactly the versions of the lock file that fit this platform. */
export function isInstalled(root) {
  const wanted = readJson(join(root, "package-lock.json"))?.packages ?? {};
  const present = readJson(join(root, "node_modules/.package-lock.json"))
    ?.packages;
  if (present === undefined) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === "") return true;
    const found = present[path];
    if (found === undefined) return entry.optional === true; // for another platform
    return found.version === entry.version && existsSync(join(root, path));
  });
}

/** Runs `npm ci` if that is needed. */
export function install(root) {
  if (isInstalled(root)) return;
  console.log(
    "Installing the runtimes and tools of package-lock.json (npm ci) ...",
  );
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const { status, error } = spawnSync(npm, ["ci", "--no-audit", "--no-fund"], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    shell: process.platform === "win32",
  });
  if (error !== undefined) throw new Error(`Cannot run npm: ${error.message}`);
  if (status !== 0) {
    throw new Error(`Cannot install: npm ci ended with code ${status}`);
  }
}

/** Programs in packages whose names depend on the platform. */
function inPackages(root, scope, prefix, program) {
  const folder = join(root, "node_modules", scope);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => name.startsWith(prefix)).map((
    name,
  ) => join(folder, name, program));
}

function onPath(name) {
  return (process.env.PATH ?? "").split(delimiter).filter((folder) =>
    folder !== ""
  ).map((folder) => join(folder, name + exe));
}

/** Where each runtime may lie, best place first. */
function candidates(root, runtime) {
  const modules = join(root, "node_modules");
  switch (runtime) {
    case "deno":
      return [
        ...inPackages(root, "@deno", "", `deno${exe}`),
        join(modules, "deno", `deno${exe}`),
        join(modules, ".bin", `deno${exe}`),
        ...onPath("deno"),
      ];
    case "bun":
      // Its install script moves the program out of the platform's package.
      return [
        join(modules, "bun/bin/bun.exe"),
        ...inPackages(root, "@oven", "bun-", `bin/bun${exe}`),
        join(modules, ".bin", `bun${exe}`),
        ...onPath("bun"),
      ];
    case "node":
      return [
        ...inPackages(root, "", "node-", `bin/node${exe}`),
        join(modules, "node/bin", `node${exe}`),
        process.execPath,
        ...onPath("node"),
      ];
    default:
      throw new Error(
        `Cannot find runtime "${runtime}": expected deno, bun or node`,
      );
  }
}

const PRINTS_VERSION = {
  deno: ["eval", "console.log(Deno.version.deno)"],
  bun: ["--version"],
  node: ["-p", "process.versions.node"],
};

/** What `program` says that its version is; `undefined` if it does not run. */
export function versionOf(runtime, program) {
  const { status, stdout } = spawnSync(program, PRINTS_VERSION[runtime], {
    encoding: "utf8",
    timeout: 60_000,
    env: { ...process.env, NO_COLOR: "1" },
  });
  return status === 0 ? stdout.trim() : undefined;
}

/** The oldest releases that run the sources as they are, one of each line, oldest first. */
function oldestOf(root, runtime) {
  const { supported } = readJson(join(root, "tests/matrix/versions.json"));
  return supported[runtime].map(({ oldest }) => oldest.split(".").map(Number));
}

function isSupported(version, oldest) {
  const [major, minor, patch] = version.split(".").map((part) =>
    parseInt(part)
  );
  const own = oldest.find((line) => line[0] === major);
  if (own === undefined) return major > oldest.at(-1)[0];
  return minor > own[1] || (minor === own[1] && patch >= own[2]);
}

/** Finds a program that really is the runtime, recent enough, by asking it for its version. */
export function findRuntime(root, runtime) {
  const oldest = oldestOf(root, runtime);
  const passedOver = [];
  for (const program of candidates(root, runtime)) {
    if (!existsSync(program)) continue;
    const version = versionOf(runtime, program);
    if (version !== undefined && isSupported(version, oldest)) {
      return { name: runtime, program, version };
    }
    passedOver.push(
      version === undefined
        ? `${program} does not run`
        : `${program} is version ${version}`,
    );
  }
  const why = passedOver.length === 0
    ? "none is installed"
    : passedOver.join("; ");
  const wanted = oldest.map((line) => line.join(".")).join(", ");
  throw new Error(
    `Cannot find ${runtime} ${wanted} or later: ${why}. Delete node_modules ` +
      "and try again, or put one on PATH.",
  );
}

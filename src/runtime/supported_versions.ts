/**
 * The releases of the runtimes that Tricorn runs on, and what the others are told. Asked before the
 * rest of the sources is loaded, which may not even link on an older runtime: nothing is imported
 * here but the globals, and the syntax is one that Node 14 reads in the npm package.
 */
import { bun } from "./_bun_types.ts";
import { deno } from "./_deno_types.ts";

/** A runtime by its lower-case name. */
type RuntimeName = "deno" | "bun" | "node";

/** The releases that share a major version. */
export interface SupportedLine {
  /** First release that runs the sources, `major.minor.patch`. */
  readonly oldest: string;
  /** First release that runs the compiled npm package. Default: `oldest`. */
  readonly oldestCompiled?: string;
}

/**
 * The supported lines of each runtime, oldest first. Lines between two of them are not supported
 * (the odd ones of Node, whose support has ended); lines after the last one are. What docs/runtimes.md,
 * the npm package's `engines` and tests/matrix/versions.json say is tested against this table.
 */
export const SUPPORTED_LINES: Readonly<
  Record<RuntimeName, readonly SupportedLine[]>
> = {
  deno: [{ oldest: "2.9.0" }],
  bun: [{ oldest: "1.4.0" }],
  node: [
    { oldest: "22.18.0" },
    // Up to 24.2 import.meta.main is not set in files whose types Node strips, so that a program
    // cannot tell that it was started. The npm package holds JavaScript and does not ask.
    { oldest: "24.3.0", oldestCompiled: "24.0.0" },
    { oldest: "26.0.0" },
  ],
};

const TITLES: Readonly<Record<RuntimeName, string>> = {
  deno: "Deno",
  bun: "Bun",
  node: "Node",
};

/**
 * Why Tricorn does not run on this release, in one sentence with the way out; `undefined` if it
 * does. What cannot be read as a version is believed to be new.
 *
 * @param version As the runtime tells it, such as `24.2.0` or `2.9.0-rc.1`.
 * @param isCompiled Whether the npm package asks, and not the sources.
 */
export function whyUnsupported(
  name: RuntimeName,
  version: string,
  isCompiled: boolean,
): string | undefined {
  const found = parse(version);
  if (found === undefined) return undefined;
  const lines = linesOf(name, isCompiled);
  const newest = lines[lines.length - 1]!;
  const own = lines.find((line) => line[0] === found[0]);
  const isSupported = own === undefined
    ? found[0] > newest[0]
    : isAtLeast(found, own);
  if (isSupported) return undefined;
  return `Cannot run Tricorn on ${TITLES[name]} ${version}: expected ` +
    `${supportedReleases(name, isCompiled)}; ${
      wayOut(name, shortened(own || newest))
    }`;
}

/** `Node 22 from 22.18 on, 24 from 24.3 on, or 26 or later`. */
export function supportedReleases(
  name: RuntimeName,
  isCompiled: boolean,
): string {
  const texts = linesOf(name, isCompiled).map((line, at, lines) => {
    const oldest = shortened(line);
    if (at === lines.length - 1) return `${oldest} or later`;
    return oldest === `${line[0]}` ? oldest : `${line[0]} from ${oldest} on`;
  });
  const last = texts.pop()!;
  const before = texts.length === 0 ? "" : `${texts.join(", ")}, or `;
  return `${TITLES[name]} ${before}${last}`;
}

/** `whyUnsupported()` of the runtime that asks. */
export function whyUnsupportedHere(): string | undefined {
  // The npm package consists of ".js" files, as does JSR's edition for npm.
  const isCompiled = !import.meta.url.endsWith(".ts");
  // Deno and Bun also claim to be a Node; Deno would load node:process to say so.
  if (deno !== undefined) {
    return whyUnsupported("deno", deno.version.deno, isCompiled);
  }
  if (bun !== undefined) return whyUnsupported("bun", bun.version, isCompiled);
  return whyUnsupported("node", process.versions.node, isCompiled);
}

/** Prints `reason` as the command prints errors, and ends the process with 1. */
export function refuseToStart(reason: string): never {
  console.error(`ERROR:    ${reason}`);
  if (deno !== undefined) deno.exit(1);
  process.exit(1);
}

/**
 * Whether the program is the module at `url`, on a release that is not supported and may leave
 * `import.meta.main` unset: Node up to 24.1 everywhere, 24.2 in files whose types it strips. Always
 * false on the others, where `import.meta.main` has told.
 */
export function isUnmarkedMain(url: string): boolean {
  if (whyUnsupportedHere() === undefined || deno !== undefined) return false;
  const path = process.argv[1];
  // Releases without it cannot read the sources, and the npm package has a file for the command.
  if (path === undefined || process.getBuiltinModule === undefined) {
    return false;
  }
  const { realpathSync } = process.getBuiltinModule("node:fs");
  const { pathToFileURL } = process.getBuiltinModule("node:url");
  try {
    // Modules go by their real paths, unless Node was told to preserve links.
    return [path, realpathSync(path)].some((path) =>
      pathToFileURL(path).href === url
    );
  } catch {
    return false; // there is no such file: the program came another way
  }
}

type Version = readonly [major: number, minor: number, patch: number];

/** Where each supported line begins. */
function linesOf(name: RuntimeName, isCompiled: boolean): readonly Version[] {
  return SUPPORTED_LINES[name].map(({ oldest, oldestCompiled }) =>
    parse(isCompiled && oldestCompiled || oldest)!
  );
}

function parse(text: string): Version | undefined {
  const match = /^v?(\d+)\.(\d+)\.(\d+)/.exec(text);
  if (match === null) return undefined;
  return [Number(match[1]), Number(match[2]), Number(match[3])];
}

function isAtLeast(version: Version, oldest: Version): boolean {
  const at = [0, 1, 2].find((at) => version[at] !== oldest[at]);
  return at === undefined || version[at]! > oldest[at]!;
}

/** Without zeros that say nothing: `26`, `24.3`, `24.3.1`. */
function shortened(version: Version): string {
  return version.join(".").replace(/(\.0)+$/, "");
}

function wayOut(name: RuntimeName, version: string): string {
  if (name === "node") return `install Node ${version} or later`;
  return `"${name} upgrade" brings it up to date`;
}

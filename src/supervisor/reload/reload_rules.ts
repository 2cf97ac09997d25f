/** Which files count for a reload: patterns that include, patterns that exclude, and their order. */
import { type Glob, type GlobSegment, readGlob } from "../../text/glob.ts";

/** Files that count unless they are excluded: what the runtimes load as modules. */
export const DEFAULT_INCLUDES: readonly string[] = [
  "*.ts",
  "*.tsx",
  "*.mts",
  "*.cts",
  "*.js",
  "*.jsx",
  "*.mjs",
  "*.cjs",
];

/** Names that do not count: hidden ones, as `.git`, packages, caches, and files of editors. */
export const DEFAULT_EXCLUDES: readonly string[] = [
  ".*",
  "node_modules",
  "__pycache__",
  ".sw.*",
  "~*",
  "*~",
  "#*#",
  "*.sw[a-p]",
  "*.tmp",
];

/** What the operator asked for. */
export interface ReloadPatterns {
  readonly includes: readonly string[];
  readonly excludes: readonly string[];
  /** What paths in patterns are relative to: absolute, with `/`. */
  readonly cwd: string;
}

/** How much is excluded: nothing, what the defaults exclude, or what the operator excludes. */
type Exclusion = "none" | "byDefault" | "byOperator";

/** A name below a watched directory that is excluded. */
interface ExcludedName {
  readonly index: number;
  readonly exclusion: Exclusion;
}

/**
 * Decides by path alone. Paths are absolute and have `/`. A pattern of one name excludes directories
 * at any depth, and what is in them; those above the watched directory do not matter.
 *
 * An include that names a file exactly wins over every exclude; one that names an excluded name
 * itself, as `.config/*.ts` or `.env*`, wins over the default excludes.
 */
export class ReloadRules {
  /** All includes. */
  readonly #includes: readonly Glob[];
  /** Those of the operator. */
  readonly #named: readonly Glob[];
  /** Those of the operator without special characters. */
  readonly #exact: readonly Glob[];
  readonly #defaultExcludes: readonly Glob[];
  readonly #excludes: readonly Glob[];

  constructor({ includes, excludes, cwd }: ReloadPatterns) {
    const read = (patterns: readonly string[]) =>
      patterns.flatMap((pattern) => globsOf(pattern, cwd));
    this.#named = read(includes);
    this.#exact = this.#named.filter(isExact);
    this.#includes = [
      ...read(DEFAULT_INCLUDES.filter((each) => !excludes.includes(each))),
      ...this.#named,
    ];
    this.#defaultExcludes = read(
      DEFAULT_EXCLUDES.filter((each) => !includes.includes(each)),
    );
    this.#excludes = read(excludes);
  }

  /**
   * Whether files in `directory`, below the watched `root`, may count. A directory that is excluded
   * is still looked into if an include leads there.
   */
  mayHold(directory: string, root: string): boolean {
    const names = namesBelow(root, directory);
    const [first, ...others] = this.#excludedNames(root, names);
    if (first === undefined) return true;
    const below = names.slice(first.index);
    const exclusion = worst([first, ...others]);
    const winners = exclusion === "byOperator" ? this.#exact : this.#named;
    return winners.some((glob) => leadsTo(glob, below));
  }

  /** Whether a change of `file`, below the watched `root`, counts. */
  isWatched(file: string, root: string): boolean {
    if (!this.#includes.some((glob) => glob.matches(file))) return false;
    const names = namesBelow(root, file);
    const excluded = this.#excludedNames(root, names);
    if (excluded.length === 0) return true;
    if (this.#exact.some((glob) => glob.matches(file))) return true;
    if (worst(excluded) === "byOperator") return false;
    return this.#named.some((glob) =>
      glob.matches(file) &&
      excluded.every(({ index }) => namesItself(glob, names[index]!))
    );
  }

  /**
   * Whether a directory that is asked for is not to be watched at all: the operator excludes it, or
   * one around it.
   *
   * @param isAsked Whether it was named as it is; otherwise a pattern led to it, and the default
   * excludes count too.
   */
  isExcludedRoot(root: string, cwd: string, isAsked: boolean): boolean {
    const names = root.startsWith(withSlash(cwd)) ? namesBelow(cwd, root) : [];
    if (this.#excludes.some((glob) => isAround(glob, root))) return true;
    const excluded = this.#excludedNames(cwd, names);
    if (worst(excluded) === "byOperator") return true;
    return !isAsked &&
      !excluded.every(({ index }) =>
        this.#named.some((glob) => namesItself(glob, names[index]!))
      );
  }

  #excludedNames(root: string, names: readonly string[]): ExcludedName[] {
    const excluded: ExcludedName[] = [];
    let path = withSlash(root).slice(0, -1);
    for (const [index, name] of names.entries()) {
      path += `/${name}`;
      if (this.#excludes.some((glob) => glob.matches(path))) {
        excluded.push({ index, exclusion: "byOperator" });
      } else if (this.#defaultExcludes.some((glob) => glob.matches(path))) {
        excluded.push({ index, exclusion: "byDefault" });
      }
    }
    return excluded;
  }
}

function globsOf(pattern: string, cwd: string): readonly Glob[] {
  const read = readGlob(pattern, cwd);
  // Checked when the option was read.
  return "problem" in read ? [] : read.globs;
}

function isExact({ segments }: Glob): boolean {
  return segments.every(({ isLiteral }) => isLiteral);
}

/** Whether `glob` names `root`, or a directory around it, by an absolute path. */
function isAround(glob: Glob, root: string): boolean {
  if (!glob.isAbsolute) return false;
  for (let end = root.length; end > 0; end = root.lastIndexOf("/", end - 1)) {
    if (glob.matches(root.slice(0, end))) return true;
  }
  return false;
}

/** Whether a name of `glob` is `name`, or says that it is hidden. */
function namesItself({ segments }: Glob, name: string): boolean {
  return segments.some((segment) => isFor(segment, name));
}

function isFor(segment: GlobSegment, name: string): boolean {
  if (segment.isLiteral) return segment.text === name;
  const { text } = segment;
  return text.startsWith(".") && text !== ".*" && segment.matches(name);
}

/** Whether a file that `glob` matches may lie in a directory whose path has `names` in it. */
function leadsTo({ segments }: Glob, names: readonly string[]): boolean {
  const holders = segments.slice(0, -1);
  return holders.some((holder, start) =>
    isFor(holder, names[0]!) && leadsFrom(holders.slice(start), names)
  );
}

function leadsFrom(
  holders: readonly GlobSegment[],
  names: readonly string[],
): boolean {
  for (const [index, name] of names.entries()) {
    const holder = holders[index];
    if (holder === undefined) return false;
    if (holder.text === "**") return true;
    if (!holder.matches(name)) return false;
  }
  return true;
}

function worst(excluded: readonly ExcludedName[]): Exclusion {
  if (excluded.length === 0) return "none";
  return excluded.some(({ exclusion }) => exclusion === "byOperator")
    ? "byOperator"
    : "byDefault";
}

function namesBelow(root: string, path: string): string[] {
  const rest = path.slice(withSlash(root).length);
  return rest === "" ? [] : rest.split("/");
}

function withSlash(directory: string): string {
  return directory.endsWith("/") ? directory : `${directory}/`;
}

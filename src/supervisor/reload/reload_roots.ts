/** Which directories are watched for a reload. Found anew at each look: they come and go. */
import { readGlob } from "../../text/glob.ts";
import type { FileTrees } from "../../runtime/types.ts";
import type { ReloadRules } from "./reload_rules.ts";

/** What was asked for. Paths are absolute, with `/`. */
export interface RootsAsked {
  /** Directories to watch. */
  readonly directories: readonly string[];
  /** Patterns, of which some may mean directories. */
  readonly includes: readonly string[];
  /** What patterns are relative to. */
  readonly cwd: string;
}

/**
 * The directories to watch, sorted, none in another one. What an include means counts as a directory
 * if it is one, and is kept apart from the directory around it if that one excludes it.
 */
export function reloadRoots(
  { directories, includes, cwd }: RootsAsked,
  rules: ReloadRules,
  trees: Pick<FileTrees, "directories">,
): string[] {
  const roots = new Set(
    directories.filter((path) => !rules.isExcludedRoot(path, cwd, true)),
  );
  for (const pattern of includes) {
    // As in Uvicorn, this one only means hidden files.
    if (pattern === ".*") continue;
    for (const { path, isAsked } of directoriesOf(pattern, cwd, trees)) {
      if (!rules.isExcludedRoot(path, cwd, isAsked)) roots.add(path);
    }
  }
  return outermost([...roots].sort(), rules);
}

function directoriesOf(
  pattern: string,
  cwd: string,
  trees: Pick<FileTrees, "directories">,
): { readonly path: string; readonly isAsked: boolean }[] {
  const read = readGlob(pattern, cwd);
  if ("problem" in read) return [];
  return read.globs.flatMap(({ isAbsolute, segments }) => {
    // What it may mean at any depth is below a directory that is watched.
    if (segments.some(({ text }) => text === "**")) return [];
    const isAsked = segments.every(({ isLiteral }) => isLiteral);
    const drive = isAbsolute && /^[a-z]:$/i.test(segments[0]!.text)
      ? segments[0]!.text
      : undefined;
    const base = drive !== undefined ? `${drive}/` : isAbsolute ? "/" : cwd;
    const names = drive === undefined ? segments : segments.slice(1);
    return trees.directories(base, names).map((path) => ({ path, isAsked }));
  });
}

/** Leaves out what a look at another one finds. */
function outermost(roots: readonly string[], rules: ReloadRules): string[] {
  return roots.filter((root) =>
    !roots.some((other) =>
      other !== root && isBelow(root, other) && finds(other, root, rules)
    )
  );
}

/** Whether every directory from `root` down to `directory` is looked into. */
function finds(root: string, directory: string, rules: ReloadRules): boolean {
  let end = root.length;
  do {
    end = directory.indexOf("/", end + 1);
    const path = end < 0 ? directory : directory.slice(0, end);
    if (!rules.mayHold(path, root)) return false;
  } while (end >= 0);
  return true;
}

function isBelow(path: string, directory: string): boolean {
  return path.startsWith(directory.endsWith("/") ? directory : `${directory}/`);
}

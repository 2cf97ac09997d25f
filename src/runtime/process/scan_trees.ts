/** Walks trees of files and notes what would differ if something in them changed. */
import { resolve } from "node:path";
import { setImmediate } from "node:timers";
import { builtins } from "./builtins.ts";
import type { NamePattern, TreeFilter, TreeScan } from "../types.ts";

/** Entries that are looked at before signals and messages get a turn: some 10 ms. */
const ENTRIES_PER_TURN = 1_000;

/** A directory to walk. */
interface Walk {
  /** As it is named, through symbolic links. */
  readonly path: string;
  readonly root: string;
}

/**
 * Looks at every file below `roots` that counts. What cannot be read, or vanishes meanwhile, is left
 * out. A directory that is reached twice, through symbolic links, is walked once: by its own path
 * if that is below a root too.
 */
export async function scanTrees(
  roots: readonly string[],
  filter: TreeFilter,
): Promise<TreeScan> {
  const scan = new Scan(filter);
  for (const root of roots) await scan.walkAll({ path: root, root });
  await scan.walkLinked();
  return scan;
}

class Scan implements TreeScan {
  readonly files = new Map<string, string>();
  readonly directories = new Map<string, string>();
  readonly linkedDirectories = new Set<string>();
  readonly targetDirectories = new Set<string>();
  readonly #filter: TreeFilter;
  /** Directories that were walked, by device and inode. */
  readonly #walked = new Set<string>();
  /** Symbolic links to directories, for the end. */
  readonly #linked: Walk[] = [];
  #entries = 0;

  constructor(filter: TreeFilter) {
    this.#filter = filter;
  }

  async walkAll(first: Walk): Promise<void> {
    const waiting = [first];
    for (let walk = waiting.pop(); walk !== undefined; walk = waiting.pop()) {
      this.#read(walk, waiting);
      if (this.#entries < ENTRIES_PER_TURN) continue;
      this.#entries = 0;
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  async walkLinked(): Promise<void> {
    for (
      let walk = this.#linked.pop();
      walk !== undefined;
      walk = this.#linked.pop()
    ) {
      const real = realPath(walk.path);
      if (real === undefined) continue;
      this.linkedDirectories.add(real);
      await this.walkAll(walk);
    }
  }

  #read(walk: Walk, waiting: Walk[]): void {
    const { fs } = builtins;
    const { path, root } = walk;
    const stats = statsOf(path);
    if (stats === undefined || !stats.isDirectory()) return;
    const inode = `${stats.dev}:${stats.ino}`;
    if (this.#walked.has(inode)) return;
    this.#walked.add(inode);
    let entries;
    try {
      entries = fs.readdirSync(path, { withFileTypes: true });
    } catch {
      return; // no permission, or gone
    }
    // A directory that is made in the place of another one often gets its inode.
    this.directories.set(path, `${inode}:${stats.birthtimeMs}`);
    this.#entries += entries.length;
    for (const entry of entries) {
      const below = joined(path, entry.name);
      // Some file systems do not tell the kind of an entry.
      const isUnknown = !entry.isFile() && !entry.isDirectory();
      const found = isUnknown ? statsOf(below) : entry;
      if (found === undefined) continue;
      if (found.isDirectory()) {
        if (!this.#filter.mayHold(below, root)) continue;
        const into = entry.isSymbolicLink() ? this.#linked : waiting;
        into.push({ path: below, root });
      } else if (found.isFile() && this.#filter.isWatched(below, root)) {
        this.#note(below, entry.isSymbolicLink());
      }
    }
  }

  #note(path: string, isLink: boolean): void {
    const stats = statsOf(path);
    if (stats === undefined) return;
    const { mtimeMs, size, ino } = stats;
    this.files.set(path, `${mtimeMs}:${size}:${ino}`);
    if (!isLink) return;
    const real = realPath(path);
    if (real !== undefined) this.targetDirectories.add(parentOf(real));
  }
}

/** See `FileTrees.resolve`. */
export function absolutePath(path: string): string {
  return withSlashes(resolve(path));
}

/**
 * See `FileTrees.ownFolders`.
 *
 * @param url Of this module, which lies among the sources, or in the npm package in a chunk.
 */
export function ownFolders(url: string = import.meta.url): string[] {
  const folder = new URL(
    /\/src\/runtime\/process\/[^/]+$/.test(url) ? "../.." : ".",
    url,
  );
  if (folder.protocol !== "file:") return [];
  const { fileURLToPath } = process.getBuiltinModule("node:url");
  return [withSlashes(fileURLToPath(folder)).replace(/\/$/, "")];
}

/** See `FileTrees.directories`. */
export function matchDirectories(
  base: string,
  names: readonly NamePattern[],
): string[] {
  let found = [base];
  for (const { text, isLiteral, matches } of names) {
    // What is around a directory need not be readable.
    found = found.flatMap((path) =>
      (isLiteral ? [text] : namesIn(path).filter((each) => matches(each)))
        .map((each) => joined(path, each))
    );
  }
  return found.filter((path) => statsOf(path)?.isDirectory() === true);
}

function namesIn(path: string): string[] {
  try {
    return builtins.fs.readdirSync(path).sort();
  } catch {
    return [];
  }
}

function statsOf(path: string) {
  try {
    return builtins.fs.statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined; // no permission, or a link that leads to itself
  }
}

function realPath(path: string): string | undefined {
  try {
    return withSlashes(builtins.fs.realpathSync(path));
  } catch {
    return undefined;
  }
}

/** Paths have `/` everywhere: Windows takes it too. */
function withSlashes(path: string): string {
  return process.platform === "win32" ? path.replaceAll("\\", "/") : path;
}

function joined(directory: string, name: string): string {
  return directory.endsWith("/") ? directory + name : `${directory}/${name}`;
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

/** What the options of a reload mean here: which files are watched, and how. */
import type { Options } from "../../config/options/mod.ts";
import { quote } from "../../config/options/value_types.ts";
import { ConfigError } from "../../errors.ts";
import type { FileTrees, Runtime, TreeScan } from "../../runtime/types.ts";
import { fileReason } from "../../text/file_reason.ts";
import { reloadRoots } from "./reload_roots.ts";
import { ReloadRules } from "./reload_rules.ts";
import { startFiles } from "./start_files.ts";

/** Options that matter here. */
export type WatchedOptions = Pick<
  Options,
  "appDir" | "reloadDirs" | "reloadIncludes" | "reloadExcludes"
>;

/** What is needed of the process. */
export type WatchHost = Pick<Runtime, "fileKind">;

/** The files whose changes count. */
export class WatchedFiles {
  /** Working directory, with `/`. */
  readonly cwd: string;
  readonly #directories: readonly string[];
  readonly #includes: readonly string[];
  readonly #rules: ReloadRules;
  readonly #trees: FileTrees;
  #roots: readonly string[];

  /** @throws ConfigError if a directory is none, or none is left to watch. */
  constructor(options: WatchedOptions, trees: FileTrees, host: WatchHost) {
    const { reloadIncludes: includes, reloadExcludes: excludes } = options;
    this.cwd = trees.resolve(".");
    this.#directories = directoriesOf(options, trees, host);
    this.#includes = includes;
    this.#rules = new ReloadRules({ includes, excludes, cwd: this.cwd });
    this.#trees = trees;
    this.#roots = this.#findRoots();
    if (this.#roots.length > 0) return;
    throw new ConfigError(
      "Cannot watch for changes: all directories of --reload-dir are excluded by --reload-exclude",
    );
  }

  /** The directories that are watched, sorted. */
  get roots(): readonly string[] {
    return this.#roots;
  }

  /** Looks at all of them. Directories that patterns mean are looked for anew. */
  look(): Promise<TreeScan> {
    this.#roots = this.#findRoots();
    return this.#trees.scan(this.#roots, this.#rules);
  }

  /** What a server process reads before it is told what to serve: see {@linkcode startFiles}. */
  lookAtStart(host: Pick<Runtime, "mayRead">): Promise<string | undefined> {
    const { cwd } = this;
    const mayHold = this.#rules.mayHold.bind(this.#rules);
    // The working directory, even if others are watched: the runtime looks there.
    const roots = [...new Set([cwd, ...this.#roots])];
    return startFiles({ roots, mayHold, cwd }, this.#trees, host);
  }

  /** Begins to call `wake` when something happens in what `update` is given. */
  watch(
    wake: () => void,
    onFailure: (reason: string) => void,
  ): { update(scan: TreeScan): void; close(): void } {
    const watch = this.#trees.watch({ onWake: wake, onFailure });
    return {
      update: (scan) => watch.update(this.#roots, scan),
      close: () => watch.close(),
    };
  }

  #findRoots(): readonly string[] {
    const asked = {
      directories: this.#directories,
      includes: this.#includes,
      cwd: this.cwd,
    };
    return reloadRoots(asked, this.#rules, this.#trees);
  }
}

/** The directories that were asked for, absolute. */
function directoriesOf(
  { appDir = ".", reloadDirs }: WatchedOptions,
  trees: FileTrees,
  host: WatchHost,
): readonly string[] {
  if (reloadDirs.length === 0) {
    const cwd = trees.resolve(".");
    const problem = whyNoDirectory(cwd, host);
    // Whether there is an application is for the server process to say.
    if (problem === undefined) return [cwd, trees.resolve(appDir)];
    throw new ConfigError(`Cannot watch the working directory: ${problem}`);
  }
  return reloadDirs.map((path) => {
    const absolute = trees.resolve(path);
    const problem = whyNoDirectory(absolute, host);
    if (problem === undefined) return absolute;
    throw new ConfigError(
      `Cannot watch ${quote(path)} (--reload-dir): ${problem}`,
    );
  });
}

function whyNoDirectory(path: string, host: WatchHost): string | undefined {
  try {
    const kind = host.fileKind(path);
    if (kind === "folder") return undefined;
    return kind === undefined
      ? fileReason({ code: "ENOENT" }, path)
      : "it is not a directory";
  } catch (error) {
    return fileReason(error, path);
  }
}

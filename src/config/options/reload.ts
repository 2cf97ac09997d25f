/** Options of the reload while developing. */
import { readGlob } from "../../text/glob.ts";
import { checkPaths } from "./checks.ts";
import { type OptionTable, PAIR, SECONDS } from "./definition.ts";
import { type OptionType, quote, type Verdict } from "./value_types.ts";

/** The reload while developing: checked and complete. */
export interface ReloadOptions {
  /**
   * Whether a process of its own watches the sources, and starts the server anew when they change.
   * Needs an import string. Default: false.
   */
  readonly reload: boolean;
  /**
   * Directories to watch, with all in them, instead of the working directory and `appDir`. Default:
   * `[]`.
   */
  readonly reloadDirs: readonly string[];
  /**
   * Further files that count, as glob patterns: the modules `*.ts`, `*.tsx`, `*.mts`, `*.cts`,
   * `*.js`, `*.jsx`, `*.mjs` and `*.cjs` do already. A pattern is compared from the right, so `*.html`
   * is one in any directory. A name without special characters, as `.env`, counts even if it is
   * excluded. A directory is watched too. Default: `[]`.
   */
  readonly reloadIncludes: readonly string[];
  /**
   * Files and directories that do not count, as glob patterns. Hidden ones, `node_modules` and files
   * of editors do not already. One of the patterns that count by default no longer does if it is
   * named here; the other way round for those that do not. Default: `[]`.
   */
  readonly reloadExcludes: readonly string[];
  /**
   * Seconds for which changes are collected at most before a restart, and between two restarts at
   * least; changes that follow each other within 0.05 seconds are taken together, and 0 takes none
   * together. With `reloadPoll`, between two looks. Default: 0.25.
   */
  readonly reloadDelay: number;
  /**
   * Seconds that requests in progress get when files have changed, at most
   * `timeoutGracefulShutdown`; 0 aborts them at once. Default: 1.
   */
  readonly reloadTimeout: number;
  /**
   * Whether files are looked at every `reloadDelay` seconds instead of waiting for events, which
   * network file systems and some containers do not have. Default: false.
   */
  readonly reloadPoll: boolean;
}

const GLOBS: OptionType = {
  kind: "list",
  metavar: "GLOB",
  takesOne: true,
  readItem: (text) => ({ value: text }),
};

/** See {@linkcode ReloadOptions}. */
export const RELOAD_OPTIONS: OptionTable<ReloadOptions> = {
  reload: {
    group: "Reload",
    flag: "--reload",
    aliases: ["--watch"],
    type: PAIR,
    default: false,
    help: "Start the server anew when its sources change.",
  },
  reloadDirs: {
    group: "Reload",
    flag: "--reload-dir",
    aliases: ["--reload-dirs"],
    type: {
      kind: "list",
      metavar: "DIRECTORY",
      takesOne: true,
      isPaths: true,
      readItem: (text) => ({ value: text }),
    },
    default: Object.freeze([]),
    defaultText: "the working directory, and --app-dir",
    check: checkPaths,
    help: "Watch this directory and all in it. May be repeated.",
  },
  reloadIncludes: {
    group: "Reload",
    flag: "--reload-include",
    aliases: ["--reload-includes"],
    type: GLOBS,
    default: Object.freeze([]),
    defaultText: "modules: *.ts, *.js, …",
    check: checkGlobs,
    help:
      "Watch files that match this pattern too, such as *.html or .env, or a directory. May be " +
      "repeated.",
  },
  reloadExcludes: {
    group: "Reload",
    flag: "--reload-exclude",
    aliases: ["--reload-excludes"],
    type: GLOBS,
    default: Object.freeze([]),
    defaultText: "hidden files, node_modules, …",
    check: checkGlobs,
    help:
      "Ignore files and directories that match this pattern. May be repeated.",
  },
  reloadDelay: {
    group: "Reload",
    flag: "--reload-delay",
    type: SECONDS,
    default: 0.25,
    help:
      "Time for which changes are collected at most before a restart; with --reload-poll, between " +
      "two looks.",
  },
  reloadTimeout: {
    group: "Reload",
    flag: "--reload-timeout",
    type: SECONDS,
    default: 1,
    help:
      "Time for requests in progress before a restart; at most --timeout-graceful-shutdown.",
  },
  reloadPoll: {
    group: "Reload",
    flag: "--reload-poll",
    type: PAIR,
    default: false,
    help:
      "Look at the files every now and then, where the file system tells no changes, as over a " +
      "network.",
  },
};

function checkGlobs(
  patterns: readonly unknown[],
): Verdict<readonly string[]> {
  for (const pattern of patterns) {
    if (typeof pattern !== "string" || pattern.includes("\0")) {
      return { problem: `${quote(pattern)} is not a pattern.` };
    }
    const read = readGlob(pattern);
    if ("problem" in read) {
      return { problem: `${quote(pattern)} ${read.problem}.` };
    }
  }
  return { value: Object.freeze([...patterns] as string[]) };
}

/** Whether something is said about a reload that does not take place. */
export function isIdleReload(options: ReloadOptions): boolean {
  const { reload, reloadDirs, reloadIncludes, reloadExcludes } = options;
  const lists = [reloadDirs, reloadIncludes, reloadExcludes];
  return !reload && lists.some((list) => list.length > 0);
}

/** The warning about that, in Uvicorn's words. */
export const IDLE_RELOAD =
  "Current configuration will not reload as not all conditions are met, please refer to documentation.";

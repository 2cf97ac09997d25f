/**
 * The files that a server process reads before it is told what to serve: the server's own modules,
 * and what configures the runtime.
 */
import type { FileTrees, Runtime, TreeFilter } from "../../runtime/types.ts";

/** Names of files that a runtime may read at its start, wherever they lie. */
const CONFIGURES_RUNTIME =
  /^(deno\.jsonc?|deno\.lock|package\.json|bunfig\.toml|[tj]sconfig.*\.json|.*import.?map.*\.json|\.npmrc|\.env.*)$/;
/** Files of the server. */
const OWN_MODULE = /\.(ts|js|json)$/;

/** Where to look. */
export interface StartPlaces {
  /** Directories in which the application lies: in them and below. */
  readonly roots: readonly string[];
  /** Whether a directory below them is looked into. */
  readonly mayHold: TreeFilter["mayHold"];
  /** The working directory: also all directories around it. */
  readonly cwd: string;
}

/**
 * Looks at all of them.
 *
 * @returns Differs when one of them changes, appears or is gone; `undefined` if this process may not
 * look everywhere.
 */
export async function startFiles(
  { roots, mayHold, cwd }: StartPlaces,
  trees: Pick<FileTrees, "ownFolders" | "scan">,
  { mayRead }: Pick<Runtime, "mayRead">,
): Promise<string | undefined> {
  const configures = (path: string) => CONFIGURES_RUNTIME.test(nameOf(path));
  const own = trees.ownFolders();
  const around = new Set([cwd, ...own].flatMap(directoriesAround));
  if (![...roots, ...around, ...own].every(mayRead)) return undefined;
  const scans = [
    await trees.scan(roots, { mayHold, isWatched: configures }),
    await trees.scan([...around], {
      mayHold: () => false,
      isWatched: configures,
    }),
    await trees.scan(own, {
      mayHold: () => true,
      isWatched: (path) => OWN_MODULE.test(path),
    }),
  ];
  return JSON.stringify(scans.map(({ files }) => [...files].sort()));
}

/** `path` and all directories around it. */
function directoriesAround(path: string): string[] {
  const found = [path];
  for (let end = path.lastIndexOf("/"); end > 0;) {
    found.push(path.slice(0, end));
    end = path.lastIndexOf("/", end - 1);
  }
  return [...found, path.slice(0, path.indexOf("/") + 1)];
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

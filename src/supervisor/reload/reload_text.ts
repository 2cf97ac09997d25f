/** How paths are shown in log lines of a reload. */
import { printable } from "../../text/printable.ts";

/** Paths that a line names at most. */
const MAX_SHOWN = 10;

/** `'a.ts', 'sub/b.ts'`: relative to `cwd` if they are in it. */
export function changedText(paths: readonly string[], cwd: string): string {
  const below = cwd.endsWith("/") ? cwd : `${cwd}/`;
  const shown = paths.slice(0, MAX_SHOWN).map((path) =>
    quoted(path.startsWith(below) ? path.slice(below.length) : path)
  ).join(", ");
  const others = paths.length - MAX_SHOWN;
  return others > 0 ? `${shown} and ${others} more` : shown;
}

/** `['/a', '/b']`. */
export function listText(paths: readonly string[]): string {
  return `[${paths.map(quoted).join(", ")}]`;
}

function quoted(path: string): string {
  return `'${printable(path)}'`;
}

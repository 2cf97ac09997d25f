/**
 * What Node has compiled of the command and its application, kept from one start to the next: a start
 * of the npm package on Node 24 takes a tenth fewer instructions with it. It lies in the user's own
 * cache folder, which nobody else may write to: what is in it is run. Deno keeps what it compiles by
 * itself. Asked before the rest of the sources is loaded, so that nothing is imported here but the
 * globals.
 */
import { bun } from "../_bun_types.ts";
import { deno } from "../_deno_types.ts";

/** Variables by which an operator chooses: then nothing is kept elsewhere. */
export const CHOICES: readonly string[] = [
  "NODE_COMPILE_CACHE",
  "NODE_DISABLE_COMPILE_CACHE",
];
/** Coverage is less exact for code that was kept. */
const COVERAGE = "NODE_V8_COVERAGE";

/** Keeps what is compiled from now on, if there is a place for it. Never throws. */
export function keepCompiled(): void {
  // Without user ids, as on Windows, it cannot be told who may write to a folder.
  if (deno !== undefined || bun !== undefined || process.getuid === undefined) {
    return;
  }
  if ([...CHOICES, COVERAGE].some((name) => process.env[name] !== undefined)) {
    return;
  }
  try {
    const folder = ownFolder(process.getuid());
    if (folder === undefined) return;
    process.getBuiltinModule("node:module").enableCompileCache(folder);
  } catch {
    // There is no place for it, as in a read-only container: everything works without.
  }
}

/** Writes what is kept, which otherwise happens at an exit: a process may end by a signal instead. */
export function flushCompiled(): void {
  if (deno !== undefined || bun !== undefined) return;
  try {
    process.getBuiltinModule("node:module").flushCompileCache();
  } catch {
    // A full disk: the next start compiles again.
  }
}

/** Made if it is missing; `undefined` if others may write there. */
function ownFolder(uid: number): string | undefined {
  const { mkdirSync, statSync } = process.getBuiltinModule("node:fs");
  const { homedir } = process.getBuiltinModule("node:os");
  const { isAbsolute, join } = process.getBuiltinModule("node:path");
  const given = process.env.XDG_CACHE_HOME;
  const home = given || homedir();
  if (!isAbsolute(home)) return undefined;
  // Each of them: who may write to a folder may also put another one in its place.
  const folders = [home, ...given ? [] : [join(home, ".cache")]];
  folders.push(join(folders[folders.length - 1]!, "tricorn"));
  mkdirSync(folders[folders.length - 1]!, { recursive: true, mode: 0o700 });
  const isOwn = folders.every((folder) => {
    const stats = statSync(folder);
    return stats.uid === uid && (stats.mode & 0o022) === 0;
  });
  return isOwn ? folders[folders.length - 1] : undefined;
}

/** Looks for a configuration file. A start without one loads nothing more than this. */
import { ConfigError } from "../errors.ts";
import { runtime } from "../runtime/mod.ts";

/** Extensions of configuration files: modules first, then data. */
export const CONFIG_ENDINGS = [
  ".ts",
  ".mts",
  ".js",
  ".mjs",
  ".json",
  ".yaml",
  ".yml",
] as const;

/**
 * The name of the configuration file in the working directory, `tricorn.config` with one of the
 * extensions; `undefined` if there is none, or if it may not be read. Other folders are not looked
 * at: files of a folder above may belong to somebody else.
 *
 * @throws ConfigError if there are several.
 */
export function findConfigFile(): string | undefined {
  const mayReadAll = runtime.mayRead(".");
  const found = CONFIG_ENDINGS.map((ending) => `tricorn.config${ending}`)
    .filter((path) => (mayReadAll || runtime.mayRead(path)) && isFile(path));
  if (found.length > 1) {
    throw new ConfigError(
      `Cannot choose between ${found.join(" and ")}: name one with '--config'`,
    );
  }
  return found[0];
}

function isFile(path: string): boolean {
  try {
    return runtime.fileKind(path) === "file";
  } catch {
    return false;
  }
}

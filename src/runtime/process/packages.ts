/** Packages of npm that are the application's, and of no concern to a server that does not use them. */
import { resolve } from "node:path";
import { deno } from "../_deno_types.ts";

/** Node's word for a package, or a file of it, that is not there. */
const MISSING: ReadonlySet<unknown> = new Set([
  "MODULE_NOT_FOUND",
  "ERR_MODULE_NOT_FOUND",
]);

/**
 * Loads the package `name` as a module in `folder`, relative to the working directory, would; on Deno, where no folder of packages has
 * it, from npm, as `npm:` does.
 *
 * @param isLoaded Whether it is only taken, of CommonJS, if the program has loaded it already.
 * @returns Its exports; `undefined` if it is not installed. Rejects with what the package throws.
 */
export async function loadPackage(
  name: string,
  folder: string,
  { isLoaded = false }: { readonly isLoaded?: boolean } = {},
): Promise<Record<string, unknown> | undefined> {
  const { createRequire } = process.getBuiltinModule("node:module");
  const require = createRequire(resolve(folder, "package.json"));
  try {
    // Modules of CommonJS are there on all runtimes, whether required or imported.
    if (isLoaded && !(require.resolve(name) in require.cache)) return undefined;
    return require(name);
  } catch (error) {
    if (!isMissing(error, name)) throw error;
  }
  if (deno === undefined || isLoaded) return undefined;
  // Not written out in import(): Deno would download it at every first start.
  const specifier = `npm:${name}`;
  try {
    return await import(specifier);
  } catch (error) {
    // Not cached and not to be had, or not allowed.
    if (error instanceof TypeError || isMissing(error, name)) return undefined;
    throw error;
  }
}

/** Whether `error` says that this very package is missing, and not one that it needs. */
function isMissing(error: unknown, name: string): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return MISSING.has(code) && String(message).includes(name);
}

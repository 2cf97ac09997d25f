/**
 * From the name of a module to its file. The file is looked for before anything is imported: an
 * error of the import says too little, because Deno calls a syntax error `ERR_MODULE_NOT_FOUND`
 * and every runtime uses that code for a file that the module itself misses.
 */
import { resolve, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { runtime } from "../runtime/mod.ts";
import type { FileKind } from "../runtime/types.ts";
import { isModuleFile, isUrl } from "./import_string.ts";

/** In the order they are tried. */
export const MODULE_ENDINGS = [
  ".ts",
  ".mts",
  ".js",
  ".mjs",
  ".cjs",
  ".cts",
  ".tsx",
  ".jsx",
] as const;

/** What stands for a folder, in the order they are tried: Node's habit, then Deno's. */
const FOLDER_MODULES = ["index", "mod"] as const;

/** Where a module is, or why it cannot be told. */
export type FoundModule =
  /** `path` is absolute; `undefined` for what is no file of this machine. */
  | { readonly url: string; readonly path: string | undefined }
  /** One or more sentences, periods included. */
  | { readonly problem: string };

/**
 * Looks for `module`: as a file, with each of the endings, as a folder, and `pkg.sub` also as
 * `pkg/sub`.
 *
 * @param base Absolute path of the folder that relative names begin in.
 */
export function findModule(module: string, base: string): FoundModule {
  if (isUrl(module) && !module.toLowerCase().startsWith("file:")) {
    return { url: module, path: undefined };
  }
  try {
    const path = isUrl(module) ? fileURLToPath(module) : resolve(base, module);
    const found = findFile(path) ?? findFile(dottedPath(module, base));
    if (found !== undefined) {
      return { url: pathToFileURL(found).href, path: found };
    }
  } catch (error) {
    return { problem: refusal(error) };
  }
  return { problem: missing(module, base) };
}

function dottedPath(module: string, base: string): string | undefined {
  if (
    isUrl(module) || /[/\\]/.test(module) || !/^[^.]+(\.[^.]+)+$/.test(module)
  ) return undefined;
  return resolve(base, module.replaceAll(".", sep));
}

function findFile(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  if (isModuleFile(path) && kindOf(path) === "file") return path;
  const found = MODULE_ENDINGS.map((ending) => path + ending).find(isFile);
  if (found !== undefined || kindOf(path) !== "folder") return found;
  return FOLDER_MODULES
    .flatMap((name) =>
      MODULE_ENDINGS.map((ending) => resolve(path, name + ending))
    )
    .find(isFile);
}

function isFile(path: string): boolean {
  return kindOf(path) === "file";
}

/** @throws if it cannot be told: no permission. */
function kindOf(path: string): FileKind | undefined {
  try {
    return runtime.fileKind(path);
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ENAMETOOLONG") {
      return undefined;
    }
    throw error;
  }
}

function refusal(error: unknown): string {
  const { name, code, message } = error as Error & { readonly code?: unknown };
  if (name === "NotCapable") {
    return "Deno is not allowed to read its file: run it with --allow-read, or with -A.";
  }
  if (code === "EACCES" || code === "EPERM") {
    return "Its file cannot be read: permission denied.";
  }
  return `Its file cannot be read: ${message}.`;
}

function missing(module: string, base: string): string {
  try {
    if (!isUrl(module) && kindOf(base) !== "folder") {
      return `There is no directory "${base}".`;
    }
  } catch {
    // Then the folder is there, and what it holds is our business no more.
  }
  const tried = isModuleFile(module)
    ? module
    : `${module}${MODULE_ENDINGS.join(", ")}`;
  return isUrl(module)
    ? "There is no such file."
    : `There is no ${tried} in "${base}".`;
}

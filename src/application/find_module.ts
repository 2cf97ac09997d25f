/**
 * Finds the file of a module before it is imported. The error of `import()` is ambiguous: Deno uses
 * `ERR_MODULE_NOT_FOUND` for syntax errors too, and every runtime uses it when an import inside the
 * module is missing.
 */
import { resolve, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { runtime } from "../runtime/mod.ts";
import type { FileKind } from "../runtime/types.ts";
import { isModuleFile, isUrl } from "./import_string.ts";

/** Extensions, in the order they are tried. */
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

/** Entry files of a folder, in the order they are tried: Node's convention, then Deno's. */
const FOLDER_MODULES = ["index", "mod"] as const;

/** Where a module is, or why it was not found. */
export type FoundModule =
  /** `path` is absolute; `undefined` for URLs other than `file:`. */
  | { readonly url: string; readonly path: string | undefined }
  /** One or more sentences with their periods. */
  | { readonly problem: string };

/**
 * Looks for `module`: as a file, with each extension, as a folder; `pkg.sub` also as `pkg/sub`.
 *
 * @param base Absolute path of the folder that relative names are resolved in.
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

/** @throws if there is no permission to look. */
function kindOf(path: string): FileKind | undefined {
  try {
    return runtime.fileKind(path);
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    if (code === "ENOTDIR" || code === "ENAMETOOLONG") return undefined;
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
    // Not readable: report the module as missing, below.
  }
  const tried = isModuleFile(module)
    ? module
    : `${module}${MODULE_ENDINGS.join(", ")}`;
  return isUrl(module)
    ? "There is no such file."
    : `There is no ${tried} in "${base}".`;
}

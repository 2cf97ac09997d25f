/** Imports what an import string names. */
import { resolve } from "node:path";
import { AppLoadError } from "../errors.ts";
import { findModule } from "./find_module.ts";
import {
  asExport,
  type ImportString,
  isModuleFile,
  splitImportString,
} from "./import_string.ts";
import { printable } from "../text/printable.ts";

import type { CaughtServer } from "../runtime/types.ts";

export { userStack } from "./user_stack.ts";

/** The directory of an import string. */
export interface LoadOptions {
  /** Working directory, absolute. */
  readonly cwd: string;
  /** Where modules are looked for, relative to `cwd`. Default: `cwd`. */
  readonly appDir?: string | undefined;
  /** Whether servers that the module starts are taken over. Default: false. */
  readonly adopt?: boolean;
}

/** What an import string names. */
export interface LoadedExport {
  /** The export, or the server that was taken over. */
  readonly value: unknown;
  /** The server that was taken over; else `undefined`. */
  readonly adopted?: CaughtServer;
}

/** Exports that are looked for if the import string is a file alone. */
const USUAL_EXPORTS = ["default", "app"] as const;

/** What to do about limits of the runtime, by the code of its error. */
const HINTS: Readonly<Record<string, string>> = {
  ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX:
    " Node only takes TypeScript whose types can be erased: compile it first, or run it on Deno or Bun.",
  ERR_UNKNOWN_FILE_EXTENSION:
    " Node needs a loader for this kind of file, such as NODE_OPTIONS=--import=tsx.",
  ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING:
    " TypeScript below node_modules is not run: compile it first.",
};

/**
 * Imports the export that `spec` names, such as `main:app`, `./dir/main.ts:app.create` or
 * `pkg.sub:app`. Of a file alone, such as `main.ts`, it is the default export or `app`.
 *
 * @returns The export, wrapped: if it is a promise, its rejection is not an error of the import.
 * @throws AppLoadError in one line; if the module's own code threw, that is its `cause`.
 */
export async function loadExport(
  spec: string,
  where: LoadOptions,
): Promise<LoadedExport> {
  const base = resolve(where.cwd, where.appDir ?? "");
  const parts = partsOf(spec, base);
  if (parts === undefined) throw malformed(spec, base);
  const { module, attribute } = parts;
  const found = findModule(module, base);
  if ("problem" in found) {
    throw loadFailure(`Could not import module "${module}". ${found.problem}`);
  }
  let exports: Exports;
  try {
    if (where.adopt) {
      const { importAndAdopt } = await import("./adopt.ts");
      const result = await importAndAdopt(
        () => import(found.url),
        module,
        (all) => hasExport(all, attribute),
      );
      if ("adopted" in result) return result;
      exports = result.exports;
    } else {
      exports = await import(found.url);
    }
  } catch (error) {
    if (error instanceof AppLoadError) throw error;
    const hint = importHint(error);
    const cause = await located(error, found.path);
    throw loadFailure(`Module "${module}" failed to load.${hint}`, cause);
  }
  try {
    return {
      value: attribute === undefined
        ? usualExport(exports, module)
        : walk(exports, attribute, module),
    };
  } catch (error) {
    const { adoptionAdvice } = await import("./adopt.ts");
    const advice = where.adopt ? "" : adoptionAdvice(found.path);
    if (advice !== "") (error as AppLoadError).message += advice;
    throw error;
  }
}

/** What to do about a limit of the runtime that an import has met: `""`, or a space and a sentence. */
export function importHint(error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === "string" ? HINTS[code] ?? "" : "";
}

/** Whether there is something to be served. */
function hasExport(exports: Exports, attribute: string | undefined): boolean {
  return attribute === undefined
    ? USUAL_EXPORTS.some((usual) => exports[usual] !== undefined)
    : walked(exports, attribute) !== undefined;
}

/** Prefers a local file to a package: nothing is downloaded if the file exists. */
function partsOf(spec: string, base: string): ImportString | undefined {
  const local = asExport(spec);
  return local !== undefined && "url" in findModule(local.module, base)
    ? local
    : splitImportString(spec);
}

type Exports = Readonly<Record<string, unknown>>;

function usualExport(exports: Exports, module: string): unknown {
  const name = USUAL_EXPORTS.find((usual) => exports[usual] !== undefined);
  if (name !== undefined) return exports[name];
  throw loadFailure(
    `Module "${module}" has neither a default export nor one named "app". ${
      listing(exports)
    }`,
  );
}

/** Follows an attribute such as `a.b.c`. */
function walk(exports: Exports, attribute: string, module: string): unknown {
  const found = walked(exports, attribute);
  if (found !== undefined) return found.value;
  throw loadFailure(
    `Attribute "${attribute}" not found in module "${module}". ${
      listing(exports)
    }`,
  );
}

/** Step by step; `undefined` if there is no such attribute. */
function walked(
  exports: Exports,
  attribute: string,
): { readonly value: unknown } | undefined {
  const names = attribute.split(".");
  let holder: unknown = isCommonJs(exports, names[0]!)
    ? exports["default"]
    : exports;
  for (const name of names) {
    if (!isHolder(holder) || !(name in holder)) return undefined;
    holder = holder[name];
  }
  return { value: holder };
}

function isHolder(value: unknown): value is Exports {
  return typeof value === "function" ||
    (typeof value === "object" && value !== null);
}

/**
 * Whether `name` has to be looked up in `module.exports`. Runtimes find the names of CommonJS
 * exports by scanning the source, and each misses some.
 */
function isCommonJs(exports: Exports, name: string): boolean {
  const { default: whole } = exports;
  return !(name in exports) &&
    ("module.exports" in exports || "__esModule" in exports) &&
    typeof whole === "object" && whole !== null;
}

function listing(exports: Exports): string {
  const names = Object.keys(exports).filter((name) =>
    name !== "module.exports"
  );
  if (names.length === 0) return "It exports nothing.";
  const shown = names.slice(0, 20).map((name) => `"${name}"`).join(", ");
  return names.length > 20
    ? `It exports ${shown} and more.`
    : `It exports ${shown}.`;
}

/** Adds the place to a syntax error. Loaded on demand: most starts need no node:child_process. */
async function located(
  error: unknown,
  path: string | undefined,
): Promise<unknown> {
  if (path === undefined || !(error instanceof SyntaxError)) return error;
  const { locateSyntaxError } = await import("./syntax_error.ts");
  return locateSyntaxError(error, path);
}

function malformed(spec: string, base: string): AppLoadError {
  const text =
    `Import string "${spec}" must be in format "<module>:<attribute>".`;
  const module = spec.replace(/^:|:$/, "");
  const isThere = module !== "" && !module.includes(":") &&
    !isModuleFile(module) &&
    "url" in findModule(module, base);
  return loadFailure(isThere ? `${text} Did you mean "${module}:app"?` : text);
}

/** Makes the error, in one line. */
export function loadFailure(sentence: string, cause?: unknown): AppLoadError {
  const message = printable(`Error loading ASGI app. ${sentence}`);
  return cause === undefined
    ? new AppLoadError(message)
    : new AppLoadError(message, { cause });
}

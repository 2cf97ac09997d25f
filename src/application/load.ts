/** From an import string, or what a program handed over, to an application (process section 9). */
import { resolve } from "node:path";
import type { AsgiApp } from "../asgi.ts";
import { AppLoadError } from "../errors.ts";
import {
  adviceFor,
  isSurelyFactory,
  whyNoApplication,
  whyNoFactory,
} from "./interface.ts";
import { findModule } from "./find_module.ts";
import {
  asExport,
  type ImportString,
  isModuleFile,
  splitImportString,
} from "./import_string.ts";
import { printable } from "../config/options/value_types.ts";

export { userStack } from "./user_stack.ts";

/** How to make an application of what is found. */
export interface AppOptions {
  /** Whether it is a function that makes the application (options:O-002). */
  readonly factory: boolean;
  /** Takes what the operator should know: whole sentences. */
  onWarning(message: string): void;
}

/** Where an import string begins, and what it names. */
export interface LoadOptions extends AppOptions {
  /** Working directory, absolute. */
  readonly cwd: string;
  /** Where modules are looked for, relative to `cwd`; default: there (options:O-003). */
  readonly appDir?: string | undefined;
}

/** What is looked for in a file that is named alone. */
const USUAL_EXPORTS = ["default", "app"] as const;

const WANTED =
  "only ASGI applications, async (scope, receive, send) => { … }, can be served.";

/** What to do about limits of the runtime at hand, by the code of its error. */
const HINTS: Readonly<Record<string, string>> = {
  ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX:
    " Node only takes TypeScript whose types can be erased: compile it first, or run it on Deno or Bun.",
  ERR_UNKNOWN_FILE_EXTENSION:
    " Node needs a loader for this kind of file, such as NODE_OPTIONS=--import=tsx.",
  ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING:
    " TypeScript below node_modules is not run: compile it first.",
};

/**
 * Imports the application that `spec` names, such as `main:app`, `./dir/main.ts:app.create`,
 * `pkg.sub:app` or a bare `main.ts`, whose default export or `app` it is then.
 *
 * @throws AppLoadError in one line; if the application's own code threw, that is its `cause`.
 */
export async function loadApp(
  spec: string,
  where: LoadOptions,
): Promise<AsgiApp> {
  const base = resolve(where.cwd, where.appDir ?? "");
  const parts = partsOf(spec, base);
  if (parts === undefined) throw malformed(spec, base);
  const { module, attribute } = parts;
  const found = findModule(module, base);
  if ("problem" in found) {
    throw failure(`Could not import module "${module}". ${found.problem}`);
  }
  let exports: Exports;
  try {
    exports = await import(found.url);
  } catch (error) {
    const { code } = (error ?? {}) as { readonly code?: unknown };
    const hint = typeof code === "string" ? HINTS[code] ?? "" : "";
    const cause = await located(error, found.path);
    throw failure(`Module "${module}" failed to load.${hint}`, cause);
  }
  const value = attribute === undefined
    ? usualExport(exports, module)
    : walk(exports, attribute, module);
  return applicationOf(value, `"${spec}"`, where);
}

/** A file beats a package: nothing is downloaded in place of what lies there. */
function partsOf(spec: string, base: string): ImportString | undefined {
  const local = asExport(spec);
  return local !== undefined && "url" in findModule(local.module, base)
    ? local
    : splitImportString(spec);
}

/**
 * Makes an application of what an import string led to, or a program handed over: awaits it if
 * it is a promise, calls it if it is a factory, and refuses what cannot be served.
 *
 * @param label What to call it in messages.
 * @throws AppLoadError if it is none, or the factory threw.
 */
export async function applicationOf(
  value: unknown,
  label: string,
  options: AppOptions,
): Promise<AsgiApp> {
  const ready = await settled(value, `The promise ${label} was rejected.`);
  const isGuessed = !options.factory && isSurelyFactory(ready);
  let app = ready;
  if (options.factory || isGuessed) {
    const problem = whyNoFactory(ready);
    if (problem !== undefined) {
      throw new AppLoadError(oneLine(
        `Error loading ASGI app factory: ${label} is ${problem}, not a function without parameters.`,
      ));
    }
    app = await callFactory(ready as () => unknown);
  }
  const problem = whyNoApplication(app);
  if (problem !== undefined) {
    const what = app === ready
      ? `${label} is ${problem}`
      : `What ${label} returned is ${problem}`;
    throw failure(`${what}; ${WANTED}${adviceFor(app)}`);
  }
  if (isGuessed) {
    options.onWarning(
      "ASGI app factory detected. Using it, but please consider setting the --factory flag " +
        "explicitly.",
    );
  }
  return app as AsgiApp;
}

async function callFactory(factory: () => unknown): Promise<unknown> {
  try {
    return await factory();
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new AppLoadError(
      oneLine(`Error loading ASGI app factory: ${detail}`),
      { cause: error },
    );
  }
}

/** An application may be the result of an async function that nobody awaited. */
async function settled(value: unknown, message: string): Promise<unknown> {
  if (!(value instanceof Promise)) return value;
  try {
    return await value;
  } catch (error) {
    throw failure(message, error);
  }
}

type Exports = Readonly<Record<string, unknown>>;

function usualExport(exports: Exports, module: string): unknown {
  const name = USUAL_EXPORTS.find((usual) => exports[usual] !== undefined);
  if (name !== undefined) return exports[name];
  throw failure(
    `Module "${module}" has neither a default export nor one named "app". ${
      listing(exports)
    }`,
  );
}

/** Walks `a.b.c` step by step (process:P-154). */
function walk(exports: Exports, attribute: string, module: string): unknown {
  const names = attribute.split(".");
  let holder: unknown = isCommonJs(exports, names[0]!)
    ? exports["default"]
    : exports;
  for (const name of names) {
    if (!isHolder(holder) || !(name in holder)) {
      throw failure(
        `Attribute "${attribute}" not found in module "${module}". ${
          listing(exports)
        }`,
      );
    }
    holder = holder[name];
  }
  return holder;
}

function isHolder(value: unknown): value is Exports {
  return typeof value === "function" ||
    (typeof value === "object" && value !== null);
}

/**
 * Whether `name` has to be looked for in `module.exports`. The names of CommonJS exports are found
 * by looking at the source, and each runtime overlooks some.
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

/**
 * Loads what finds the place only when something failed: it needs processes, which cost a start.
 */
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
  return failure(isThere ? `${text} Did you mean "${module}:app"?` : text);
}

function failure(sentence: string, cause?: unknown): AppLoadError {
  const message = oneLine(`Error loading ASGI app. ${sentence}`);
  return cause === undefined
    ? new AppLoadError(message)
    : new AppLoadError(message, { cause });
}

function oneLine(text: string): string {
  return printable(text);
}

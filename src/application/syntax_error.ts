/**
 * Finds the place of a syntax error. Deno and Bun report it, and so does Node 24 for TypeScript;
 * for JavaScript Node reports it only when the error ends the process.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import process from "node:process";
import { runtime } from "../runtime/mod.ts";

/** Maximum number of files searched; an error beyond them is reported without its place. */
const MAX_FILES = 50;
/**
 * Relative specifiers of static imports and re-exports. Approximate, which is enough for a message.
 */
const IMPORTS = /(?:from|import)\s*["'](\.{1,2}\/[^"'\n]+)["']/g;
/** Extensions of JavaScript. */
const JAVASCRIPT = /\.[cm]?js$/;

/**
 * Parses the files that it is given, runs nothing of them, and ends with the first error. A `.js`
 * file is a module or CommonJS: it is wrong if it is neither.
 */
const PARSER = `
const { readFileSync } = require("node:fs");
const { compileFunction, SourceTextModule } = require("node:vm");
function parse(source, file, isScript) {
  if (!isScript) return void new SourceTextModule(source, { identifier: file });
  const parameters = ["exports", "require", "module", "__filename", "__dirname"];
  compileFunction(source, parameters, { filename: file });
}
for (const file of process.argv.slice(1)) {
  const source = readFileSync(file, "utf8");
  try {
    parse(source, file, file.endsWith(".cjs"));
  } catch (error) {
    try {
      if (!file.endsWith(".js")) throw error;
      parse(source, file, true);
    } catch {
      throw error;
    }
  }
}
`;

/**
 * Returns `error`, or a copy of it with file and line.
 *
 * @param path The module that was imported: it and what it imports by relative paths is searched.
 */
export function locateSyntaxError(
  error: SyntaxError,
  path: string,
): SyntaxError {
  const stack = error.stack ?? "";
  // A source line before the error, or a frame outside of the runtime, names the place already.
  const isKnown = !stack.startsWith("SyntaxError") || /file:\/\//.test(stack);
  if (runtime.name !== "node" || isKnown) return error;
  const place = firstError(filesFrom(path));
  if (place === undefined) return error;
  const copy = new SyntaxError(error.message);
  copy.stack = `${place}\n\nSyntaxError: ${error.message}`;
  return copy;
}

/** The JavaScript among `path` and what it imports, in the order of import statements. */
function filesFrom(path: string): string[] {
  const files = [path];
  for (let at = 0; at < files.length && at < MAX_FILES; at++) {
    const file = files[at]!;
    for (const [, specifier] of read(file).matchAll(IMPORTS)) {
      const next = resolve(dirname(file), specifier!);
      if (!files.includes(next)) files.push(next);
    }
  }
  return files.slice(0, MAX_FILES).filter((file) =>
    JAVASCRIPT.test(file) && read(file) !== ""
  );
}

/** `""` if it cannot be read. */
function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/**
 * Place and source line of the first error; `undefined` if there is none. One child for all files.
 */
function firstError(files: readonly string[]): string | undefined {
  if (files.length === 0) return undefined;
  try {
    execFileSync(process.execPath, [
      "--experimental-vm-modules",
      "--no-warnings",
      "--input-type=commonjs",
      "--eval",
      PARSER,
      ...files,
    ], { stdio: ["ignore", "ignore", "pipe"] });
    return undefined;
  } catch (failure) {
    const { stderr } = failure as { readonly stderr?: unknown };
    const text = String(stderr ?? "");
    const end = text.indexOf("\n\nSyntaxError");
    return end < 0 ? undefined : text.slice(0, end);
  }
}

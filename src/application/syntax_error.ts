/**
 * Where a syntax error is. Deno and Bun tell, and so does Node 24 of TypeScript; of JavaScript it
 * tells only when the error ends the process.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import process from "node:process";
import { runtime } from "../runtime/mod.ts";

/** Files looked at: an error further away is reported without its place. */
const MAX_FILES = 50;
/** Relative specifiers of static imports and re-exports. Only a guess, only for a message. */
const IMPORTS = /(?:from|import)\s*["'](\.{1,2}\/[^"'\n]+)["']/g;

/**
 * `error`, or one in its place that has the file and the line.
 *
 * @param path The module that was imported.
 */
export function locateSyntaxError(
  error: SyntaxError,
  path: string,
): SyntaxError {
  const stack = error.stack ?? "";
  // A source line in front of the error, or a frame outside the runtime, tells the place already.
  const isKnown = !stack.startsWith("SyntaxError") || /file:\/\//.test(stack);
  if (runtime.name !== "node" || isKnown) return error;
  const waiting = [path];
  const seen = new Set(waiting);
  for (let at = 0; at < waiting.length && at < MAX_FILES; at++) {
    const file = waiting[at]!;
    const source = read(file);
    if (source === undefined) continue;
    const place = /\.[cm]?js$/.test(file) ? checkFile(file) : undefined;
    if (place !== undefined) return located(error, place);
    for (const [, specifier] of source.matchAll(IMPORTS)) {
      const next = resolve(dirname(file), specifier!);
      if (!seen.has(next)) waiting.push(next);
      seen.add(next);
    }
  }
  return error;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** What `node --check` says of `file`; `undefined` if it is well-formed. Runs nothing of it. */
function checkFile(file: string): string | undefined {
  try {
    execFileSync(process.execPath, ["--check", file], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    return undefined;
  } catch (failure) {
    const text = String(
      (failure as { readonly stderr?: unknown }).stderr ?? "",
    );
    // The place and the source line, up to the error itself.
    const end = text.indexOf("\n\nSyntaxError");
    return end < 0 ? undefined : text.slice(0, end);
  }
}

function located(error: SyntaxError, place: string): SyntaxError {
  const copy = new SyntaxError(error.message);
  copy.stack = `${place}\n\nSyntaxError: ${error.message}`;
  return copy;
}

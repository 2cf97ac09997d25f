/** The types of the public API, as `.d.ts` files. */
import { join, posix } from "node:path";
import ts from "typescript";

/** The specifier of an import, a re-export or a type such as `import("./a.ts").A`. */
const SPECIFIER =
  /((?:\bfrom |\bimport\(|\bimport )")(\.{1,2}\/[^"]+)\.ts(?=")/g;

/**
 * What the modules `entries` export, and the modules that their types lead to; most of the sources
 * are none of the user's business.
 *
 * @param root Folder of the sources and their tsconfig.json.
 * @param entries Paths from there.
 * @returns Texts by path.
 */
export function declarationsOf(root, entries) {
  const program = programOf(root, entries);
  const found = new Map();
  const waiting = [...entries];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const target = path.replace(/\.ts$/, ".d.ts");
    if (found.has(target)) continue;
    const text = declare(program, join(root, path));
    for (const [, , specifier] of text.matchAll(SPECIFIER)) {
      waiting.push(posix.join(posix.dirname(path), `${specifier}.ts`));
    }
    // Editors and compilers of any age know what a ".js" beside a ".d.ts" is.
    found.set(target, withLibrary(text.replace(SPECIFIER, "$1$2.js")));
  }
  return found;
}

/** Names the library of `Symbol.asyncDispose`: programs need not have asked for one so new. */
function withLibrary(text) {
  return /\bSymbol\.(asyncD|d)ispose\b/.test(text)
    ? `/// <reference lib="esnext.disposable" />\n${text}`
    : text;
}

function programOf(root, entries) {
  const { options } = ts.getParsedCommandLineOfConfigFile(
    join(root, "tsconfig.json"),
    {
      noEmit: false,
      emitDeclarationOnly: true,
      stripInternal: true,
      // Whether types fit is what `deno task check` tells. What is exported says its own, so that
      // those of platforms, which take half of the time, need not even be read.
      noCheck: true,
      types: [],
      lib: ["lib.es2024.d.ts", "lib.esnext.disposable.d.ts"],
    },
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: fail },
  );
  const files = entries.map((entry) => join(root, entry));
  return ts.createProgram(files, options);
}

function declare(program, fileName) {
  let declaration;
  const { diagnostics } = program.emit(
    program.getSourceFile(fileName),
    (_path, text) => declaration = text,
  );
  diagnostics.forEach(fail);
  if (declaration !== undefined) return declaration;
  throw new Error(`Cannot declare types: there is no "${fileName}"`);
}

function fail({ messageText }) {
  const text = ts.flattenDiagnosticMessageText(messageText, "\n");
  throw new Error(`Cannot declare types: ${text}`);
}

/**
 * Puts chunks together that are loaded together. Bun makes a chunk of what the same entries share,
 * and whatever is behind an `import()` counts as one: the more is loaded on use, the smaller the
 * pieces that every start reads one by one.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, posix, relative, resolve } from "node:path";
import ts from "typescript";
import {
  composeMaps,
  escapeText,
  linesOnly,
  takeMap,
  writeMap,
} from "./source_map.mjs";

/** What a chunk takes from another one: names, or its effects alone. */
const IMPORT = /^import *(?:\{([^}]*)\} *from *)?"(\.[^"]+)";\n/gm;
const EXPORT = /^export \{([^}]*)\};?\n/m;
/**
 * Tells Bun that there is nothing to transpile. There Bun 1.4 reads the map of a file, and nowhere
 * else (https://github.com/oven-sh/bun/issues/2125); and it takes each byte for a character.
 */
const BUNDLED = "// @bun\n";
/** In front of a name that is exported: otherwise Bun gives what it names another name. */
const EXPORTED = "__merged_";

/**
 * The chunks in a folder, by their paths in it. There they lie without their maps, whose sources
 * are paths from the root of the sources.
 */
export class Chunks {
  #folder;
  #texts = new Map();
  #maps = new Map();

  /**
   * @param folder Of chunks with their maps in them.
   * @param root Absolute path of the sources.
   */
  constructor(folder, root) {
    this.#folder = folder;
    for (const name of readdirSync(folder, { recursive: true })) {
      if (!name.endsWith(".js")) continue;
      const path = withSlashes(posix.normalize(name));
      const { text, map } = takeMap(readFileSync(join(folder, name), "utf8"));
      // Bun 1.4 names them from the folder, also for a chunk that lies deeper.
      const sources = map.sources.map((source) =>
        withSlashes(relative(root, resolve(folder, source)))
      );
      const foreign = sources.find((source) => source.startsWith(".."));
      if (foreign !== undefined) {
        throw new Error(`Cannot map ${path}: ${foreign} is not of the sources`);
      }
      this.#maps.set(path, { ...map, sources });
      // The line of cli.ts that a shell reads has to be the first one; here it never is.
      this.#write(path, text.replace(/^#!.*/, ""));
    }
  }

  /** The chunk that the source at `path` is in. */
  of(path) {
    const line = `// ${path}\n`;
    for (const [name, text] of this.#texts) {
      if (text.startsWith(line) || text.includes(`\n${line}`)) return name;
    }
    throw new Error(`Cannot find ${path} in any chunk`);
  }

  /** `path`, and behind it all that is loaded with it. */
  loadedWith(path) {
    const found = new Set([path]);
    for (const other of found) {
      for (const { from } of this.#importsOf(other)) found.add(from);
    }
    return [...found];
  }

  /**
   * Makes one chunk of those at `paths`. It keeps the path of the first one, and the names that
   * this exports.
   *
   * @param bundle Gets the path of a module, and of those that stay apart; returns the bundle, with
   * its map in it.
   */
  merge(paths, bundle) {
    if (paths.length < 2) return;
    this.#checkNames(paths.slice(1));
    const names = this.#wantedNames(paths);
    const lines = paths.map((path) => {
      const list = [...names.get(path)]
        .map(([name, exported]) => `${name} as ${EXPORTED}${exported}`);
      const from = JSON.stringify(`./${path}`);
      return `import ${from};\nexport { ${list.join(", ")} } from ${from};\n`;
    });
    const module = join(this.#folder, "merged.js");
    writeFileSync(module, lines.join(""));
    const others = [...this.#texts.keys()]
      .filter((path) => !paths.includes(path));
    const { text, map } = takeMap(
      bundle(module, others.map((path) => `./${path}`)),
    );
    rmSync(module);
    const composed = composeMaps(
      map,
      (chunk) => this.#maps.get(posix.normalize(chunk)),
    );
    const [first, ...rest] = paths;
    for (const path of rest) {
      this.#texts.delete(path);
      this.#maps.delete(path);
      rmSync(join(this.#folder, path));
    }
    this.#maps.set(first, composed);
    this.#write(first, text.replaceAll(` as ${EXPORTED}`, " as "));
    for (const path of others) this.#redirect(path, names, first);
  }

  /**
   * Lets the chunk at `path` ask for all modules that are loaded with it. Deno 2.9 reads and parses
   * the map of a module that is the first to ask for another one, which takes some milliseconds
   * where the map is large: so let that be a chunk whose map is small.
   */
  askFirst(path) {
    const found = new Set();
    for (const chunk of this.loadedWith(path)) {
      for (const specifier of importsOf(this.#texts.get(chunk))) {
        found.add(
          specifier.startsWith(".")
            ? relativePath(path, resolvePath(chunk, specifier))
            : specifier,
        );
      }
    }
    found.delete(relativePath(path, path));
    if (found.size === 0) return;
    const line = [...found].map((one) => `import "${one}";`).join(" ");
    const map = this.#maps.get(path);
    this.#maps.set(path, { ...map, lines: [[], ...map.lines] });
    this.#write(path, `${line}\n${this.#texts.get(path)}`);
  }

  /**
   * Writes each map beside its chunk, and its name into the chunk.
   *
   * @param up From the folder of the chunks to the root of the sources, such as `..`.
   */
  writeMaps(up) {
    for (const path of this.#texts.keys()) {
      const { text, map } = escapeText({
        text: this.#texts.get(path),
        map: linesOnly(this.#maps.get(path)),
      });
      const back = posix.relative(posix.dirname(path), up);
      const sources = map.sources.map((source) => `${back}/${source}`);
      // For the line in front of the text.
      const lines = [[], ...map.lines];
      writeFileSync(
        join(this.#folder, `${path}.map`),
        writeMap({ sources, lines }),
      );
      const name = `${posix.basename(path)}.map`;
      this.#write(path, `${BUNDLED}${text}//# sourceMappingURL=${name}\n`);
    }
  }

  /** Names inside an `import()` are not followed. */
  #checkNames(paths) {
    for (const [user, text] of this.#texts) {
      for (const [, from] of text.matchAll(/\bimport\("(\.[^"]+)"\)/g)) {
        if (!paths.includes(resolvePath(user, from))) continue;
        throw new Error(`Cannot merge ${from}: ${user} imports it by name`);
      }
    }
  }

  /** What others need of each chunk at `paths`, and under which name the merged one exports it. */
  #wantedNames(paths) {
    const exports = new Set(this.#exportsOf(paths[0]));
    const own = new Map([...exports].map((name) => [name, name]));
    const names = new Map(paths.map((path) => [path, new Map()]));
    names.set(paths[0], own);
    for (const user of this.#texts.keys()) {
      if (paths.includes(user)) continue;
      for (const { from, bindings } of this.#importsOf(user)) {
        const known = names.get(from);
        if (known === undefined) continue;
        for (const [name] of bindings) {
          if (known.has(name)) continue;
          let exported = name;
          while (exports.has(exported)) exported += "_";
          exports.add(exported);
          known.set(name, exported);
        }
      }
    }
    return names;
  }

  /** Lets the chunk at `path` import from `merged` what it had from one that is in it. */
  #redirect(path, names, merged) {
    const to = relativePath(path, merged);
    const text = this.#texts.get(path).replace(IMPORT, (line, list, from) => {
      const exported = names.get(resolvePath(path, from));
      if (exported === undefined) return line;
      if (list === undefined) return `import "${to}";\n`;
      const bindings = readBindings(list).map(([name, local]) => {
        const other = exported.get(name);
        return other === local ? local : `${other} as ${local}`;
      });
      // As many lines as before: the map counts them.
      const [open, between, close] = list.includes("\n")
        ? ["\n  ", ",\n  ", "\n"]
        : [" ", ", ", " "];
      return `import {${open}${
        bindings.join(between)
      }${close}} from "${to}";\n`;
    });
    if (text !== this.#texts.get(path)) this.#write(path, text);
  }

  #importsOf(path) {
    return [...this.#texts.get(path).matchAll(IMPORT)]
      .map(([, list = "", from]) => ({
        from: resolvePath(path, from),
        bindings: readBindings(list),
      }));
  }

  #exportsOf(path) {
    const [, list = ""] = EXPORT.exec(this.#texts.get(path)) ?? [];
    return readBindings(list).map(([, exported]) => exported);
  }

  #write(path, text) {
    this.#texts.set(path, text);
    writeFileSync(join(this.#folder, path), text);
  }
}

/** What a module imports when it is loaded, `node:` modules among it. */
function importsOf(text) {
  return ts.createSourceFile("chunk.js", text, ts.ScriptTarget.Latest)
    .statements.filter(ts.isImportDeclaration)
    .map(({ moduleSpecifier }) => moduleSpecifier.text);
}

/** `a, b as c` as pairs of the name before and after `as`. */
function readBindings(list) {
  return list.split(",").map((item) => item.trim()).filter(Boolean)
    .map((item) => {
      const [name, other = name] = item.split(/\s+as\s+/);
      return [name, other];
    });
}

function withSlashes(path) {
  return path.replaceAll("\\", "/");
}

function resolvePath(path, specifier) {
  return posix.normalize(posix.join(posix.dirname(path), specifier));
}

function relativePath(path, other) {
  const found = posix.relative(posix.dirname(path), other);
  return found.startsWith(".") ? found : `./${found}`;
}

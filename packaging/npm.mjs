// Builds the npm package: the folder that `npm publish` takes.
//
//   npm run build [-- --out DIR] [--root DIR]
//
// Into dist/npm, of the sources here, unless the options say otherwise. Needs Node 20 or later.
// Version and licence come from jsr.json, addresses from package.json.
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { findRuntime, install } from "../tests/_support/toolbox.mjs";
import { ENTRIES } from "./entries.mjs";

const HERE = dirname(dirname(fileURLToPath(import.meta.url)));

const NAME = "tricorn";
/** `#!` names Node: that is where npx and bunx start it, unless bunx is told `--bun`. */
const COMMAND = `#!/usr/bin/env node
import { run } from "../lib/cli.js";

void run();
`;

/** The row of `exports` for an entry. */
function exportOf([name, path]) {
  const types = `./types/${path.replace(/\.ts$/, ".d.ts")}`;
  return [
    name === "mod" ? "." : `./${name}`,
    { types, default: `./lib/${name}.js` },
  ];
}

/**
 * The package.json of a package whose jsr.json says `version` and `license`, and whose workspace has
 * the addresses.
 */
function manifest({ version, license }, { homepage, repository, bugs }) {
  return {
    name: NAME,
    version,
    description: "An ASGI server for Deno, Bun and Node",
    keywords: ["asgi", "bun", "deno", "http", "server", "websocket"],
    license,
    homepage,
    repository,
    bugs,
    type: "module",
    // No "./" in front: npm would take it away, and say so at every publication.
    bin: { tricorn: "bin/tricorn.js" },
    exports: {
      ...Object.fromEntries(Object.entries(ENTRIES).map(exportOf)),
      "./package.json": "./package.json",
      "./tricorn.schema.json": "./tricorn.schema.json",
    },
    files: [
      "bin",
      "lib",
      "types",
      "src",
      "mod.ts",
      "cli.ts",
      "CHANGELOG.md",
      "tricorn.schema.json",
    ],
    // Loaded only by who has a configuration in YAML, on Node.
    peerDependencies: { yaml: "^2.9.1" },
    peerDependenciesMeta: { yaml: { optional: true } },
    // Tested against src/runtime/supported_versions.ts.
    engines: {
      node: "^22.18.0 || ^24.0.0 || >=26.0.0",
      bun: ">=1.4.0",
      deno: ">=2.9.0",
    },
  };
}

/** `text` with the names that the package's users import by. */
function withPackageName(text) {
  return text.replace(
    /(from ")(?:\.\/mod\.ts|jsr:@tricorn\/serve)(\/[\w/]+)?"/g,
    '$1tricorn$2"',
  );
}

/**
 * `text` with absolute addresses where links lead to files of the repository, which are not in the
 * package: those of the release `version`.
 */
function withAbsoluteLinks(text, { version }, { repository }) {
  const root = repository.url.replace(/^git\+|\.git$/g, "");
  return text.replace(
    /(!?)(\[[^\]]*\]\()\.\/([^)]+)\)/g,
    (_, image, before, path) =>
      `${image}${before}${root}/${image ? "raw" : "blob"}/v${version}/${path})`,
  );
}

/** What the source maps lead to, from the root. */
function sources(root) {
  const modules = readdirSync(join(root, "src"), { recursive: true })
    .filter((path) => path.endsWith(".ts"));
  return ["mod.ts", "cli.ts", ...modules.map((path) => join("src", path))];
}

/** Whether nothing is lost if the folder `out` is replaced. */
function isOurs(out) {
  if (!existsSync(out) || readdirSync(out).length === 0) return true;
  const path = join(out, "package.json");
  return existsSync(path) &&
    JSON.parse(readFileSync(path, "utf8")).name === NAME;
}

async function build(root, out) {
  // TypeScript is there only now.
  const { declarationsOf } = await import("./declarations.mjs");
  const { bundle } = await import("./bundle.mjs");
  rmSync(out, { recursive: true, force: true });
  const read = (path) => readFileSync(join(root, path), "utf8");
  const write = (path, text) => {
    mkdirSync(dirname(join(out, path)), { recursive: true });
    writeFileSync(join(out, path), text);
  };
  const release = JSON.parse(read("jsr.json"));
  const workspace = JSON.parse(read("package.json"));
  const described = manifest(release, workspace);
  // First: a build that fails is replaced by the next one.
  write("package.json", `${JSON.stringify(described, null, 2)}\n`);
  bundle(root, join(out, "lib"), findRuntime(HERE, "bun").program);
  for (const [path, text] of declarationsOf(root, Object.values(ENTRIES))) {
    write(`types/${path}`, withPackageName(text));
  }
  write("bin/tricorn.js", COMMAND);
  chmodSync(join(out, "bin/tricorn.js"), 0o755);
  const readme = withAbsoluteLinks(read("README.md"), release, workspace);
  write("README.md", withPackageName(readme));
  for (const path of sources(root)) {
    mkdirSync(dirname(join(out, path)), { recursive: true });
    copyFileSync(join(root, path), join(out, path));
  }
  for (const name of ["CHANGELOG.md", "LICENSE", "tricorn.schema.json"]) {
    copyFileSync(join(root, name), join(out, name));
  }
}

try {
  const { values } = parseArgs({
    options: {
      root: { type: "string", default: HERE },
      out: { type: "string", default: join(HERE, "dist/npm") },
    },
  });
  const root = resolve(values.root);
  const out = resolve(values.out);
  if (!isOurs(out)) {
    throw new Error(
      `Cannot build into "${out}": expected an empty folder or an older build`,
    );
  }
  install(HERE);
  await build(root, out);
  console.log(out);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

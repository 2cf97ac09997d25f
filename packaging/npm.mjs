// Builds the npm package: the folder that `npm publish` takes.
//
//   npm run build [-- --out DIR] [--root DIR]
//
// Into dist/npm, of the sources here, unless the options say otherwise. Needs Node 20 or later.
// Version and licence come from jsr.json.
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
import { bundle } from "./bundle.mjs";

const HERE = dirname(dirname(fileURLToPath(import.meta.url)));

const NAME = "tricorn";
/** `#!` names Node: that is where npx and bunx start it, unless bunx is told `--bun`. */
const COMMAND = `#!/usr/bin/env node
import { run } from "../lib/cli.js";

void run();
`;

/** The package.json of a package whose jsr.json says `version` and `license`. */
function manifest({ version, license }) {
  return {
    name: NAME,
    version,
    description: "An ASGI server for Deno, Bun and Node",
    keywords: ["asgi", "bun", "deno", "http", "server", "websocket"],
    license,
    type: "module",
    // No "./" in front: npm would take it away, and say so at every publication.
    bin: { tricorn: "bin/tricorn.js" },
    exports: {
      ".": { types: "./types/mod.d.ts", default: "./lib/mod.js" },
      "./cli": { types: "./types/cli.d.ts", default: "./lib/cli.js" },
      "./package.json": "./package.json",
    },
    files: ["bin", "lib", "types", "CHANGELOG.md"],
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
    /(from ")(?:\.\/mod\.ts|jsr:@tricorn\/serve)"/g,
    '$1tricorn"',
  );
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
  rmSync(out, { recursive: true, force: true });
  const read = (path) => readFileSync(join(root, path), "utf8");
  const write = (path, text) => {
    mkdirSync(dirname(join(out, path)), { recursive: true });
    writeFileSync(join(out, path), text);
  };
  bundle(root, join(out, "lib"), findRuntime(HERE, "bun").program);
  for (const [path, text] of declarationsOf(root, ["mod.ts", "cli.ts"])) {
    write(`types/${path}`, withPackageName(text));
  }
  write("bin/tricorn.js", COMMAND);
  chmodSync(join(out, "bin/tricorn.js"), 0o755);
  const described = manifest(JSON.parse(read("jsr.json")));
  write("package.json", `${JSON.stringify(described, null, 2)}\n`);
  write("README.md", withPackageName(read("README.md")));
  for (const name of ["CHANGELOG.md", "LICENSE"]) {
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

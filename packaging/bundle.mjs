/**
 * Puts the sources together into a few JavaScript modules. Every file costs Node's loader a part of
 * a millisecond: one by one they answer 35 ms later (bench/README.md, "The start").
 */
import { spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { Chunks } from "./merge_chunks.mjs";
import { ENTRIES } from "./entries.mjs";

/** Of one run of Bun, in bytes: a bundle, and its map with all sources in it. */
const MOST_OUTPUT = 2 ** 26;
/** In front of every name that an entry exports, while it is bundled. */
const EXPORTED = "__exported_";

/**
 * Writes a module for each entry, such as `mod.js`, and the chunks they share into `into`. All come from one run, so that
 * a program that uses several has one of every class. What `import()` loads stays apart, `node:`
 * modules stay outside, and names stay as they are: stacks are read by people. Beside each lies its
 * source map.
 *
 * `into` has to be a folder right below that of the package: what lies beside the folder of a
 * chunk is ours in a stack (src/application/user_stack.ts), and what lies beside the package is not.
 * The maps name the sources as they lie beside that folder, so that they have to be there: of a map
 * whose sources are missing, Deno 2.9 takes the line and not the name.
 *
 * @param root Folder of the sources.
 * @param bun Bun's program.
 */
export function bundle(root, into, bun) {
  const runIn = (cwd, ...args) => {
    const { status, stdout, stderr, error } = spawnSync(bun, args, {
      cwd,
      encoding: "utf8",
      maxBuffer: MOST_OUTPUT,
      env: { ...process.env, NO_COLOR: "1" },
    });
    if (status === 0) return stdout;
    throw new Error(`Cannot bundle ${root}: ${error?.message ?? stderr}`);
  };
  const run = (...args) => runIn(root, ...args);
  const folder = mkdtempSync(join(tmpdir(), "tricorn-bundle-"));
  try {
    for (const [entry, path] of Object.entries(ENTRIES)) {
      const source = JSON.stringify(join(root, path));
      const names = JSON.parse(
        run("-p", `JSON.stringify(Object.keys(await import(${source})))`),
      );
      // Bun 1.4 gives what an entry exports another name wherever it is defined: "class Server2".
      // And its `import.meta.main` is always true on Node: importing would start the command. In
      // what an entry imports, as here, it is false.
      const list = names.map((name) => `${name} as ${EXPORTED}${name}`);
      const file = join(folder, `${entry}.ts`);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(
        file,
        `export { ${list.join(", ")} } from ${source};\n`,
      );
    }
    mkdirSync(into, { recursive: true });
    run(
      "build",
      "--target=node",
      "--splitting",
      "--sourcemap=inline",
      `--root=${folder}`,
      `--outdir=${into}`,
      ...Object.keys(ENTRIES).map((entry) => join(folder, `${entry}.ts`)),
    );
    for (const name of readdirSync(into, { recursive: true })) {
      if (!name.endsWith(".js")) continue;
      const path = join(into, name);
      const text = readFileSync(path, "utf8");
      writeFileSync(path, text.replaceAll(` as ${EXPORTED}`, " as "));
    }
    mergeStart(into, root, (...args) => runIn(into, ...args));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Makes few chunks of what every start of the command loads. What an entry loads without the
 * server, or the command before it knows the runtime's version, stays apart from the rest.
 */
function mergeStart(folder, root, run) {
  const chunks = new Chunks(folder, root);
  const command = chunks.of("src/cli/main.ts");
  const sockets = chunks.of("src/runtime/node/transport.ts");
  const left = new Set(
    [command, sockets].flatMap((path) => chunks.loadedWith(path)),
  );
  for (
    const entries of [
      ["cli.js"],
      ["helpers.js", "adapters/fetch.js"],
      ["mod.js"],
      [command],
      [sockets],
    ]
  ) {
    const loaded = new Set(entries.flatMap((path) => chunks.loadedWith(path)));
    // An entry comes first: what loads it knows its name.
    const group = [...loaded].filter((path) => left.delete(path));
    chunks.merge(group, (module, others) =>
      run(
        "build",
        "--target=node",
        "--sourcemap=inline",
        ...others.map((path) => `--external=${path}`),
        module,
      ));
  }
  for (
    const path of [...Object.keys(ENTRIES).map((name) => `${name}.js`), command]
  ) {
    chunks.askFirst(path);
  }
  chunks.writeMaps("..");
}

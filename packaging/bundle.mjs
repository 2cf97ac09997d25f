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
import { join } from "node:path";
import process from "node:process";

/** What programs import, and what the command runs. */
const ENTRIES = ["mod", "cli"];
/** In front of every name that an entry exports, while it is bundled. */
const EXPORTED = "__exported_";

/**
 * Writes `mod.js`, `cli.js` and the chunks they share into `into`. Both come from one run, so that
 * a program that uses both has one of every class. What `import()` loads stays apart, `node:`
 * modules stay outside, and names stay as they are: stacks are read by people.
 *
 * `into` has to be a folder right below that of the package: what lies beside the folder of a
 * chunk is ours in a stack (src/application/user_stack.ts), and what lies beside the package is not.
 *
 * @param root Folder of mod.ts and cli.ts.
 * @param bun Bun's program.
 */
export function bundle(root, into, bun) {
  const run = (...args) => {
    const { status, stdout, stderr, error } = spawnSync(bun, args, {
      cwd: root,
      encoding: "utf8",
      env: { ...process.env, NO_COLOR: "1" },
    });
    if (status === 0) return stdout;
    throw new Error(`Cannot bundle ${root}: ${error?.message ?? stderr}`);
  };
  const folder = mkdtempSync(join(tmpdir(), "tricorn-bundle-"));
  try {
    for (const entry of ENTRIES) {
      const source = JSON.stringify(join(root, `${entry}.ts`));
      const names = JSON.parse(
        run("-p", `JSON.stringify(Object.keys(await import(${source})))`),
      );
      // Bun 1.4 gives what an entry exports another name wherever it is defined: "class Server2".
      // And its `import.meta.main` is always true on Node: importing would start the command. In
      // what an entry imports, as here, it is false.
      const list = names.map((name) => `${name} as ${EXPORTED}${name}`);
      writeFileSync(
        join(folder, `${entry}.ts`),
        `export { ${list.join(", ")} } from ${source};\n`,
      );
    }
    mkdirSync(into, { recursive: true });
    run(
      "build",
      "--target=node",
      "--splitting",
      `--root=${folder}`,
      `--outdir=${into}`,
      ...ENTRIES.map((entry) => join(folder, `${entry}.ts`)),
    );
    for (const name of readdirSync(into)) {
      const path = join(into, name);
      const text = readFileSync(path, "utf8");
      writeFileSync(path, text.replaceAll(` as ${EXPORTED}`, " as "));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

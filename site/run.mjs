// Builds the documentation site, and serves it if that is asked for.
//
//   npm run site [-- --out FOLDER] [-- --serve [--port N]]
//
// Into dist/site unless --out says otherwise. --serve serves it with Tricorn, on port 8000. Needs
// Node 20 or later; Deno, which runs the rest, comes from the lock file.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { findRuntime, install } from "../tests/_support/toolbox.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
try {
  install(root);
  const { program } = findRuntime(root, "deno");
  const { status } = spawnSync(
    program,
    ["run", "-A", join(root, "site/main.ts"), ...process.argv.slice(2)],
    { stdio: "inherit", cwd: root },
  );
  process.exitCode = status ?? 1;
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

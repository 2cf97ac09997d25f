/** The npm package, built and packed as for a release. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { VERSION } from "../../src/version.ts";
import { commandLine } from "../_support/this_runtime.ts";

/** An application of a user, in JavaScript. */
export const APP: string = `export async function app(scope, receive, send) {
  if (scope.type !== "http") return;
  await send({ type: "http.response.start", status: 200 });
  await send({ type: "http.response.body", body: "Hello from a package" });
}
`;

/**
 * Builds the package into `folder/built` and packs that.
 *
 * @param folder Absolute.
 * @returns Absolute path of the archive.
 */
export function packPackage(folder: string): string {
  const built = join(folder, "built");
  for (
    const { program, args } of [
      commandLine("packaging/npm.mjs", ["--out", built]),
      {
        program: "npm",
        args: ["pack", built, "--offline", "--ignore-scripts"],
      },
    ]
  ) {
    const { status, stderr, error } = spawnSync(program, args, {
      cwd: folder,
      encoding: "utf8",
      timeout: 120_000,
      env: {
        ...process.env,
        NO_COLOR: "1",
        npm_config_cache: join(folder, "cache"),
        npm_config_update_notifier: "false",
      },
      shell: process.platform === "win32",
    });
    assert.equal(status, 0, `${program}: ${error?.message ?? stderr}`);
  }
  return join(folder, `tricorn-${VERSION}.tgz`);
}

/**
 * What a newcomer types: one command in a folder that holds the application alone, with empty
 * caches, that gets the npm package from a registry. On each runtime those that run on it, or that
 * its tools start.
 */
import assert from "node:assert/strict";
import {
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { type NpmRegistry, startNpm } from "../_support/npm_registry.ts";
import { exchange, request } from "../_support/raw_client.ts";
import {
  ServerProcess,
  type ServerStart,
  spawnServer,
} from "../_support/spawn_server.ts";
import { ROOT, RUNTIME, type RuntimeName } from "../_support/this_runtime.ts";
import { findRuntime } from "../_support/toolbox.mjs";
import { APP, packPackage } from "./_package.ts";

/** Command lines, and what runs them. */
const COMMANDS: Readonly<
  Record<RuntimeName, Readonly<Record<string, RuntimeName>>>
> = {
  deno: { "deno run -A npm:tricorn": "deno", "deno x -A npm:tricorn": "deno" },
  // The first line of the command names Node.
  bun: { "bunx --bun tricorn": "bun", "bunx tricorn": "node" },
  node: { "npx --yes tricorn": "node" },
};

let folder = "";
let programs = "";
let registry: NpmRegistry;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "tricorn-newcomer-"));
  registry = await startNpm([packPackage(folder)]);
  programs = join(folder, "programs");
  mkdirSync(programs);
  for (const name of ["deno", "bun", "node"]) {
    symlinkSync(findRuntime(ROOT, name).program, join(programs, name));
  }
  symlinkSync(findRuntime(ROOT, "bun").program, join(programs, "bunx"));
});
after(async () => {
  await registry?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A command line in a folder of its own. */
function typed(
  line: string,
  files: Readonly<Record<string, string>>,
): ServerStart {
  const [name, ...args] = line.split(" ") as [string, ...string[]];
  const cwd = mkdtempSync(join(folder, "empty-"));
  for (const [path, text] of Object.entries(files)) {
    writeFileSync(join(cwd, path), text);
  }
  const cache = mkdtempSync(join(folder, "caches-"));
  return {
    program: {
      // npx belongs to whatever Node has npm here; what it starts is the Node of the tests.
      program: name === "npx" ? name : join(programs, name),
      args,
    },
    cwd,
    env: {
      PATH: `${programs}${delimiter}${process.env.PATH}`,
      npm_config_user_agent: undefined, // bunx leaves that of `npm test` as it is
      // npm, Bun and Deno read one of these.
      npm_config_registry: registry.url,
      NPM_CONFIG_REGISTRY: registry.url,
      npm_config_cache: join(cache, "npm"),
      npm_config_update_notifier: "false",
      BUN_INSTALL_CACHE_DIR: join(cache, "bun"),
      BUN_TMPDIR: cache,
      TMPDIR: cache,
      DENO_DIR: join(cache, "deno"),
      DENO_NO_UPDATE_CHECK: "1",
    },
  };
}

for (const [line, runsOn] of Object.entries(COMMANDS[RUNTIME])) {
  test(`[${RUNTIME}] ${line} main:app serves, and ends in order`, async () => {
    const server = await spawnServer({
      ...typed(line, { "main.js": APP }),
      args: ["main:app", "--port", "0", "--log-level", "debug"],
    });
    // A kill would reach the tool that was typed, not what it has started.
    const [, pid] = /Started server process \[(\d+)\]/.exec(server.output)!;
    try {
      const { body } = await exchange(server.target, request("GET /"));
      assert.equal(body, "Hello from a package");
      assert.ok(registry.asked.includes("/tricorn"));
    } finally {
      process.kill(Number(pid), "SIGINT");
      await server.end();
    }
    assert.match(server.output, /Finished server process/);
    assert.equal(
      server.output.includes('"bunx --bun"'),
      runsOn !== RUNTIME,
      server.output,
    );
  });

  test(`[${RUNTIME}] ${line} runs on ${runsOn}`, async () => {
    const server = new ServerProcess({
      ...typed(line, {}),
      args: ["--version"],
    });
    assert.deepEqual(await server.end(), { code: 0, signal: null });
    assert.match(
      server.stdout.join("\n"),
      new RegExp(`^Running tricorn .* with ${runsOn} `, "im"),
    );
  });
}

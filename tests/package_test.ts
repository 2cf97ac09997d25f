/** What is published says the same everywhere, and importing it starts nothing. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { VERSION } from "../src/version.ts";
import { ROOT, RUNTIME } from "./_support/this_runtime.ts";
import process from "node:process";

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly publish: { readonly include: readonly string[] };
}

const manifest: Manifest = JSON.parse(
  readFileSync(join(ROOT, "jsr.json"), "utf8"),
);

/** Runs one file of the repository, or beside it, to its end. */
function runFile(path: string, args: readonly string[] = []) {
  const before = RUNTIME === "deno" ? ["run", "--no-check", "-A"] : [];
  return spawnSync(process.execPath, [...before, path, ...args], {
    cwd: ROOT,
    encoding: "utf8",
    timeout: 60_000,
    env: { ...process.env, NO_COLOR: "1" },
  });
}

describe("jsr.json", () => {
  test("is named as the documentation says", () => {
    assert.equal(manifest.name, "@tricorn/serve");
  });

  test("has the version that the program reports", () => {
    assert.equal(manifest.version, VERSION);
    assert.match(VERSION, /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/);
  });

  test("exports modules and the command, which exist and are published", () => {
    assert.deepEqual(manifest.exports, {
      ".": "./mod.ts",
      "./cli": "./cli.ts",
      "./helpers": "./src/helpers/mod.ts",
      "./testing": "./src/testing/mod.ts",
      "./adapters/fetch": "./src/application/adapters/fetch/mod.ts",
    });
    for (const path of Object.values(manifest.exports)) {
      assert.ok(existsSync(join(ROOT, path)), path);
      const isPublished = manifest.publish.include.some((one) =>
        path === `./${one}` || path.startsWith(`./${one}/`)
      );
      assert.ok(isPublished, path);
    }
  });

  test("publishes only what exists", () => {
    for (const path of manifest.publish.include) {
      assert.ok(existsSync(join(ROOT, path)), path);
    }
  });

  test("names the licence of the licence file", () => {
    assert.equal(manifest.license, "MIT");
    assert.match(readFileSync(join(ROOT, "LICENSE"), "utf8"), /MIT License/);
  });
});

describe("mod.ts", () => {
  test("runs the command when it is the program", () => {
    const { status, stdout, stderr } = runFile(join(ROOT, "mod.ts"), [
      "--version",
    ]);
    assert.equal(status, 0, stderr);
    assert.match(
      stdout,
      new RegExp(`^Running tricorn ${VERSION.replaceAll(".", "\\.")} with `),
    );
  });

  test("starts nothing when it is imported", () => {
    const folder = mkdtempSync(join(tmpdir(), "tricorn-import-"));
    try {
      const program = join(folder, "program.mjs");
      const entry = JSON.stringify(pathToFileURL(join(ROOT, "mod.ts")).href);
      writeFileSync(
        program,
        `import * as api from ${entry};\nconsole.log(Object.keys(api).sort().join(" "));\n`,
      );
      const { status, stdout, stderr } = runFile(program, ["--no-such-option"]);
      assert.equal(status, 0, stderr);
      assert.equal(
        stdout.trim(),
        "AppLoadError ClientDisconnected Config ConfigError InvalidEventError ListenError Server " +
          "StartupError UnexpectedEventError UnsupportedRuntimeError UnsupportedScopeError VERSION " +
          "defineConfig run serve",
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("starts nothing as part of a bundle, where it also looks like the program", () => {
    const source = readFileSync(join(ROOT, "mod.ts"), "utf8");
    const guard = /if \(([^{]+)\) \{/.exec(source);
    assert.ok(guard !== null, "mod.ts has no guard");
    assert.match(
      guard[1]!,
      /^\s*\/\\\/mod\\\.\[jt\]s\$\/\.test\(import\.meta\.url\) &&\s+\(import\.meta\.main \|\|/,
    );
  });
});

describe("cli.ts", () => {
  test("reports the version", () => {
    const { status, stdout, stderr } = runFile(join(ROOT, "cli.ts"), [
      "--version",
    ]);
    assert.equal(status, 0, stderr);
    assert.ok(stdout.includes(VERSION), stdout);
  });
});

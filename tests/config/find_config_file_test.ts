import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, test } from "node:test";
import {
  CONFIG_ENDINGS,
  findConfigFile,
} from "../../src/config/find_config_file.ts";

const home = process.cwd();
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tricorn-find-"));
  process.chdir(folder);
});
afterEach(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true, force: true });
});

for (const ending of CONFIG_ENDINGS) {
  test(`findConfigFile() finds tricorn.config${ending}`, () => {
    writeFileSync(`tricorn.config${ending}`, "");
    assert.equal(findConfigFile(), `tricorn.config${ending}`);
  });
}

test("findConfigFile() finds nothing where there is none, or where it is above", () => {
  assert.equal(findConfigFile(), undefined);
  writeFileSync("tricorn.config.json", "");
  writeFileSync("package.json", '{"tricorn": {}}');
  mkdirSync("inner");
  process.chdir("inner");
  assert.equal(findConfigFile(), undefined);
});

test("findConfigFile() takes a folder for no file", () => {
  mkdirSync("tricorn.config.ts");
  assert.equal(findConfigFile(), undefined);
});

test("findConfigFile() chooses between none of several", () => {
  writeFileSync("tricorn.config.mts", "");
  writeFileSync("tricorn.config.yml", "");
  assert.throws(findConfigFile, {
    name: "ConfigError",
    exitCode: 2,
    message:
      "Cannot choose between tricorn.config.mts and tricorn.config.yml: name one with '--config'",
  });
});

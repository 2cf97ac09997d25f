import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { loadEnvFiles } from "../../src/config/env_files.ts";

const folder = mkdtempSync(join(tmpdir(), "tricorn-env-files-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** An environment in which only some variables may be set. */
function environment(
  variables: Record<string, string>,
  maySet: (name: string) => boolean = () => true,
) {
  return {
    variables,
    env: (name: string) => variables[name],
    setEnv(name: string, value: string) {
      if (maySet(name)) variables[name] = value;
      return maySet(name);
    },
  };
}

test("loadEnvFiles() tells where each variable that it set stands", async () => {
  const first = file("first.env", "A=1\nB=2\n");
  const second = file("second.env", "\nB=3\nC=4\n");
  const env = environment({ A: "set" });
  const places = await loadEnvFiles([first, second], "'--env-file'", env);
  assert.deepEqual(env.variables, { A: "set", B: "2", C: "4" });
  assert.deepEqual([...places], [
    ["B", ` in '${first}', line 2`],
    ["C", ` in '${second}', line 3`],
  ]);
});

test("loadEnvFiles() expands across files", async () => {
  const env = environment({});
  const paths = [file("a.env", "A=1"), file("b.env", "A=2\nB=${A}")];
  await loadEnvFiles(paths, "", env);
  assert.deepEqual(env.variables, { A: "1", B: "1" });
});

test("loadEnvFiles() says what Deno has to allow, and shows no value", async () => {
  const path = file("secret.env", "SECRET=hunter2");
  const env = environment({}, () => false);
  await assert.rejects(loadEnvFiles([path], "'--env-file'", env), {
    name: "ConfigError",
    exitCode: 2,
    message:
      `Cannot set SECRET from environment file '${path}' of '--env-file': ` +
      "Deno does not allow it, run it with --allow-env=SECRET",
  });
});

/** Configuration files with the real command. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type JsrRegistry, startRegistry } from "../_support/jsr_registry.ts";
import { exchange, request } from "../_support/raw_client.ts";
import { ServerProcess, withServer } from "../_support/spawn_server.ts";
import { ROOT } from "../_support/this_runtime.ts";

const folder = mkdtempSync(join(tmpdir(), "tricorn-config-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const APP = `export const app = async (scope, receive, send) => {
  if (scope.type !== "http") return;
  await send({ type: "http.response.start", status: 200 });
  await send({ type: "http.response.body", body: "Hello" });
};
`;

/** A folder with an application and `files`. */
function project(name: string, files: Readonly<Record<string, string>>) {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  for (const [file, text] of Object.entries({ "main.mjs": APP, ...files })) {
    writeFileSync(join(path, file), text);
  }
  return path;
}

describe("a configuration file in the working directory", () => {
  for (
    const [name, text] of [
      [
        "tricorn.config.mts",
        `import { defineConfig } from ${
          JSON.stringify(`${ROOT}/src/config/define_config.ts`)
        };
const value: string = "file";
export default defineConfig({ app: "main:app", headers: [["x-from", value]], host: "::1" });
`,
      ],
      [
        "tricorn.config.mjs",
        `import { app } from "./main.mjs";
export default { app, headers: [["x-from", "file"]], host: "::1" };
`,
      ],
      [
        "tricorn.config.json",
        '{"app": "main:app", "headers": ["X-From: file"], "host": "::1"}',
      ],
    ] as const
  ) {
    test(`${name} is found, and named in the log`, async () => {
      const cwd = project(name, { [name]: text });
      await withServer(
        { cwd, args: ["--host", "127.0.0.1"] },
        async (server) => {
          const response = await exchange(server.target, request("GET /"));
          assert.equal(response.body, "Hello");
          assert.equal(response.header("x-from"), "file");
          assert.ok(
            server.stderr.includes(
              `INFO:     Using configuration file '${name}'`,
            ),
            server.output,
          );
        },
      );
    });
  }

  test("is not looked for in the folders above", async () => {
    const cwd = project("above", {
      "tricorn.config.json": '{"headers": ["x-from: above"]}',
    });
    mkdirSync(join(cwd, "inner"));
    writeFileSync(join(cwd, "inner/main.mjs"), APP);
    await withServer(
      { cwd: join(cwd, "inner"), args: ["main:app"] },
      async (server) => {
        const response = await exchange(server.target, request("GET /"));
        assert.equal(response.header("x-from"), undefined);
      },
    );
  });

  for (
    const [behaviour, files, code, message] of [
      [
        "beside another",
        { "tricorn.config.json": "{}", "tricorn.config.yaml": "" },
        2,
        "Error: Cannot choose between tricorn.config.json and tricorn.config.yaml: name one with '--config'",
      ],
      [
        "with an unknown key",
        { "tricorn.config.json": '{"prot": 1}' },
        2,
        `Error: Unknown option "prot" in 'tricorn.config.json': did you mean "port"?`,
      ],
      [
        "with a wrong value",
        { "tricorn.config.mjs": "export default { port: -1 };" },
        2,
        `Error: Cannot use option "port" in 'tricorn.config.mjs': -1 is not in the range 0<=x<=65535`,
      ],
      [
        "that throws",
        { "tricorn.config.mjs": 'throw new Error("broken config");' },
        3,
        "ERROR:    Cannot load configuration file 'tricorn.config.mjs': its code failed.",
      ],
    ] as const
  ) {
    test(`${behaviour} is an error, and nothing listens`, async () => {
      const cwd = project(behaviour.replaceAll(" ", "-"), files);
      const server = new ServerProcess({ cwd, args: ["main:app"] });
      assert.equal((await server.end()).code, code, server.output);
      assert.ok(server.stderr.includes(message), server.output);
      assert.ok(!server.output.includes("running on"));
      assert.ok(!server.output.includes(`${ROOT}/src/`), server.output);
    });
  }
});

describe("a configuration file in YAML", () => {
  let registry: JsrRegistry;
  before(async () => {
    registry = await startRegistry();
  });
  after(() => registry.close());

  test("is read with what the runtime has", async () => {
    const cwd = project("yaml", {
      "tricorn.config.yaml":
        "app: main:app\naccessLog: no\nheaders:\n- 'X-From: yaml'\n",
      "package.json": "{}",
    });
    await withServer({
      cwd,
      args: [],
      env: { JSR_URL: registry.url, DENO_DIR: join(folder, "deno") },
    }, async (server) => {
      const response = await exchange(server.target, request("GET /"));
      assert.equal(response.header("x-from"), "yaml");
      assert.ok(!server.output.includes("GET /"));
    });
  });
});

describe("--check", () => {
  test("says what would run, and ends with code 0", async () => {
    const cwd = project("check", {
      "tricorn.config.mjs": 'export default { app: "main:app", port: 1 };',
    });
    const server = new ServerProcess({ cwd, args: ["--check"] });
    assert.equal((await server.end()).code, 0, server.output);
    assert.deepEqual(server.stderr, []);
    assert.equal(server.stdout.at(-1), "The configuration is valid.");
    assert.ok(
      server.stdout.includes(`  port: 1, from "port" in 'tricorn.config.mjs'`),
    );
  });

  for (
    const [behaviour, args, code, message] of [
      ["a wrong option", ["--port", "x"], 2, /^Error: .*--port/m],
      ["no application", [], 2, /^Error: Missing argument 'APP'\.$/m],
      ["a missing module", ["none:app"], 3, /^ERROR: .*"none"/m],
    ] as const
  ) {
    test(`with ${behaviour} ends with code ${code}`, async () => {
      const cwd = project("check-wrong", {});
      const server = new ServerProcess({ cwd, args: ["--check", ...args] });
      assert.equal((await server.end()).code, code, server.output);
      assert.match(server.stderr.join("\n"), message);
      assert.deepEqual(server.stdout, []);
    });
  }
});

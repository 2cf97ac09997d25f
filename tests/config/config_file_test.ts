import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { readConfigFile } from "../../src/config/config_file.ts";

const folder = mkdtempSync(join(tmpdir(), "tricorn-config-file-"));
after(() => rmSync(folder, { recursive: true, force: true }));
mkdirSync(join(folder, "folder.json"));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

async function valuesOf(name: string, text: string) {
  const { layer, app } = await readConfigFile(file(name, text));
  return { ...layer.values, ...(app === undefined ? {} : { app }) };
}

const OPTIONS = { app: "main:app", port: 9000, accessLog: false };

describe("readConfigFile() reads", () => {
  for (
    const [name, text] of [
      ["a.json", JSON.stringify(OPTIONS)],
      ["b.json", JSON.stringify({ $schema: "schema.json", ...OPTIONS })],
      ["c.jsonc", `// comment\n${JSON.stringify(OPTIONS)}`],
      [
        "deno.json",
        `{"tasks": {}, /* ours */ "tricorn": ${JSON.stringify(OPTIONS)},}`,
      ],
      ["package.json", JSON.stringify({ name: "x", tricorn: OPTIONS })],
      ["d.mjs", `export default ${JSON.stringify(OPTIONS)};`],
      [
        "e.mts",
        `const port: number = 9000;
export default { app: "main:app", port, accessLog: false };`,
      ],
      [
        "f.mjs",
        `export default Promise.resolve(${JSON.stringify(OPTIONS)});`,
      ],
    ] as const
  ) {
    test(
      name,
      async () => assert.deepEqual(await valuesOf(name, text), OPTIONS),
    );
  }

  test("an application and functions of a module", async () => {
    const { app, layer } = await readConfigFile(file(
      "functions.mjs",
      `export const app = async () => {};
export default { app, sslContextFactory: () => ({ identities: [] }) };`,
    ));
    assert.equal(typeof app, "function");
    assert.equal(typeof layer.values.sslContextFactory, "function");
  });

  test("texts of a data file as the command line does", async () => {
    assert.deepEqual(
      await valuesOf(
        "texts.json",
        JSON.stringify({
          accessLog: "off",
          udsMode: "0660",
          port: "80",
          timeoutKeepAlive: "2.5",
          headers: ["X-A: b", ["x-c", "d"]],
          bind: ":80",
          forwardedAllowIps: "10.0.0.1, ::1",
          sslSni: ["a.pem"],
        }),
      ),
      {
        accessLog: false,
        udsMode: 0o660,
        port: 80,
        timeoutKeepAlive: 2.5,
        headers: [["x-a", "b"], ["x-c", "d"]],
        bind: [":80"],
        forwardedAllowIps: ["10.0.0.1", "::1"],
        sslSni: [{ certfile: "a.pem", keyfile: undefined }],
      },
    );
  });

  test("nothing from an empty object", async () => {
    assert.deepEqual(await valuesOf("empty.json", "{}"), {});
  });
});

describe("readConfigFile() refuses", () => {
  for (
    const [name, text, message] of [
      [
        "bad.json",
        '{\n  "port": 80,\n}',
        /^Cannot read configuration file '.*bad\.json', line 3: expected a key in double quotes$/,
      ],
      [
        "twice.json",
        '{"port": 80,\n"port": 81}',
        /line 2: the key "port" stands there twice$/,
      ],
      [
        "list.json",
        "[]",
        /^Cannot use configuration file '.*list\.json': expected an object of options, got an array$/,
      ],
      [
        "prot.json",
        '{"prot": 80}',
        /^Unknown option "prot" in '.*prot\.json': did you mean "port"\?$/,
      ],
      [
        "flag.json",
        '{"log-level": "info"}',
        /^Unknown option "log-level" in '.*': did you mean "logLevel"\?$/,
      ],
      [
        "snake.json",
        '{"timeout_keep_alive": 1}',
        /did you mean "timeoutKeepAlive"\?$/,
      ],
      [
        "value.json",
        '{"port": 70000}',
        /^Cannot use option "port" in '.*value\.json': 70000 is not in the range 0<=x<=65535$/,
      ],
      [
        "word.json",
        '{"accessLog": "maybe"}',
        /^Cannot use option "accessLog" in '.*': 'maybe' is not a valid boolean/,
      ],
      [
        "null.json",
        '{"port": null}',
        /^Cannot use option "port" in '.*': null is not a valid integer$/,
      ],
      [
        "header.json",
        '{"headers": ["nothing"]}',
        /^Cannot use option "headers" in '.*nothing/,
      ],
      [
        "app.json",
        '{"app": 1}',
        /^Cannot use "app" in '.*app\.json': 1 is not an import string$/,
      ],
      [
        "secret.json",
        '{"sslKeyfilePassword": ["hunter2"]}',
        /^Cannot use option "sslKeyfilePassword" in '[^']*': expected a string without null characters$/,
      ],
      [
        "x.toml",
        "",
        /^Cannot use configuration file '.*x\.toml': expected a name that ends in \.ts, /,
      ],
      ["y/package.json", '{"name": "x"}', /has no key "tricorn"$/],
      [
        "z/deno.json",
        '{"tricorn": true}',
        /expected an object of options, got true$/,
      ],
      ["none.mjs", "export const port = 1;", /has no default export$/],
      [
        "function.mjs",
        "export default () => {};",
        /expected an object of options, got a function$/,
      ],
      [
        "unknown.mjs",
        "export default { prot: 1 };",
        /^Unknown option "prot" in '.*unknown\.mjs'/,
      ],
      [
        "text.mjs",
        'export default { port: "80" };',
        /'80' is not a valid integer$/,
      ],
    ] as const
  ) {
    test(`${name}: ${text.replaceAll("\n", " ").slice(0, 40)}`, async () => {
      mkdirSync(join(folder, name, ".."), { recursive: true });
      await assert.rejects(readConfigFile(file(name, text)), (error) => {
        const { name: kind, message: told, exitCode } = error as Error & {
          exitCode: number;
        };
        assert.equal(kind, "ConfigError");
        assert.equal(exitCode, 2);
        assert.match(told, message);
        assert.doesNotMatch(told, /\n|hunter2/);
        return true;
      });
    });
  }

  test("a file that does not exist, and a folder", async () => {
    for (const name of ["none.json", "none.ts"]) {
      await assert.rejects(readConfigFile(name), {
        message: `Cannot read configuration file '${name}': it does not exist`,
      });
    }
    await assert.rejects(readConfigFile(join(folder, "folder.json")), {
      message: /: it is a directory$/,
    });
  });

  test("YAML whose outermost keys stand twice", async () => {
    const path = file("twice.yaml", "port: 1\n# port: 2\nhost: a\n'port': 3\n");
    await assert.rejects(readConfigFile(path), {
      message:
        `Cannot read configuration file '${path}', line 4: the key "port" stands there twice`,
    });
  });

  test("a module that throws, with what it threw and exit code 3", async () => {
    const path = file("throws.mjs", 'throw new Error("boom");');
    await assert.rejects(readConfigFile(path), (error: Error) => {
      assert.equal(
        error.message,
        `Cannot load configuration file '${path}': its code failed.`,
      );
      assert.equal((error as Error & { exitCode: number }).exitCode, 3);
      assert.equal((error.cause as Error).message, "boom");
      return true;
    });
  });
});

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { checkText } from "../../src/cli/check.ts";
import { configure } from "../../src/cli/configure.ts";
import { parseFlags } from "../../src/cli/parse_flags.ts";
import { runtime } from "../../src/runtime/mod.ts";

const folder = mkdtempSync(join(tmpdir(), "tricorn-check-"));
after(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(
  join(folder, "main.mjs"),
  "export const app = async (scope, receive, send) => {}; export const no = 1;",
);

async function check(
  args: readonly string[],
  variables: Record<string, string> = {},
): Promise<string> {
  const command = parseFlags([
    "--config",
    "",
    "--app-dir",
    folder,
    "--check",
    ...args,
  ]);
  assert.ok(command.action === "run" && command.isCheck);
  return await checkText(
    await configure(command, {
      env: (name) => variables[name],
      setEnv: (name, value) => {
        variables[name] = value;
        return true;
      },
      envNames: () => Object.keys(variables),
      onWarning: assert.fail,
    }),
  );
}

test("checkText() says what would run where, and where each setting comes from", async () => {
  const env = join(folder, "a.env");
  writeFileSync(env, "TRICORN_HEADER=a:b\n");
  const config = join(folder, "file.json");
  writeFileSync(config, JSON.stringify({ udsMode: "600", backlog: 5 }));
  const text = await check(
    ["main:app", "--port", "81", "--config", config, "--env-file", env],
    { TRICORN_LOOP: "node" },
  );
  const names = { deno: "Deno", bun: "Bun", node: "Node" };
  assert.equal(
    text,
    `Application: main:app, from the argument 'APP'
Interface: asgi3, because it is a function of 3 parameters
Runtime: ${names[runtime.name]} ${runtime.version}
Listens on: 127.0.0.1:81, sockets: node
Environment file: '${env}'
Configuration file: '${config}'
Settings that are not left at their defaults:
  appDir: ${JSON.stringify(folder)}, from '--app-dir'
  envFile: ${JSON.stringify([env])}, from '--env-file'
  port: 81, from '--port'
  udsMode: 600, from "udsMode" in '${config}'
  backlog: 5, from "backlog" in '${config}'
  loop: "node", from TRICORN_LOOP
  headers: [["a","b"]], from TRICORN_HEADER in '${env}', line 1
The configuration is valid.
`,
  );
});

test("checkText() hides secrets", async () => {
  const config = join(folder, "secret.json");
  writeFileSync(config, JSON.stringify({ sslContextFactory: undefined }));
  await assert.rejects(
    check(["main:app", "--ssl-certfile", "none.pem"], {
      TRICORN_SSL_KEYFILE_PASSWORD: "hunter2",
    }),
    (error: Error) => {
      assert.match(error.message, /none\.pem/);
      assert.doesNotMatch(error.message, /hunter2/);
      return true;
    },
  );
});

for (
  const [behaviour, args, exitCode, message] of [
    [
      "a module that is missing",
      ["none:app"],
      3,
      /Could not import module "none"/,
    ],
    ["what is no application", ["main:no"], 3, /"main:no" is/],
    [
      "a log configuration that cannot be read",
      ["main:app", "--log-config", "none.json"],
      2,
      /none\.json/,
    ],
    [
      "a certificate that cannot be read",
      ["main:app", "--ssl-certfile", "none.pem"],
      3,
      /none\.pem/,
    ],
  ] as const
) {
  test(`checkText() refuses ${behaviour}, as a start would`, async () => {
    await assert.rejects(check(args), (error: Error) => {
      assert.match(error.message, message);
      assert.equal((error as Error & { exitCode: number }).exitCode, exitCode);
      return true;
    });
  });
}

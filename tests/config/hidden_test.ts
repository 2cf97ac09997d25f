import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { inspect } from "node:util";
import { configure, PROCESS } from "../../src/cli/configure.ts";
import { parseFlags } from "../../src/cli/parse_flags.ts";
import { hideFields } from "../../src/config/hidden.ts";
import { resolveOptions } from "../../src/config/resolve.ts";
import { keyPem, TestAuthority, withFolder } from "../_support/certificates.ts";
import { commandLine } from "../_support/this_runtime.ts";

const PASSWORD = "hunter2-sesame";

test("hideFields() keeps values from whoever prints, not from whoever reads", () => {
  const holder = Object.freeze(
    hideFields({ name: "x", password: PASSWORD }, ["password"]),
  );
  assert.equal(holder.password, PASSWORD);
  assert.deepEqual({ ...holder }, { name: "x", password: PASSWORD });
  assert.deepEqual(Object.keys(holder), ["name", "password"]);
  assert.equal(JSON.stringify(holder), '{"name":"x","password":"[hidden]"}');
  assert.doesNotMatch(inspect(holder, { showHidden: true }), /hunter2/);
});

test("hideFields() leaves alone what is not set", () => {
  const holder = hideFields<{ name: string; password?: string }>(
    { name: "x" },
    ["password"],
  );
  assert.deepEqual(Object.getOwnPropertyNames(holder), ["name"]);
});

test("no message shows a password that is refused", async () => {
  for (const wrong of [12345, `${PASSWORD}\0`, { PASSWORD }, [PASSWORD]]) {
    assert.throws(
      () => resolveOptions({ sslKeyfilePassword: wrong as string }),
      {
        name: "ConfigError",
        message: 'Cannot use option "sslKeyfilePassword": expected a string ' +
          "without null characters",
      },
    );
  }
  for (
    const [args, env] of [
      [[`--ssl-keyfile-password=${PASSWORD}\0`], {}],
      [[], { TRICORN_SSL_KEYFILE_PASSWORD: `${PASSWORD}\0` }],
      [[`--ssl-keyfile-pasword=${PASSWORD}`], {}],
      [["--ssl-keyfile-password", PASSWORD], {}],
    ] as readonly (readonly [string[], Record<string, string>])[]
  ) {
    await assert.rejects(
      async () => {
        const command = parseFlags(["main:app", ...args]);
        assert.ok(command.action === "run");
        await configure(command, {
          ...PROCESS,
          env: (name) => env[name],
          envNames: () => Object.keys(env),
          onWarning: () => {},
        });
      },
      (error: Error) => {
        assert.equal(error.name, "ConfigError");
        assert.doesNotMatch(error.message, /hunter2/);
        return true;
      },
    );
  }
});

test("nothing of the API prints a password or a key, whatever prints it", () =>
  withFolder((folder) => {
    const authority = new TestAuthority();
    const { cert, privateKey } = authority.server();
    const key = keyPem(privateKey, "pkcs8", PASSWORD);
    const { program, args } = commandLine("tests/_support/print_program.ts", [
      folder.write("cert.pem", cert),
      folder.write("key.pem", key),
      PASSWORD,
    ]);
    const { stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
    const output = stdout + stderr;
    assert.ok(stdout.endsWith("\ndone\n"), stderr);
    assert.ok(output.includes('"sslKeyfilePassword":"[hidden]"'));
    assert.ok(!output.includes("hunter2"));
    assert.ok(!output.includes("PRIVATE KEY"));
    // A line of its base64.
    assert.ok(!output.includes(key.split("\n")[1]!.slice(0, 40)));
  }));

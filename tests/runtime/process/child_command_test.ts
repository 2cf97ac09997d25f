import assert from "node:assert/strict";
import process from "node:process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { ConfigError } from "../../../src/errors.ts";
import type { DenoPermission } from "../../../src/runtime/_deno_types.ts";
import {
  childCommand,
  entryPath,
  keptDenoFlags,
  keptNodeFlags,
  permissionFlags,
} from "../../../src/runtime/process/child_command.ts";

const SOURCES = new URL("../../../src/runtime/process/", import.meta.url);
const COMMAND = fileURLToPath(new URL("../../../cli.ts", import.meta.url));

test("a child runs the command on this runtime", () => {
  const { program, args } = childCommand();
  assert.equal(program, process.execPath);
  assert.equal(args.at(-1), COMMAND);
  assert.equal(childCommand("/other.ts").args.at(-1), "/other.ts");
});

test("entryPath() finds the command beside the sources and in the npm package", () => {
  const own = new URL("child_command.ts", SOURCES).href;
  assert.equal(entryPath(own), COMMAND);
  const far = "https://jsr.io/@tricorn/serve/1.2.3";
  assert.equal(
    entryPath(`${far}/src/runtime/process/child_command.ts`),
    `${far}/cli.ts`,
  );
  assert.equal(
    entryPath("https://example.org/p/lib/chunk-1.js"),
    "https://example.org/p/bin/tricorn.js",
  );
});

test("entryPath() refuses a bundle that holds no command", () => {
  assert.throws(
    () => entryPath("file:///nowhere/dist/bundle.js"),
    (error) => error instanceof ConfigError && /bundle/.test(error.message),
  );
});

describe("flags of the runtime", () => {
  const nodes: readonly (readonly [readonly string[], readonly string[]])[] = [
    [[], []],
    [["--max-old-space-size=100", "--smol"], [
      "--max-old-space-size=100",
      "--smol",
    ]],
    [["--inspect=9229", "--inspect-brk", "--watch", "--hot", "-C", "dev"], [
      "-C",
      "dev",
    ]],
    [["-e", "code --x", "--import", "./x.js"], ["--import", "./x.js"]],
    [["--input-type=module", "--eval=code", "-p", "1"], [
      "--input-type=module",
    ]],
  ];
  for (const [given, kept] of nodes) {
    test(`Node and Bun: ${JSON.stringify(given)}`, () => {
      assert.deepEqual(keptNodeFlags(given), kept);
    });
  }

  const denos: readonly (readonly [readonly string[], readonly string[]])[] = [
    [["run", "-A"], []],
    [["run", "--allow-net", "--watch", "--inspect=1", "--v8-flags=--x"], [
      "--v8-flags=--x",
    ]],
    [["run", "-c", "deno.json", "--unstable-net", "--no-lock", "-q"], [
      "-c",
      "deno.json",
      "--unstable-net",
      "--no-lock",
      "-q",
    ]],
    [["run", "--import-map", "x.json", "--unstable=a", "--env-file"], [
      "--import-map",
      "x.json",
      "--unstable=a",
    ]],
  ];
  for (const [given, kept] of denos) {
    test(`Deno: ${JSON.stringify(given)}`, () => {
      assert.deepEqual(keptDenoFlags(given), kept);
    });
  }
});

describe("permissions of a child on Deno", () => {
  const ALL = ["read", "write", "net", "env", "run", "sys", "ffi", "import"];

  /** A process that is allowed `granted`, kinds or `kind=part`, of which `denied` are denied in part. */
  const allowing = (granted: readonly string[], denied: string[] = []) => ({
    cwd: () => "/app",
    permissions: {
      querySync(asked: DenoPermission) {
        const { name } = asked;
        const { path } = asked as { path?: string };
        const isGranted = granted.includes(name) ||
          path !== undefined && granted.includes(`${name}=${path}`);
        return {
          state: isGranted ? "granted" : "prompt",
          partial: denied.includes(name),
        };
      },
      requestSync(): never {
        throw new Error("Cannot happen: nobody is prompted");
      },
    },
  });

  test("are all of them, where this process has all", () => {
    assert.deepEqual(permissionFlags(allowing(ALL), "/deno"), ["-A"]);
  });

  test("are those of this process, and no others", () => {
    assert.deepEqual(
      permissionFlags(allowing(["read", "net", "env"]), "/deno"),
      ["--allow-read", "--allow-net", "--allow-env", "--allow-run=/deno"],
    );
  });

  test("are the working directory, of what is allowed in part", () => {
    assert.deepEqual(
      permissionFlags(allowing(["read=/app", "env", "run"]), "/deno"),
      ["--allow-env", "--allow-run", "--allow-read=/app"],
    );
  });

  test("cannot be told where a part is denied", () => {
    assert.throws(
      () => permissionFlags(allowing(ALL, ["net"]), "/deno"),
      (error) =>
        error instanceof ConfigError && /--deny-net/.test(error.message),
    );
  });
});

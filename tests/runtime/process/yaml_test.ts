/**
 * The role of a YAML reader: what Bun.YAML, @std/yaml and the package yaml have to agree on. Another
 * one may take the place of any of them if these tests pass.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import {
  type JsrRegistry,
  startRegistry,
} from "../../_support/jsr_registry.ts";
import { commandLine, ROOT, RUNTIME } from "../../_support/this_runtime.ts";

type Result = { value: unknown } | { line: number; problem: string };

/** A folder without packages, and Deno's cache. */
const folder = mkdtempSync(join(tmpdir(), "tricorn-yaml-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Runs tests/_support/read_yaml.ts below `root`. */
async function run(
  texts: readonly string[],
  registry: string,
  root: string = ROOT,
): Promise<unknown> {
  const { program, args } = commandLine(
    join(root, "tests/_support/read_yaml.ts"),
    [JSON.stringify(texts)],
  );
  const options = RUNTIME === "deno"
    ? [args[0]!, "--no-lock", ...args.slice(1)]
    : args;
  const env = {
    ...process.env,
    JSR_URL: registry,
    // A package that was downloaded once is not asked for again.
    DENO_DIR: join(folder, "deno"),
    NO_COLOR: "1",
  };
  return await new Promise((resolve, reject) =>
    execFile(program, options, { cwd: root, env }, (error, stdout, stderr) => {
      if (error) reject(new Error(stderr, { cause: error }));
      else resolve(JSON.parse(stdout.trim().split("\n").at(-1)!));
    })
  );
}

const VALUES = [
  ["nothing", "", null],
  ["a comment", "# none\n", null],
  ["a byte order mark as none", "\ufeffa: 1", { a: 1 }],
  ["maps and lists", "a:\n  b: [1, 2]\nc:\n- d\n- e: f", {
    a: { b: [1, 2] },
    c: ["d", { e: "f" }],
  }],
  ["true and false in three cases", "[true, True, TRUE, false, False, FALSE]", [
    true,
    true,
    true,
    false,
    false,
    false,
  ]],
  ["the booleans of YAML 1.1 as texts", "[yes, No, on, OFF, y, n]", [
    "yes",
    "No",
    "on",
    "OFF",
    "y",
    "n",
  ]],
  ["null", "a: null\nb: ~\nc:", { a: null, b: null, c: null }],
  ["numbers", "[1, -2, +3, 1.5, .5, 1e3, 0x1F]", [
    1,
    -2,
    3,
    1.5,
    .5,
    1000,
    31,
  ]],
  ["a number with a leading zero as decimal", "[0660, 017]", [660, 17]],
  [
    "the further numbers of YAML 1.1 as texts",
    "[1_000, 1:30, 0b11, 1:30:00]",
    ["1_000", "1:30", "0b11", "1:30:00"],
  ],
  ["big numbers as the nearest number", "[9007199254740993, 1e400]", [
    9007199254740992,
    null, // Infinity, in JSON
  ]],
  ["quoted values as texts", "a: '1'\nb: \"true\"\nc: 'null'", {
    a: "1",
    b: "true",
    c: "null",
  }],
  ["!!str as text", "a: !!str 1", { a: "1" }],
  ["times as texts", "a: 2001-12-14\nb: 2001-12-14T21:59:43Z", {
    a: "2001-12-14",
    b: "2001-12-14T21:59:43Z",
  }],
  ["anchors and aliases", "a: &x {p: 1}\nb: *x", { a: { p: 1 }, b: { p: 1 } }],
  [
    "merge keys, below those beside them",
    "a: &x {p: 1, q: 1}\nb:\n  <<: *x\n  q: 2",
    { a: { p: 1, q: 1 }, b: { p: 1, q: 2 } },
  ],
  [
    "several merge keys, the first first",
    "a: &x {p: 1}\nb: &y {p: 2, q: 2}\nc:\n  <<: [*x, *y]",
    { a: { p: 1 }, b: { p: 2, q: 2 }, c: { p: 1, q: 2 } },
  ],
  ["of a key that stands twice the last value", "a: 1\na: 2", { a: 2 }],
  ["blocks of text", "a: |\n  x\n  y\nb: >-\n  p\n  q", {
    a: "x\ny\n",
    b: "p q",
  }],
  ["escapes", "a: \"\\u00e9\\n\"\nb: 'it''s'", { a: "é\n", b: "it's" }],
  ["__proto__ as a key like others", "__proto__: {x: 1}", {
    ["__proto__"]: { x: 1 },
  }],
] as const;

const PROBLEMS = [
  ["an open list", "a: 1\nb: [1, 2\nc: 3\n", 3],
  ["a tab as indentation", "a: 1\nb:\n\tc: 1\n", 3],
  ["an unknown alias", "a: 1\nb: *none\n", 2],
  ["two values in a line", "a: 1\n\nb: c: d\n", 3],
] as const;

describe("a YAML reader", () => {
  let registry: JsrRegistry;
  let results: Result[] = [];
  let failure: unknown;
  before(async () => {
    registry = await startRegistry();
    try {
      const texts = [...VALUES, ...PROBLEMS].map(([, text]) => text);
      results = await run(texts, registry.url) as Result[];
    } catch (error) {
      failure = error;
    }
  });
  after(() => registry.close());

  for (const [at, [behaviour, , expected]] of VALUES.entries()) {
    test(`reads ${behaviour}`, () => {
      assert.equal(failure, undefined);
      assert.deepEqual(results[at], { value: expected });
    });
  }

  for (const [at, [behaviour, , line]] of PROBLEMS.entries()) {
    test(`refuses ${behaviour}, with a line`, () => {
      const result = results[VALUES.length + at]!;
      assert.ok("problem" in result, JSON.stringify(result));
      assert.match(result.problem, /^[^\n]{5,}$/);
      // Where it begins, or where it was noticed.
      assert.ok(
        result.line > line - 2 && result.line <= line + 1,
        `${result.line}`,
      );
    });
  }

  test("that is missing says in one line how to install it ([deno] [node])", {
    skip: RUNTIME === "bun" && "it is part of Bun",
  }, async () => {
    // Away from node_modules of the repository, and without what was downloaded.
    cpSync(join(ROOT, "src"), join(folder, "src"), { recursive: true });
    cpSync(
      join(ROOT, "tests/_support/read_yaml.ts"),
      join(folder, "tests/_support/read_yaml.ts"),
    );
    writeFileSync(join(folder, "package.json"), '{"type":"module"}');
    rmSync(join(folder, "deno"), { recursive: true, force: true });
    const message = RUNTIME === "deno"
      ? 'Cannot load jsr:@std/yaml@1 to read YAML: run "deno cache jsr:@std/yaml@1" once, with ' +
        "access to jsr.io, or use JSON"
      : 'Cannot load the package "yaml" to read YAML: install it with "npm install yaml", or use ' +
        "JSON";
    assert.deepEqual(await run([], "http://127.0.0.1:1/", folder), {
      name: "ConfigError",
      exitCode: 3,
      message,
    });
  });
});

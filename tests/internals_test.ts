/** Holds src/ to the rule for what runtimes do not document: one folder has it, and its README explains it. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { stripSource } from "./_support/layers.ts";
import { ROOT } from "./_support/this_runtime.ts";

const FOLDER = "runtime/node/internals/";

/** What reaches below a public interface of a runtime. */
const BELOW =
  /\._[a-z]\w*|\[["']_\w+["']\]|\{\s*_[a-z]\w*\s*[:,}]|getOwnPropertySymbols|process\.binding|useUserBuffer|internalBinding|Deno\[|bunUpgrade|\b(?:const|let) \{[^}]*\b_(?:handle|parent|server|events)\b/;

/** Names that look so, and are not: by file, each with the reason. */
const HARMLESS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "application/adapters/node/node_request.ts": {
    _read: "documented for who implements a stream, as readable._read()",
  },
  "application/adapters/node/response/response_head.ts": {
    _header: "a member of ours that middleware of Express reads",
    _implicitHeader: "a member of ours that middleware of Express calls",
  },
};

/** `line` without what is harmless in the file `name`. */
function withoutHarmless(name: string, line: string): string {
  return Object.keys(HARMLESS[name] ?? {}).reduce(
    (left, member) => left.replace(new RegExp(`\\b${member}\\b`), "member"),
    line,
  );
}

function findBelow(source: string): string[] {
  return stripSource(source).withStrings.split("\n").filter((line) =>
    BELOW.test(line)
  );
}

function sourcesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), {
    recursive: true,
    encoding: "utf8",
  }).map((name) => name.replaceAll("\\", "/")).filter((name) =>
    name.endsWith(".ts")
  );
}

const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

test("src/ reaches below the runtimes' interfaces in one folder only", () => {
  const names = sourcesBelow("src");
  assert.ok(names.length > 50, `${names.length} files`);
  const found = names.filter((name) => !name.startsWith(FOLDER)).flatMap((
    name,
  ) =>
    findBelow(read(`src/${name}`))
      .filter((line) => findBelow(withoutHarmless(name, line)).length > 0)
      .map((line) => `${name}: ${line.trim()}`)
  );
  assert.deepEqual(found, []);
});

test("each file that does is explained in the README beside it", () => {
  const readme = read(`src/${FOLDER}README.md`);
  const names = sourcesBelow(`src/${FOLDER}`).filter((name) =>
    findBelow(read(`src/${FOLDER}${name}`)).length > 0
  );
  assert.ok(names.length > 0);
  for (const name of names) {
    assert.ok(
      readme.includes(`\`${name}\` |`) || readme.includes(`| \`${name}\``),
      name,
    );
  }
});

describe("what counts as below", () => {
  for (
    const line of [
      "raw._handle.readStop()",
      "const { _handle } = raw",
      "const { ssl: { _parent } } = socket",
      "const { _handle: handle } = raw",
      'raw["_parent"]',
      "stream._processChunk(chunk)",
      "Object.getOwnPropertySymbols(probe)",
      'process.binding("stream_wrap")',
      "handle.useUserBuffer(buffer)",
      "server._events",
    ]
  ) {
    test(line, () => assert.equal(findBelow(line).length, 1));
  }

  for (
    const line of [
      "override _read(): void {",
      'import { deno } from "./_deno_types.ts";',
      "const NO_BYTES = 1;",
      "// raw._handle is private",
    ]
  ) {
    test(`not: ${line}`, () => assert.deepEqual(findBelow(line), []));
  }
});

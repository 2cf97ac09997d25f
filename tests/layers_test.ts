/** Holds src/ to its import rule and to its tests, and the checks to finding what breaks them. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import {
  checkLayers,
  findCycles,
  importsOf,
  MODULE_STATE,
  stateOf,
  stripSource,
} from "./_support/layers.ts";
import { checkMirror } from "./_support/mirror.ts";
import { ROOT } from "./_support/this_runtime.ts";

/** Paths of the TypeScript files below `folder`, with `/`. */
function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => name.replaceAll("\\", "/"));
}

function readSources(): Map<string, string> {
  const folder = join(ROOT, "src");
  return new Map(
    filesOf(folder).map((path) => [
      path,
      readFileSync(join(folder, path), "utf8"),
    ]),
  );
}

describe("src/", () => {
  const sources = readSources();

  test("imports point down, without a cycle; pure folders are pure", () => {
    assert.deepEqual(checkLayers(sources), []);
  });

  test("what pure files keep between calls is in the README of their folder", () => {
    for (const [path, names] of Object.entries(MODULE_STATE)) {
      const [folder, file] = path.split("/");
      const readme = readFileSync(
        join(ROOT, "src", folder!, "README.md"),
        "utf8",
      );
      const memory = readme.split(/^## Memory$/m)[1]?.split(/^## /m)[0] ?? "";
      assert.ok(memory.includes(`\`${file}\``), `${path} in "Memory"`);
      const found = stateOf(sources.get(path) ?? "");
      assert.deepEqual(found, names, path);
    }
  });

  test("has a test for each file, where it is looked for", () => {
    const tests = new Set(filesOf(join(ROOT, "tests")));
    assert.deepEqual(checkMirror(sources, tests), []);
  });

  test("cites sections of specifications, no ids of docs/behaviour.md", () => {
    const found = [...sources].filter(([, text]) =>
      /\b(asgi|http|options|process|websocket|wishes):[A-Z]-\d{3}/.test(text)
    );
    assert.deepEqual(found.map(([path]) => path), []);
  });

  test("is what the check reads", () => {
    assert.ok(
      sources.has("asgi.ts") && sources.size > 10,
      `${sources.size} files`,
    );
  });
});

describe("checkLayers()", () => {
  const check = (files: Record<string, string>) =>
    checkLayers(new Map(Object.entries(files)));

  for (
    const [behaviour, path, text, problem] of [
      [
        "an arrow that points up",
        "http/a.ts",
        'import { x } from "../connection/b.ts";',
        'http/a.ts may not import "connection/b.ts"',
      ],
      [
        "an exchange that knows one version of HTTP",
        "connection/exchange/a.ts",
        'import type { X } from "../http1/http1_response.ts";',
        'connection/exchange/a.ts may not import "connection/http1/http1_response.ts"',
      ],
      [
        "an exchange that knows how one version of HTTP is written",
        "connection/exchange/a.ts",
        'import { x } from "../../http1/field_writer.ts";',
        'connection/exchange/a.ts may not import "http1/field_writer.ts"',
      ],
      [
        "a type-only arrow that points up",
        "runtime/a.ts",
        'import type { X } from "../server/server.ts";',
        'runtime/a.ts may not import "server/server.ts"',
      ],
      [
        "a re-export that points up",
        "errors.ts",
        'export type { X } from "./asgi.ts";',
        'errors.ts may not import "asgi.ts"',
      ],
      [
        "a dynamic import that points up",
        "config/a.ts",
        'await import("../cli/main.ts");',
        'config/a.ts may not import "cli/main.ts"',
      ],
      [
        "an import over several lines",
        "logging/a.ts",
        'import {\n  x,\n  y,\n} from "../http/b.ts";',
        'logging/a.ts may not import "http/b.ts"',
      ],
      [
        "more of runtime/ than its types in connection/",
        "connection/a.ts",
        'import { x } from "../runtime/mod.ts";',
        'connection/a.ts may not import "runtime/mod.ts"',
      ],
      [
        "an arrow that points up between the rooms of a layer",
        "runtime/process/a.ts",
        'import { x } from "../listen/b.ts";',
        'runtime/process/a.ts may not import "runtime/listen/b.ts"',
      ],
      [
        "an arrow between rooms on one level",
        "runtime/deno/a.ts",
        'import { x } from "../node/b.ts";',
        'runtime/deno/a.ts may not import "runtime/node/b.ts"',
      ],
      [
        "an arrow out of a room within a room",
        "runtime/node/internals/a.ts",
        'import { x } from "../transport.ts";',
        'runtime/node/internals/a.ts may not import "runtime/node/transport.ts"',
      ],
      [
        "an arrow from a room to the entry of its layer",
        "runtime/listen/a.ts",
        'import { x } from "../mod.ts";',
        'runtime/listen/a.ts may not import "runtime/mod.ts"',
      ],
      [
        "an arrow from a file with a row of its own into a room",
        "runtime/types.ts",
        'import type { X } from "./process/host.ts";',
        'runtime/types.ts may not import "runtime/process/host.ts"',
      ],
      [
        "the public entry",
        "server/server.ts",
        'import { x } from "../../mod.ts";',
        'server/server.ts may not import "../mod.ts"',
      ],
      [
        "a file that is private to another folder",
        "config/a.ts",
        'import { x } from "../runtime/_b.ts";',
        'config/a.ts imports "runtime/_b.ts", which is private to its folder',
      ],
      [
        "a package",
        "cli/a.ts",
        'import "npm:left-pad";',
        'cli/a.ts imports the package "npm:left-pad"',
      ],
      [
        "a node module outside of the folders that may",
        "connection/a.ts",
        'import { connect } from "node:net";',
        'connection/a.ts may not import "node:net"',
      ],
      [
        "any other node module in bytes/latin1.ts",
        "bytes/latin1.ts",
        'import { readFileSync } from "node:fs";',
        'bytes/latin1.ts may not import "node:fs"',
      ],
      [
        "a new layer",
        "strangers/a.ts",
        "",
        "strangers/a.ts belongs to no layer",
      ],
      [
        "a promise in http/",
        "http/a.ts",
        "const X = Promise.resolve();",
        'http/a.ts is pure and may not say "Promise"',
      ],
      [
        "an async function in websocket/",
        "websocket/a.ts",
        "async function f() {}",
        'websocket/a.ts is pure and may not say "async"',
      ],
      [
        "a clock in a template in http/",
        "http/a.ts",
        "const X = `${{ a: Date }.a}`;",
        'http/a.ts is pure and may not say "Date"',
      ],
      [
        "randomness in http/",
        "http/a.ts",
        "const X = Math.random();",
        'http/a.ts is pure and may not say "Math.random"',
      ],
      [
        "a variable of a pure module that is not listed",
        "http/a.ts",
        "let last = 0;",
        'http/a.ts keeps the state "last", which is not listed',
      ],
      [
        "a table of a pure module that is filled by calls",
        "bytes/a.ts",
        "export const seen: Map<string, number> = new Map();",
        'bytes/a.ts keeps the state "seen", which is not listed',
      ],
      [
        "a runtime's name outside of runtime/",
        "server/server.ts",
        "if (Deno.args) {}",
        'server/server.ts may not name the runtime "Deno"',
      ],
    ] as const
  ) {
    test(`finds ${behaviour}`, () => {
      assert.deepEqual(check({ [path]: text }), [problem]);
    });
  }

  for (
    const [behaviour, path, text] of [
      [
        "an arrow that points down",
        "server/server.ts",
        'import { x } from "./connection/a.ts";',
      ],
      ["an import within a folder", "http/a.ts", 'import { x } from "./b.ts";'],
      [
        "an arrow that points down between rooms, and out of the layer",
        "runtime/listen/a.ts",
        'import { x } from "../process/b.ts"; import "./c.ts"; import "../../errors.ts";',
      ],
      [
        "an arrow into a room within a room",
        "runtime/node/a.ts",
        'import { x } from "./internals/b.ts";',
      ],
      [
        "any room in the entry of the layer",
        "runtime/mod.ts",
        'import { x } from "./node/internals/b.ts"; import "./deno/c.ts";',
      ],
      [
        "a room from a layer above",
        "server/a.ts",
        'import { x } from "../runtime/listen/b.ts";',
      ],
      [
        "node modules in runtime/",
        "runtime/a.ts",
        'import net from "node:net"; Bun.listen();',
      ],
      [
        "node:buffer in bytes/latin1.ts",
        "bytes/latin1.ts",
        'import { Buffer } from "node:buffer";',
      ],
      [
        "impure words in comments and strings",
        "http/a.ts",
        "// Date\n/* await */ const X = \"Promise\"; const Y = 'Deno'; const z = `console`;",
      ],
      [
        "impure words as properties",
        "http/a.ts",
        "head.Date; this.#process; limits.performance;",
      ],
      [
        "impure words in a regular expression",
        "http/a.ts",
        "const X = /[/]Date/.test(y);",
      ],
      [
        "imports in comments",
        "http/a.ts",
        '// import { x } from "../server/server.ts";',
      ],
      [
        "constants, encoders and local variables of pure modules",
        "http/a.ts",
        "const MAX = 1;\nconst encoder = new TextEncoder();\nfunction f() {\n  let x = 0;\n}",
      ],
      ["division", "http/a.ts", "f(a / b); f(c / d);"],
    ] as const
  ) {
    test(`lets ${behaviour} pass`, () => {
      assert.deepEqual(check({ [path]: text }), []);
    });
  }

  test("finds a cycle of types", () => {
    const problems = check({
      "connection/a.ts": 'import type { B } from "./b.ts";',
      "connection/b.ts": 'import type { C } from "./c.ts";',
      "connection/c.ts": 'import { A } from "./a.ts";',
    });
    assert.deepEqual(problems, [
      "Import cycle: connection/a.ts -> connection/b.ts -> connection/c.ts -> connection/a.ts",
    ]);
  });
});

describe("checkMirror()", () => {
  const LOGIC = "export function f() {}";
  const check = (
    files: Record<string, string>,
    tests: readonly string[],
    elsewhere: Record<string, string> = {},
  ) => checkMirror(new Map(Object.entries(files)), new Set(tests), elsewhere);

  test("wants the test that mirrors a file", () => {
    assert.deepEqual(check({ "a/b.ts": LOGIC }, ["a/b_test.ts"]), []);
    assert.deepEqual(check({ "a/b.ts": LOGIC }, ["b_test.ts"]), [
      "src/a/b.ts has no tests/a/b_test.ts",
    ]);
  });

  test("wants none of a file that only declares types", () => {
    const text =
      'import type { A } from "./a.ts";\n/** const x */\nexport interface B extends A {}\n' +
      "declare const c: number;\nexport type D = typeof c;\n";
    assert.deepEqual(check({ "a/b.ts": text }, []), []);
  });

  test("takes the test that the list names, for a file or a folder", () => {
    const files = { "a/b.ts": LOGIC, "c/d.ts": LOGIC };
    const elsewhere = { "a/b.ts": "e_test.ts", "c/": "e_test.ts" };
    assert.deepEqual(check(files, ["e_test.ts"], elsewhere), []);
    assert.deepEqual(check({ "c/d.ts": LOGIC }, [], { "c/": "e_test.ts" }), [
      '"c/" names no test: "e_test.ts"',
    ]);
  });

  test("wants no row for what has its test, or is gone", () => {
    const tests = ["a/b_test.ts", "c_test.ts"];
    const elsewhere = { "a/b.ts": "c_test.ts", "gone.ts": "c_test.ts" };
    assert.deepEqual(check({ "a/b.ts": LOGIC }, tests, elsewhere), [
      '"a/b.ts" need not be listed',
      '"gone.ts" need not be listed',
    ]);
  });
});

test("findCycles() finds a file that imports itself", () => {
  assert.deepEqual(findCycles(new Map([["a", ["a"]]])), ["a -> a"]);
});

test("importsOf() reads every form of import", () => {
  const text = `
    import "./a.ts";
    import b from './b.ts';
    import * as c from "./c.ts";
    import type { D } from "./d.ts";
    export * from "./e.ts";
    export { f } from "./f.ts";
    const g = import("./g.ts");
    type H = import("./h.ts").H;
    const from = "./not.ts";
  `;
  assert.deepEqual(
    importsOf(text).sort(),
    ["a", "b", "c", "d", "e", "f", "g", "h"].map((name) => `./${name}.ts`),
  );
});

test("stripSource() finds its way out of nested templates", () => {
  const { code } = stripSource("`a${b(`c${d}e`)}f${{ g: 1 }.g}h`; i;");
  assert.equal(code, "`${b(`${d}`)}${{ g: 1 }.g}`; i;");
});

test("what runs for each request has no private getters: V8 leaves its compiled code for each", () => {
  const rooms = /^(bytes|connection|http|http1|runtime|websocket)\//;
  const found = [...readSources()].filter(([path, text]) =>
    rooms.test(path) && /^ +get #/m.test(text)
  ).map(([path]) => path);
  assert.deepEqual(found, []);
});

/** Holds src/ to its import rule, and the check itself to finding what breaks it. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import {
  checkLayers,
  findCycles,
  importsOf,
  stripSource,
} from "./_support/layers.ts";
import { ROOT } from "./_support/this_runtime.ts";

function readSources(): Map<string, string> {
  const folder = join(ROOT, "src");
  const sources = new Map<string, string>();
  for (
    const name of readdirSync(folder, { recursive: true, encoding: "utf8" })
  ) {
    const path = name.replaceAll("\\", "/");
    if (path.endsWith(".ts")) {
      sources.set(
        path,
        readFileSync(join(folder, name), "utf8"),
      );
    }
  }
  return sources;
}

describe("src/", () => {
  const sources = readSources();

  test("imports point down, without a cycle; pure folders are pure", () => {
    assert.deepEqual(checkLayers(sources), []);
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
      ["a new layer", "helpers/a.ts", "", "helpers/a.ts belongs to no layer"],
      [
        "a promise in http/",
        "http/a.ts",
        "const x = Promise.resolve();",
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
        "const x = `${{ a: Date }.a}`;",
        'http/a.ts is pure and may not say "Date"',
      ],
      [
        "randomness in http/",
        "http/a.ts",
        "const x = Math.random();",
        'http/a.ts is pure and may not say "Math.random"',
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
        "// Date\n/* await */ const x = \"Promise\"; const y = 'Deno'; const z = `console`;",
      ],
      [
        "impure words as properties",
        "http/a.ts",
        "head.Date; this.#process; limits.performance;",
      ],
      [
        "impure words in a regular expression",
        "http/a.ts",
        "const x = /[/]Date/.test(y);",
      ],
      [
        "imports in comments",
        "http/a.ts",
        '// import { x } from "../server/server.ts";',
      ],
      ["division", "http/a.ts", "const x = a / b; const y = c / d;"],
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

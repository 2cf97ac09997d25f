import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { buildApplication } from "../../src/application/build.ts";
import { loadExport, userStack } from "../../src/application/load.ts";
import { AppLoadError } from "../../src/errors.ts";
import { runtime } from "../../src/runtime/mod.ts";
import * as fixture from "./fixtures/main.ts";

const fixtures = fileURLToPath(new URL("fixtures", import.meta.url));
const WANTED =
  "expected an application: async (scope, receive, send) => { … }, an object with fetch(), or one " +
  "of Express, Koa or Fastify.";
const OF_CLASS =
  " Use an object of it, or a function that makes one and returns an application, with --factory.";
const FACTORY_WARNING =
  "ASGI app factory detected. Using it, but please consider setting the " +
  "--factory flag explicitly.";

/** Files that no tool may read: they are broken on purpose. */
const broken = mkdtempSync(join(tmpdir(), "tricorn-broken-"));
after(() => rmSync(broken, { recursive: true, force: true }));

interface Settings {
  readonly cwd?: string;
  readonly appDir?: string;
  readonly factory?: boolean;
}

async function load(
  spec: string,
  { cwd = fixtures, appDir, factory = false }: Settings = {},
) {
  const warnings: string[] = [];
  const onWarning = (message: string) => void warnings.push(message);
  const app = await buildApplication(spec, {
    cwd,
    appDir,
    factory,
    onWarning,
  });
  return { app, warnings };
}

async function failureOf(work: Promise<unknown>): Promise<AppLoadError> {
  try {
    await work;
  } catch (error) {
    assert.ok(
      error instanceof AppLoadError,
      `expected an AppLoadError, got ${error}`,
    );
    assert.ok(!error.message.includes("\n"), error.message);
    return error;
  }
  throw new Error("expected an AppLoadError");
}

describe("an import string finds", () => {
  for (
    const spec of [
      "main:app",
      "main.ts:app",
      "./main.ts:app",
      "main.ts",
      "with_default.ts",
      "main:nested.deep.app",
      "pkg/sub:app",
      "pkg.sub:app",
      "./pkg/sub.ts",
      "name.with.dots:app",
      "folder:app",
      "modfolder:app",
      "both:app",
      "main:promised",
      `${fixtures}/main.ts:app`,
      `${pathToFileURL(fixtures)}/main.ts:app`,
      `${pathToFileURL(fixtures)}/main.ts`,
    ]
  ) {
    test(spec.replaceAll(fixtures, "(absolute)"), async () => {
      const { app, warnings } = await load(spec);
      assert.equal(app, fixture.app);
      assert.deepEqual(warnings, []);
    });
  }

  test("plain JavaScript and CommonJS, whose names nobody sees", async () => {
    assert.equal(typeof (await load("plain:app")).app, "function");
    assert.equal(typeof (await load("common:app")).app, "function");
  });

  test("modules below appDir, and nothing beside it (options:O-003)", async () => {
    assert.equal((await load("sub:app", { appDir: "pkg" })).app, fixture.app);
    assert.equal(
      (await load("sub:app", { appDir: join(fixtures, "pkg") })).app,
      fixture.app,
    );
    assert.equal((await load("main:app", { appDir: "" })).app, fixture.app);
    await failureOf(load("main:app", { appDir: "pkg" }));
  });

  for (
    const name of [
      "withRest",
      "withDefault",
      "bound",
      "boundRest",
      "withArguments",
    ]
  ) {
    test(`an application whose length lies: ${name}`, async () => {
      const { app, warnings } = await load(`main:${name}`);
      assert.equal(app, (fixture as Record<string, unknown>)[name]);
      assert.deepEqual(warnings, []);
    });
  }
});

describe("an import string may name factories (options:O-002):", () => {
  for (const name of ["create", "createAsync"]) {
    test(`${name}, as asked`, async () => {
      const { app, warnings } = await load(`main:${name}`, { factory: true });
      assert.equal(app, fixture.app);
      assert.deepEqual(warnings, []);
    });

    test(`${name}, unasked but with a warning`, async () => {
      const { app, warnings } = await load(`main:${name}`);
      assert.equal(app, fixture.app);
      assert.deepEqual(warnings, [FACTORY_WARNING]);
    });
  }
});

describe("an import string that cannot be used says in one line", () => {
  const start = "Error loading ASGI app. ";
  const tried = "nope.ts, .mts, .js, .mjs, .cjs, .cts, .tsx, .jsx";
  for (
    const [spec, message, settings] of [
      ["app", 'Import string "app" must be in format "<module>:<attribute>".'],
      [
        "app:",
        'Import string "app:" must be in format "<module>:<attribute>".',
      ],
      [
        ":app",
        'Import string ":app" must be in format "<module>:<attribute>".',
      ],
      ["", 'Import string "" must be in format "<module>:<attribute>".'],
      [
        "main",
        'Import string "main" must be in format "<module>:<attribute>". Did you mean "main:app"?',
      ],
      [
        "a\nb",
        'Import string "a\\nb" must be in format "<module>:<attribute>".',
      ],
      [
        "nope:app",
        `Could not import module "nope". There is no ${tried} in "${fixtures}".`,
      ],
      [
        "nope.ts",
        `Could not import module "nope.ts". There is no nope.ts in "${fixtures}".`,
      ],
      [
        "nope.sub:app",
        `Could not import module "nope.sub". There is no nope.sub.ts, .mts, .js, ` +
        `.mjs, .cjs, .cts, .tsx, .jsx in "${fixtures}".`,
      ],
      [
        "main.ts/x:app",
        `Could not import module "main.ts/x". There is no main.ts/x.ts, .mts, ` +
        `.js, .mjs, .cjs, .cts, .tsx, .jsx in "${fixtures}".`,
      ],
      [
        "file:///nope/main.ts:app",
        'Could not import module "file:///nope/main.ts". There is no such file.',
      ],
      [
        "main:app",
        `Could not import module "main". There is no directory "${
          join(fixtures, "gone")
        }".`,
        { appDir: "gone" },
      ],
      [
        "with_default:nope",
        'Attribute "nope" not found in module "with_default". It exports "default".',
      ],
      [
        "with_default:default.nope.deep",
        'Attribute "default.nope.deep" not found in module "with_default". It exports "default".',
      ],
      [
        "empty:app",
        'Attribute "app" not found in module "empty". It exports nothing.',
      ],
      [
        "with_neither.ts",
        'Module "with_neither.ts" has neither a default export nor one named "app". ' +
        'It exports "other".',
      ],
      ["main:text", `"main:text" is a string; ${WANTED}`],
      ["main:list", `"main:list" is an array; ${WANTED}`],
      ["main:nothing", `"main:nothing" is undefined; ${WANTED}`],
      ["main:nested", `"main:nested" is an object; ${WANTED}`],
      ["main:thing", `"main:thing" is an object of class Thing; ${WANTED}`],
      ["main:Thing", `"main:Thing" is a class; ${WANTED}${OF_CLASS}`],
      [
        "main:service",
        `"main:service" is an object of class Service; ${WANTED} Use one of its methods in its ` +
        "place: (scope, receive, send) => it.handle(scope, receive, send).",
      ],
      [
        "main:derived",
        `"main:derived" is an object of class Derived; ${WANTED} Use one of its methods in its ` +
        "place: (scope, receive, send) => it.handle(scope, receive, send).",
      ],
      [
        "main:middleware",
        `"main:middleware" is middleware (its third parameter is "next"); ${WANTED} If it answers ` +
        "every request itself, give --interface node.",
      ],
      ["main:four", `"main:four" is a function of 4 parameters; ${WANTED}`],
      [
        "main:generator",
        `"main:generator" is a generator function; ${WANTED} If it takes (environ, startResponse), ` +
        "give --interface wsgi.",
      ],
      [
        "main:createNothing",
        `What "main:createNothing" returned is undefined; ${WANTED}`,
      ],
      [
        "main:createClass",
        `What "main:createClass" returned is a class; ${WANTED}${OF_CLASS}`,
      ],
    ] as readonly (readonly [string, string, Settings?])[]
  ) {
    test(`${JSON.stringify(spec)} ${settings ? JSON.stringify(settings) : ""}`, async () => {
      const error = await failureOf(load(spec, settings));
      assert.equal(error.message, start + message);
      assert.equal(error.cause, undefined);
      assert.equal(error.exitCode, 3);
    });
  }

  test("that an attribute is missing, with the first of many exports", async () => {
    const { message } = await failureOf(load("main:nope"));
    assert.match(
      message,
      /^Error loading ASGI app\. Attribute "nope" not found in module "main"\. It exports "Thing", "app", .* and more\.$/,
    );
  });

  for (
    const [name, problem] of [
      ["app", "a function of 3 parameters"],
      ["thing", "an object of class Thing"],
      ["Thing", "a class"],
    ] as const
  ) {
    test(`that ${name} is no factory`, async () => {
      const { message } = await failureOf(
        load(`main:${name}`, { factory: true }),
      );
      assert.equal(
        message,
        `Error loading ASGI app factory: "main:${name}" is ${problem}, not a function without ` +
          "parameters.",
      );
    });
  }
});

describe("what the application threw is the cause", () => {
  for (const factory of [true, false]) {
    test(`of a factory, ${factory ? "as asked" : "unasked"}`, async () => {
      const error = await failureOf(load("main:failing", { factory }));
      assert.equal(
        error.message,
        "Error loading ASGI app factory: no database",
      );
      assert.ok(error.cause instanceof RangeError);
    });
  }

  test("of a promise", async () => {
    const error = await failureOf(load("main:rejected"));
    assert.equal(
      error.message,
      'Error loading ASGI app. The promise "main:rejected" was rejected.',
    );
    assert.ok(error.cause instanceof Error);
  });

  test("of a module, whose stack is cut to what the user wrote", async () => {
    const error = await failureOf(load("throwing:app"));
    assert.equal(
      error.message,
      'Error loading ASGI app. Module "throwing" failed to load.',
    );
    const stack = userStack(error.cause);
    assert.match(stack, /^Error: no database$/m);
    assert.match(stack, /^Caused by: TypeError: no address$/m);
    const frames = stack.split("\n").filter((line) => /^\s+at /.test(line));
    // Two frames of the error, two of its cause, and what called us: this file.
    const users = frames.filter((frame) => !frame.includes("load_test.ts"));
    assert.equal(users.length, 4, stack);
    for (const frame of users) assert.match(frame, /throwing\.ts:\d+:\d+/);
  });

  test("of a module that threw no error", async () => {
    const error = await failureOf(load("throwing_text:app"));
    assert.equal(userStack(error.cause), 'Thrown value: "a string"');
  });

  for (
    const [what, files, place] of [
      ["a syntax error in TypeScript", {
        "bad1.ts": "const x = 1;\nconst y = = 2;\n",
      }, "bad1.ts:2"],
      ["a syntax error in JavaScript", {
        "bad2.mjs": "const x = 1;\nconst y = = 2;\n",
      }, "bad2.mjs:2"],
      [
        "a syntax error in what it imports",
        {
          "bad3.mjs": 'import "./dep3.mjs";\n',
          "dep3.mjs": "\n\nconst y = = 2;\n",
        },
        "dep3.mjs:3",
      ],
      [
        "an import that is not there",
        {
          "bad4.mjs":
            'import { x } from "./gone4.mjs";\nexport const app = x;\n',
        },
        "gone4.mjs",
      ],
      [
        "a name that is not exported",
        {
          "bad5.mjs":
            'import { x } from "./dep5.mjs";\nexport const app = x;\n',
          "dep5.mjs": "export const y = 1;\n",
        },
        "dep5.mjs",
      ],
    ] as readonly (readonly [string, Record<string, string>, string])[]
  ) {
    test(`${what} is told with its place`, async () => {
      for (const [name, text] of Object.entries(files)) {
        writeFileSync(join(broken, name), text);
      }
      const [module] = Object.keys(files);
      const error = await failureOf(load(`${module}:app`, { cwd: broken }));
      assert.equal(
        error.message,
        `Error loading ASGI app. Module "${module}" failed to load.`,
      );
      const stack = userStack(error.cause);
      assert.ok(stack.includes(place), stack);
      assert.doesNotMatch(stack, /node:internal|ext:|\x1b/);
    });
  }

  test("syntax that only Node refuses comes with the way out", async () => {
    const text =
      "enum A { B }\nexport const app = async (_s: A, _r: A, _t: A) => {};\n";
    writeFileSync(join(broken, "enum.ts"), text);
    const work = load("enum:app", { cwd: broken });
    if (runtime.name !== "node") return void await work;
    const { message } = await failureOf(work);
    assert.match(
      message,
      /^Error loading ASGI app\. Module "enum" failed to load\. Node only takes/,
    );
  });
});

test("loadExport() returns whatever the export is", async () => {
  const where = { cwd: fixtures };
  for (const name of ["text", "create", "rejected"] as const) {
    const { value } = await loadExport(`main:${name}`, where);
    assert.equal(value, fixture[name]);
  }
});

describe("an import string names a file rather than a URL", () => {
  const schemes = ["http", "https", "data", "file", "blob", "node", "bun"];
  const folder = mkdtempSync(join(tmpdir(), "tricorn-schemes-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of [...schemes, "npm", "jsr"]) {
    writeFileSync(
      join(folder, `${name}.ts`),
      `export const app = async (scope, receive, send) => "${name}";\n`,
    );
  }

  for (const name of [...schemes, "npm", "jsr"]) {
    test(`${name}:app is the export of ${name}.ts`, async () => {
      const { app } = await load(`${name}:app`, { cwd: folder });
      const call = app as unknown as () => Promise<string>;
      assert.equal(await call(), name);
    });
  }

  for (const name of [...schemes, "jsr"]) {
    test(`${name}:app is not downloaded where there is no ${name}.ts`, async () => {
      const { message } = await failureOf(load(`${name}:app`));
      assert.ok(
        message.startsWith(
          `Error loading ASGI app. Could not import module "${name}". There is no ${name}.ts, `,
        ),
        message,
      );
    });
  }
});

describe("a factory is recognised by its parameters", () => {
  const file = join(broken, "factories.ts");
  const app = "async (scope, receive, send) => {}";
  const factories: Readonly<Record<string, string>> = {
    none: `() => ${app}`,
    defaults: `(settings = {}) => ${app}`,
    patterns: `({ debug = false, log = [1, 2] } = {}) => ${app}`,
    two: `(a = f(1, 2, 3), b = [4, 5],) => ${app}`,
    method: `({ make(a = 1) { return ${app}; } }).make`,
  };
  const applications: Readonly<Record<string, string>> = {
    rest: `(...all) => undefined`,
    restAfter: `(a = 1, ...all) => undefined`,
    three: `(a = 1, b, c) => undefined`,
    threeDefaults: `(a = 1, b = 2, c = 3) => undefined`,
    text: `(a = "(", b, c) => undefined`,
    closed: `(a = ")", b, c) => undefined`,
    template: "(a = `(`, b, c) => undefined",
    regular: `(a = /[(]/, b, c) => undefined`,
    bound: `((a, b) => undefined).bind(null, 1, 2)`,
  };
  writeFileSync(
    file,
    [
      "// @ts-nocheck",
      "const f = (...all) => all;",
      ...Object.entries({ ...factories, ...applications }).map((
        [name, source],
      ) => `export const ${name} = ${source};`),
    ].join("\n"),
  );

  for (const name of Object.keys(factories)) {
    test(`${name}: ${factories[name]}`, async () => {
      const { app, warnings } = await load(`${file}:${name}`);
      assert.equal(app.length, 3);
      assert.deepEqual(warnings, [FACTORY_WARNING]);
    });
  }

  for (const name of Object.keys(applications)) {
    test(`and not in ${name}: ${applications[name]}`, async () => {
      const { app, warnings } = await load(`${file}:${name}`);
      assert.deepEqual(warnings, []);
      assert.equal((app as () => unknown)(), undefined);
    });
  }
});

/**
 * The npm package as its users get it: built, packed and installed beside an application, then run
 * on the runtime under test.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { VERSION } from "../../src/version.ts";
import { exchange, request } from "../_support/raw_client.ts";
import {
  ServerProcess,
  type ServerStart,
  withServer,
} from "../_support/spawn_server.ts";
import {
  type CommandLine,
  commandLine,
  ROOT,
  RUNTIME,
} from "../_support/this_runtime.ts";

const APP = `export async function app(scope, receive, send) {
  if (scope.type !== "http") return;
  await send({ type: "http.response.start", status: 200 });
  await send({ type: "http.response.body", body: "Hello from a package" });
}
`;

/** What lies in the folder of the user. */
const FILES: Readonly<Record<string, string>> = {
  "main.js": APP,
  "broken.js": 'import { connect } from "database";\nconnect();\n',
  // A package beside ours is no part of ours.
  "node_modules/database/package.json":
    '{ "type": "module", "exports": "./lib/index.js" }\n',
  "node_modules/database/lib/index.js":
    'export function connect() { throw new Error("no database"); }\n',
  "library.js": `import * as api from "tricorn";
import * as command from "tricorn/cli";
import { app } from "./main.js";
const server = api.serve(app, { port: 0, logLevel: "critical", accessLog: false });
await server.listening;
const answer = await fetch(server.url);
let error;
try { new api.Config(app, { port: -1 }); } catch (thrown) { error = thrown; }
console.log(JSON.stringify({
  names: Object.keys(api).sort().join(" "),
  command: Object.keys(command),
  text: await answer.text(),
  isOurs: error instanceof api.ConfigError,
  classes: [api.Server.name, error.constructor.name],
}));
await server.stop();
`,
  "consumer.ts": `import { type AsgiApp, ConfigError, serve } from "tricorn";
import { run } from "tricorn/cli";
const app: AsgiApp = async (scope, _receive, send) => {
  if (scope.type !== "http") return;
  await send({ type: "http.response.start", status: 200 });
};
const server = serve(app, { port: 0 });
export const url: string | undefined = server.url;
export const ended: Promise<void> = run();
export const code: number = new ConfigError("wrong").exitCode;
// @ts-expect-error A port is a number.
serve(app, { port: "eighty" });
`,
  "tsconfig.json": JSON.stringify({
    compilerOptions: {
      strict: true,
      noEmit: true,
      module: "nodenext",
      target: "es2022",
      lib: ["es2022", "esnext.disposable", "dom"],
      // What the package needs of a runtime's types, it would have to bring.
      types: [],
    },
    files: ["consumer.ts"],
  }),
};

let folder = "";
let project = "";

/** Runs a program in the folder of the user, to its end. */
function runHere({ program, args }: CommandLine) {
  return spawnSync(program, args, {
    cwd: project,
    encoding: "utf8",
    timeout: 60_000,
    env: {
      ...process.env,
      NO_COLOR: "1",
      npm_config_cache: join(folder, "cache"),
      npm_config_update_notifier: "false",
    },
    shell: process.platform === "win32",
  });
}

function npm(...args: string[]): string {
  const { status, stdout, stderr, error } = runHere({
    program: "npm",
    args: [...args, "--offline", "--ignore-scripts"],
  });
  assert.equal(status, 0, `npm ${args[0]}: ${error?.message ?? stderr}`);
  return stdout;
}

function packageFile(path: string): string {
  return join(project, "node_modules/tricorn", path);
}

/** The command, in a folder with the package, by its file. */
function start(...args: string[]): ServerStart {
  return { command: packageFile("bin/tricorn.js"), cwd: project, args };
}

/** Runs the command to its end, which must come by itself. */
async function ended(...args: string[]): Promise<ServerProcess> {
  const server = new ServerProcess(start(...args, "--port", "0"));
  assert.deepEqual(await server.end(), { code: 3, signal: null });
  return server;
}

before(() => {
  folder = mkdtempSync(join(tmpdir(), "tricorn-npm-"));
  project = join(folder, "project");
  mkdirSync(project);
  const built = join(folder, "built");
  const { status, stderr } = runHere(
    commandLine("packaging/npm.mjs", ["--out", built]),
  );
  assert.equal(status, 0, stderr);
  writeFileSync(join(project, "package.json"), '{ "type": "module" }\n');
  npm("pack", built);
  npm("install", `./tricorn-${VERSION}.tgz`);
  // After npm, which would take away a package that nobody asked for.
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(project, path)), { recursive: true });
    writeFileSync(join(project, path), text);
  }
});
after(() => rmSync(folder, { recursive: true, force: true }));

describe("the build", () => {
  test("replaces an older one, and no other folder", () => {
    writeFileSync(join(folder, "built/lib/left_over.js"), "");
    const build = (out: string) =>
      runHere(commandLine("packaging/npm.mjs", ["--out", out]));
    const again = build(join(folder, "built"));
    assert.equal(again.status, 0, again.stderr);
    assert.ok(!existsSync(join(folder, "built/lib/left_over.js")));
    const { status, stderr } = build(project);
    assert.equal(status, 1);
    assert.match(stderr, /^Cannot build into ".*": expected /);
    assert.ok(existsSync(join(project, "main.js")));
  });
});

describe("the files", () => {
  test("are the command, the modules, their types and three documents", () => {
    assert.deepEqual(readdirSync(packageFile("")).sort(), [
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "bin",
      "lib",
      "package.json",
      "types",
    ]);
  });

  test("say the version and the licence, and depend on nothing", () => {
    const manifest = JSON.parse(
      readFileSync(packageFile("package.json"), "utf8"),
    );
    assert.equal(manifest.version, VERSION);
    assert.equal(manifest.license, "MIT");
    assert.equal(manifest.dependencies, undefined);
    for (const entry of ["cli", "mod"]) {
      assert.ok(existsSync(packageFile(`lib/${entry}.js`)), entry);
      assert.ok(existsSync(packageFile(`types/${entry}.d.ts`)), entry);
    }
  });

  test("name our package in their examples", () => {
    for (const path of ["README.md", "types/mod.d.ts"]) {
      const text = readFileSync(packageFile(path), "utf8");
      assert.match(text, /from "tricorn"/, path);
      assert.doesNotMatch(text, /from "(?:jsr:|\.\/mod\.ts)/, path);
    }
  });

  for (
    const [entry, most, further] of [
      // The command loads nothing but the check of the runtime's version before that has passed.
      ["cli.js", 6, []],
      ["mod.js", 4, ["cli"]],
    ] as const
  ) {
    test(`that ${entry} loads are few, and the rest is loaded when it is needed`, () => {
      const read = (name: string) =>
        readFileSync(packageFile(`lib/${name}`), "utf8");
      const loaded = new Set<string>([entry]);
      const lazy = new Set<string>();
      for (const name of loaded) {
        for (
          const [, other] of read(name).matchAll(
            /(?:from |\bimport ?)"\.\/([^"]+)"/g,
          )
        ) loaded.add(other!);
        for (
          const [, other] of read(name).matchAll(/\bimport\("\.\/([^"]+)"\)/g)
        ) (other!.startsWith("main-") ? loaded : lazy).add(other!);
      }
      assert.ok(loaded.size <= most, [...loaded].join());
      assert.deepEqual(
        [...lazy].map((name) => name.replace(/-.*/, "")).sort(),
        [
          ...further,
          "open_certificates",
          "proxy_rules",
          "syntax_error",
          "tls",
          "transport",
          "unix_path",
        ],
      );
      assert.deepEqual([...lazy].filter((name) => loaded.has(name)), []);
      for (const name of lazy) {
        assert.ok(existsSync(packageFile(`lib/${name}`)));
      }
    });
  }
});

describe("the command", () => {
  /** As its users start it. */
  const asUsersDo: Readonly<Record<typeof RUNTIME, CommandLine>> = {
    deno: { program: process.execPath, args: ["run", "-A", "npm:tricorn"] },
    bun: { program: process.execPath, args: ["x", "--bun", "tricorn"] },
    node: { program: "npx", args: ["--offline", "tricorn"] },
  };

  test("is found by the name of the package", () => {
    const { program, args } = asUsersDo[RUNTIME];
    const { status, stdout, stderr } = runHere({
      program,
      args: [...args, "--version"],
    });
    assert.equal(status, 0, stderr);
    assert.ok(stdout.startsWith(`Running tricorn ${VERSION} with `), stdout);
  });

  test("serves an application", async () => {
    await withServer(start("main:app"), async (server) => {
      const { status, body } = await exchange(server.target, request("GET /"));
      assert.deepEqual([status, body], [200, "Hello from a package"]);
    });
  });

  test("loads what TLS and UNIX sockets need when they are asked for", async () => {
    const path = join(folder, "tricorn.sock");
    const args = ["--ssl-dev", "--bind", `unix:${path}`, "main:app"];
    await withServer(start(...args), (server) => {
      assert.match(server.runningOn, /tricorn\.sock/);
      return Promise.resolve();
    });
  });

  test("tells of a wrong import string in one line", async () => {
    const { stderr, stdout } = await ended("nothing_there:app");
    assert.deepEqual(stdout, []);
    assert.equal(stderr.length, 1, stderr.join("\n"));
    assert.match(
      stderr[0]!,
      /^ERROR: {4}Error loading ASGI app\. Could not import module "nothing_there"\./,
    );
  });

  test("shows of an application that throws the user's part of the stack", async () => {
    const { output } = await ended("broken:app");
    assert.match(output, /no database/);
    assert.match(output, /at .*broken\.js:2:/);
    assert.match(output, /at connect .*node_modules.database.lib.index\.js:1:/);
    assert.doesNotMatch(output, /tricorn.(?:lib|bin)|node:internal/);
  });
});

describe("the library", () => {
  test("serves, starts nothing by itself, and has the names of the sources", () => {
    const { status, stdout, stderr } = runHere(
      commandLine(join(project, "library.js"), ["--no-such-option"]),
    );
    assert.equal(status, 0, stderr);
    assert.deepEqual(JSON.parse(stdout), {
      names:
        "AppLoadError ClientDisconnected Config ConfigError InvalidEventError ListenError Server " +
        "StartupError UnexpectedEventError UnsupportedRuntimeError UnsupportedScopeError VERSION " +
        "run serve",
      command: ["run"],
      text: "Hello from a package",
      isOurs: true,
      classes: ["Server", "ConfigError"],
    });
  });

  // The same program and the same files on every runtime.
  test("[node] has types, which need none of a runtime's", {
    skip: RUNTIME !== "node" && "once is enough",
  }, () => {
    const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
    const { status, stdout } = runHere(commandLine(tsc));
    assert.equal(status, 0, stdout);
  });
});

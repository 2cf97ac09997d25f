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
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
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
import { APP, packPackage } from "./_package.ts";

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
  "stacks.js": `import { Config } from "tricorn";
import { readBody } from "tricorn/helpers";
import { upgradeWebSocket } from "tricorn/adapters/fetch";
const stacks = [];
for (
  const fail of [
    () => new Config(() => {}, { port: -1 }),
    () => upgradeWebSocket(new Request("http://localhost/")),
    () => readBody(null),
  ]
) {
  try { await fail(); } catch (error) { stacks.push(error.stack); }
}
console.log(JSON.stringify(stacks));
`,
  "consumer.ts":
    `import { type AsgiApp, ConfigError, serve, type ServeOptions } from "tricorn";
import { run } from "tricorn/cli";
import { upgradeWebSocket } from "tricorn/adapters/fetch";
import { readBody } from "tricorn/helpers";
import { testClient, type TestResponse } from "tricorn/testing";
const app: AsgiApp = async (scope, receive, send) => {
  if (scope.type !== "http" || scope.extensions.drain_signal.signal.aborted) return;
  if (new Headers(scope.headers).has("content-length")) await readBody(receive);
  await send({ type: "http.response.start", status: 200 });
};
const server = serve(app, { port: 0 });
export const url: string | undefined = server.url;
export const port: number | undefined = server.port;
export const other = serve((request: Request) => new Response(request.url));
export const options = { port: 0, logLevel: "debug" } satisfies ServeOptions;
export const tested: Promise<TestResponse> = testClient(app).then((client) => client.fetch("/"));
export const ended: Promise<void> = run();
export const upgraded: Response =
  upgradeWebSocket(new Request("http://localhost/"), { headers: { "x-a": "1" } }).response;
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
      lib: ["es2022", "dom"],
      // What the package needs of a runtime's types, it would have to bring.
      types: [],
    },
    files: ["consumer.ts"],
  }),
  "tsconfig.bundler.json": JSON.stringify({
    extends: "./tsconfig.json",
    compilerOptions: { module: "esnext", moduleResolution: "bundler" },
  }),
  // With all that Node declares, and nothing that browsers do.
  "tsconfig.node.json": JSON.stringify({
    extends: "./tsconfig.json",
    compilerOptions: {
      lib: ["es2024"],
      types: ["node"],
      typeRoots: [join(ROOT, "node_modules/@types")],
    },
  }),
};

/** Of the archive, in bytes: half as much again as it had when this was written. */
const MOST_PACKED = 1_650_000;

let folder = "";
let project = "";
let archive = "";

/** Runs a program in the folder of the user, to its end. */
function runHere({ program, args }: CommandLine) {
  return spawnSync(program, args, {
    cwd: project,
    encoding: "utf8",
    timeout: 180_000,
    env: {
      ...process.env,
      // npx starts the command on the first Node of the path.
      PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
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

/** Where the first segment of each line of a source map comes from: source and line, from zero. */
function originsOf(
  mappings: string,
): (readonly [number, number] | undefined)[] {
  const digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  let [source, line] = [0, 0];
  return mappings.split(";").map((text) => {
    let first: readonly [number, number] | undefined;
    for (const segment of text.split(",")) {
      const numbers = [...segment.matchAll(/[g-z0-9+/]*[A-Za-f]/g)]
        .map(([number]) => {
          const value = [...number].reduceRight(
            (sum, digit) => sum * 32 + digits.indexOf(digit) % 32,
            0,
          );
          return value % 2 === 0 ? value / 2 : -(value - 1) / 2;
        });
      if (numbers.length < 4) continue;
      source += numbers[1]!;
      line += numbers[2]!;
      first ??= [source, line];
    }
    return first;
  });
}

before(() => {
  folder = mkdtempSync(join(tmpdir(), "tricorn-npm-"));
  project = join(folder, "project");
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), '{ "type": "module" }\n');
  archive = packPackage(folder);
  npm("install", archive);
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
  test("are the command, the modules, their types and sources, and three documents", () => {
    assert.deepEqual(readdirSync(packageFile("")).sort(), [
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "bin",
      "cli.ts",
      "lib",
      "mod.ts",
      "package.json",
      "src",
      "tricorn.schema.json",
      "types",
    ]);
  });

  test("are of few kinds, and small", () => {
    const paths = readdirSync(packageFile(""), { recursive: true })
      .map((path) => String(path).replaceAll("\\", "/"));
    for (
      const [folder, kind] of [
        ["bin", /^bin\/tricorn\.js$/],
        ["lib", /^lib\/(?:adapters\/)?[\w-]+\.js(?:\.map)?$/],
        ["src", /^src\/[\w/]+\.ts$/],
        ["types", /\.d\.ts$/],
      ] as const
    ) {
      const odd = paths.filter((path) =>
        path.startsWith(`${folder}/`) && /\.\w+$/.test(path) && !kind.test(path)
      );
      assert.deepEqual(odd, []);
    }
    const { size } = statSync(archive);
    assert.ok(size < MOST_PACKED, `${size} bytes`);
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

  test("say where the project lives", () => {
    const { homepage, repository, bugs } = JSON.parse(
      readFileSync(packageFile("package.json"), "utf8"),
    );
    for (const url of [homepage, repository.url, bugs]) {
      assert.match(url, /^(?:git\+)?https:\/\/github\.com\/[\w-]+\/tricorn\b/);
    }
  });

  test("link to what is not among them by absolute addresses", () => {
    const text = readFileSync(packageFile("README.md"), "utf8");
    const links = [...text.matchAll(/\]\(([^)]+)\)/g)].map((match) =>
      match[1]!
    );
    assert.ok(links.length > 10);
    for (const link of links) {
      if (!link.startsWith("#")) assert.match(link, /^https:\/\//);
      const [, path] = /\/(?:blob|raw)\/v[^/]+\/([^#]+)/.exec(link) ?? [];
      if (path !== undefined) assert.ok(existsSync(join(ROOT, path)), link);
    }
    assert.ok(links.some((link) => link.includes(`/blob/v${VERSION}/`)));
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
      // One of each is shared with entries that have no server: errors, lifespan, percent-encoding.
      // The command loads nothing but the check of the runtime's version before that has passed.
      ["cli.js", 6, [
        "check",
        "completion",
        "config_file",
        "fetch_command",
        "help",
        "serve_address",
        "sub_command",
        "takeover",
        "worker",
      ]],
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
        [...new Set([...lazy].map((name) => name.replace(/-.*/, "")))].sort(),
        [
          ...further,
          "adapt",
          "adopt",
          "capacity",
          "catch_servers",
          "channel",
          "children",
          "compile_cache",
          "datagrams",
          "env_files",
          "hold",
          "hub",
          "load",
          "log_file",
          "loop_watch",
          "measuring",
          "message_trace",
          "open_certificates",
          "orphans",
          "packages",
          "parent_link",
          "preloads",
          "probe",
          "process_health",
          "proxy_rules",
          "raw_upgrade",
          "readiness",
          "reset_context",
          "run_reload",
          "run_supervised",
          "scan_trees",
          "server_health",
          "single_process",
          "strangers",
          "syntax_error",
          "systemd_notify",
          "tls",
          "to_fetch",
          "transport",
          "unix_path",
          "watch_trees",
          "watchdog",
          "websocket_upgrade",
          "open_traces",
          "tracing_channel",
          "yaml",
        ].sort(),
      );
      assert.deepEqual([...lazy].filter((name) => loaded.has(name)), []);
      for (const name of lazy) {
        assert.ok(existsSync(packageFile(`lib/${name}`)));
      }
    });
  }
});

describe("the source maps", () => {
  const sourceOf = (path: string) => readFileSync(join(ROOT, path), "utf8");

  test("lead from every function and class to the line that declares it", () => {
    const wrong: string[] = [];
    let lines = 0;
    const chunks = readdirSync(packageFile("lib"), { recursive: true })
      .map(String).filter((path) => path.endsWith(".js"));
    for (const chunk of chunks) {
      const path = packageFile(join("lib", chunk));
      const map = JSON.parse(readFileSync(`${path}.map`, "utf8"));
      const origins = originsOf(map.mappings);
      const sources = (map.sources as readonly string[]).map((source) =>
        readFileSync(join(dirname(path), source), "utf8").split("\n")
      );
      for (
        const [at, line] of readFileSync(path, "utf8").split("\n").entries()
      ) {
        const [, name] = /^(?:async )?(?:function\*?|class) (\w+?)\d*\b/
          .exec(line) ?? [];
        if (name === undefined) continue;
        lines++;
        const [source, origin] = origins[at] ?? [];
        const text = sources[source ?? -1]?.[origin ?? -1] ?? "";
        // A program in a string begins its lines like others.
        const isText = sources[source ?? -1]?.includes(line);
        if (!text.includes(name) && !isText) {
          wrong.push(`${chunk}:${at + 1}: ${line} => ${text}`);
        }
      }
    }
    assert.deepEqual(wrong, []);
    assert.ok(lines > 1000, `${lines} lines`);
  });

  test("of all modules have their sources in the package, as they are", () => {
    for (const path of ["mod.ts", "cli.ts", "src/config/resolve.ts"]) {
      assert.equal(readFileSync(packageFile(path), "utf8"), sourceOf(path));
    }
  });

  test("make stacks name files and lines of the sources", () => {
    const flags = RUNTIME === "node" ? ["--enable-source-maps"] : [];
    const { program, args } = commandLine(join(project, "stacks.js"));
    const { status, stdout, stderr } = runHere({
      program,
      args: [...flags, ...args],
    });
    assert.equal(status, 0, stderr);
    // Bun tells of a map that it cannot read.
    assert.equal(stderr, "");
    const stacks: readonly string[] = JSON.parse(stdout);
    for (
      const [at, path, code] of [
        [
          0,
          "src/config/resolve.ts",
          "throw new ConfigError(`Cannot use option",
        ],
        [
          1,
          "src/application/adapters/fetch/websocket/upgrade_request.ts",
          "throw new TypeError(",
        ],
        [2, "src/application/whole_body.ts", "await receive()"],
      ] as const
    ) {
      const lines = sourceOf(path).split("\n");
      const [, line] =
        new RegExp(`tricorn/${path}:(\\d+):\\d+`).exec(stacks[at]!) ?? [];
      assert.ok(line !== undefined, stacks[at]);
      assert.ok(lines[Number(line) - 1]!.includes(code), stacks[at]);
    }
    assert.doesNotMatch(stacks.join("\n"), /tricorn.lib/);
  });

  // Deno 2.9 reads the map of a module that is the first to ask for another one.
  test("are small where Deno reads them at the start", () => {
    const importsOf = (path: string) =>
      [
        ...readFileSync(packageFile(join("lib", path)), "utf8").matchAll(
          /^(?:import|\}) [^"\n]*"((?:\.\/|node:)[^"]+)";|(?<=; )import "([^"]+)";/gm,
        ),
      ].map(([, first, more]) => (first ?? more)!);
    const [command] = readdirSync(packageFile("lib"))
      .filter((name) => /^main-\w+\.js$/.test(name));
    for (const entry of ["mod.js", "testing.js", command!]) {
      const first = new Set(importsOf(entry));
      const later = [...first].filter((path) => path.startsWith("./"))
        .flatMap((path) => importsOf(path.slice(2)));
      assert.deepEqual(later.filter((path) => !first.has(path)), []);
      assert.ok(statSync(packageFile(`lib/${entry}.map`)).size < 16_384);
    }
  });

  // Without the mark Bun 1.4 reads no map; with it, it takes each byte of the file for a character.
  test("are read by Bun, of modules in ASCII", () => {
    for (const name of readdirSync(packageFile("lib"), { recursive: true })) {
      if (!String(name).endsWith(".js")) continue;
      const text = readFileSync(packageFile(join("lib", String(name))), "utf8");
      assert.ok(text.startsWith("// @bun\n"), String(name));
      // cli.ts has one, which is an error anywhere but in the first line.
      assert.doesNotMatch(text, /^#!/m, String(name));
      // deno-lint-ignore no-control-regex
      assert.doesNotMatch(text, /[^\0-\x7f]/, String(name));
    }
  });
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
    assert.doesNotMatch(output, /tricorn.(?:lib|bin|src)|node:internal/);
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
        "defineConfig run serve",
      command: ["run"],
      text: "Hello from a package",
      isOurs: true,
      classes: ["Server", "ConfigError"],
    });
  });

  // The same program and the same files on every runtime.
  test(
    "[node] has types, which need none of a runtime's and get along with Node's",
    {
      skip: RUNTIME !== "node" && "once is enough",
    },
    () => {
      const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
      for (
        const config of [
          "tsconfig.json",
          "tsconfig.bundler.json",
          "tsconfig.node.json",
        ]
      ) {
        const { status, stdout } = runHere(commandLine(tsc, ["-p", config]));
        assert.equal(status, 0, stdout);
      }
    },
  );
});

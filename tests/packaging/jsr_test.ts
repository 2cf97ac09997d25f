/**
 * The JSR package as its users get it: published to a stand-in for jsr.io, then run and imported by
 * Deno from folders that hold nothing of ours.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { VERSION } from "../../src/version.ts";
import { type JsrRegistry, startJsr } from "../_support/jsr_registry.ts";
import { exchange, request } from "../_support/raw_client.ts";
import { withServer } from "../_support/spawn_server.ts";
import { ROOT, RUNTIME } from "../_support/this_runtime.ts";

const skip = RUNTIME !== "deno" && "only Deno takes packages from JSR";
const NAME = "jsr:@tricorn/serve";
/** Every way to start the command, after Deno's program. */
const WAYS: readonly (readonly string[])[] = [
  ["run", "-A", NAME],
  ["run", "--allow-net", "--allow-read", NAME],
  ["run", "-A", `${NAME}/cli`],
  ["x", "-A", NAME],
];

/** What the folders of users hold besides the application. */
const FOLDERS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "an empty folder": {},
  "a folder with a deno.json": { "deno.json": '{ "imports": {} }' },
  "a folder with a package.json": {
    "package.json": '{ "name": "mine", "type": "module" }',
  },
};

const FILES: Readonly<Record<string, string>> = {
  "main.ts": `import type { AsgiApp } from "${NAME}";
export const app: AsgiApp = async (scope, _receive, send) => {
  if (scope.type !== "http") return;
  await send({ type: "http.response.start", status: 200 });
  await send({ type: "http.response.body", body: "Hello from JSR" });
};
`,
  "library.ts": `import { serve } from "${NAME}";
import { sendResponse } from "${NAME}/helpers";
import { testClient } from "${NAME}/testing";
import { upgradeWebSocket } from "${NAME}/adapters/fetch";
import { run } from "${NAME}/cli";
import { app } from "./main.ts";
const server = serve(app, { port: 0, logLevel: "critical", accessLog: false });
await server.listening;
console.log(await (await fetch(server.url!)).text());
await server.stop();
console.log([sendResponse, testClient, upgradeWebSocket, run].map((each) => typeof each).join());
`,
};

let folder = "";
let registry: JsrRegistry;
/** The same package, released a moment ago. */
let fresh: JsrRegistry;

function environment(url: string): Record<string, string> {
  return {
    ...process.env as Record<string, string>,
    JSR_URL: url,
    DENO_DIR: join(folder, url === registry?.url ? "cache" : "fresh_cache"),
    DENO_NO_UPDATE_CHECK: "1",
    NO_COLOR: "1",
  };
}

/** Runs Deno to its end. The registry is in this process, which must not stand still meanwhile. */
function runDeno(
  args: readonly string[],
  { url, cwd }: { readonly url: string; readonly cwd: string },
): Promise<{ readonly code: number | null; readonly output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd,
      env: environment(url),
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (text: string) => output += text);
    }
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
  });
}

/** The folder of a user, by its name in FOLDERS. */
function userFolder(name: string): string {
  return join(folder, name.replaceAll(" ", "_"));
}

before(async () => {
  if (skip) return;
  folder = mkdtempSync(join(tmpdir(), "tricorn-jsr-"));
  registry = await startJsr([]);
  // Types are checked by the checks before any test, and for the whole of the sources.
  const { code, output } = await runDeno([
    "publish",
    ...["-c", "jsr.json", "--no-check", "--allow-dirty"],
    ...["--token", "none", "--no-provenance"],
  ], { url: registry.url, cwd: ROOT });
  assert.equal(code, 0, output);
  const [published] = registry.published;
  const createdAt = new Date().toISOString();
  fresh = await startJsr([{ ...published!, createdAt }]);
  for (const [name, extra] of Object.entries(FOLDERS)) {
    for (const [path, text] of Object.entries({ ...FILES, ...extra })) {
      const full = join(userFolder(name), path);
      mkdirSync(dirname(full), { recursive: true });
      writeFileSync(full, text);
    }
  }
});
after(async () => {
  if (skip) return;
  await registry.close();
  await fresh.close();
  rmSync(folder, { recursive: true, force: true });
});

test(
  "[deno] deno publish sends the sources and three documents, and no tests",
  { skip },
  () => {
    const [{ name, version, files }] = registry.published as [
      JsrRegistry["published"][number],
    ];
    assert.deepEqual([name, version], ["@tricorn/serve", VERSION]);
    assert.deepEqual(
      [...new Set([...files.keys()].map((path) => path.split("/")[1]))].sort(),
      [
        "LICENSE",
        "README.md",
        "cli.ts",
        "jsr.json",
        "mod.ts",
        "src",
        "tricorn.schema.json",
      ],
    );
  },
);

for (const name of Object.keys(FOLDERS)) {
  describe(`from ${name}`, () => {
    for (const way of WAYS) {
      test(
        `[deno] deno ${way.join(" ")} main:app serves`,
        { skip },
        () =>
          withServer({
            program: { program: process.execPath, args: way },
            cwd: userFolder(name),
            env: environment(registry.url),
            args: ["main:app", "--port", "0"],
          }, async (server) => {
            const { status, body } = await exchange(
              server.target,
              request("GET /"),
            );
            assert.deepEqual([status, body], [200, "Hello from JSR"]);
            server.signal("SIGINT");
            assert.deepEqual(await server.end(), { code: 0, signal: null });
          }),
      );
    }

    test(
      "[deno] a program imports every entry, and serves",
      { skip },
      async () => {
        const { code, output } = await runDeno(
          ["run", "-A", "--quiet", "--check", "library.ts"],
          { url: registry.url, cwd: userFolder(name) },
        );
        assert.equal(code, 0, output);
        assert.equal(
          output,
          "Hello from JSR\nfunction,function,function,function\n",
        );
      },
    );
  });
}

describe("a release that is younger than a day", () => {
  const version = (...flags: string[]) =>
    runDeno(["run", "-A", "--quiet", ...flags, NAME, "--version"], {
      url: fresh.url,
      cwd: userFolder("an empty folder"),
    });

  test("[deno] is not found, and the message says why", { skip }, async () => {
    const { code, output } = await version();
    assert.equal(code, 1);
    assert.match(output, /Could not find version of '@tricorn\/serve'/);
    assert.match(output, /minimum dependency (?:age|date)/);
  });

  test("[deno] runs with --minimum-dependency-age=0", { skip }, async () => {
    const { code, output } = await version("--minimum-dependency-age=0");
    assert.equal(code, 0, output);
    assert.ok(output.startsWith(`Running tricorn ${VERSION} with Deno `));
  });
});

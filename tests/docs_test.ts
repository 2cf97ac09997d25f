/**
 * What the documents show, works: every TypeScript block of README.md and docs/applications.md,
 * and every example in a doc comment of the public functions, is written to a file of its own,
 * type-checked, and run. Blocks that export an application are served and asked.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { type AsgiApp, serve } from "../mod.ts";
import { OPTION_NAMES, OPTIONS } from "../src/config/options/mod.ts";
import { TestAuthority } from "./_support/certificates.ts";
import { RawClient, request } from "./_support/raw_client.ts";
import { ROOT, RUNTIME } from "./_support/this_runtime.ts";

interface Block {
  /** File and heading, or line. */
  readonly title: string;
  readonly code: string;
}

/** What an application of docs/applications.md has to answer to `GET /`, by its heading. */
const ANSWERS: Readonly<Record<string, (text: string) => void>> = {
  "README.md: Tricorn": (text) => assert.match(text, /\r\n\r\nHello, world!\n/),
  "Applications": (text) => assert.match(text, /You asked for \/$/),
  "The scope": (text) =>
    assert.match(text, /\r\n\r\n\{"name":"Ann","agent":"docs"\}$/),
  "The request body": (text) => assert.match(text, /\r\n\r\n$/),
  "The response": (text) => assert.match(text, /\r\n1000,1000000\n\r\n0\r\n/),
  "When the client leaves": (text) => assert.match(text, /\r\n\r\n42$/),
  "When the server stops": (text) => assert.match(text, /\r\n0\n\r\n.*4\n/s),
  "Startup, shutdown and state": (text) => assert.match(text, /\r\n\r\nHello$/),
  "Trailers": (text) => assert.match(text, /\r\n0\r\nx-rows: 2\r\n\r\n$/),
  "Early hints": (text) =>
    assert.match(
      text,
      /^HTTP\/1\.1 103 .*\r\nlink: <\/style\.css>.*HTTP\/1\.1 200 /s,
    ),
  "Files": (text) =>
    assert.match(text, /^HTTP\/1\.1 206 .*content-length: 6\r\n.*import$/s),
  "WebSockets": () => {},
  "Work after the response": (text) => assert.match(text, /^HTTP\/1\.1 202 /),
  "Middleware": (text) =>
    assert.match(text, /server-timing: app;dur=.*\r\n\r\n\/api$/s),
};

/** Files whose doc comments have examples of the public API. */
const COMMENTED: readonly string[] = [
  "mod.ts",
  "src/config/config.ts",
  "src/config/options/tls.ts",
  "src/errors.ts",
  "src/run.ts",
  "src/serve.ts",
  "src/server/server.ts",
];

const MOD = pathToFileURL(join(ROOT, "mod.ts")).href;
const IDENTITY = new TestAuthority().server();
/** Names that a block may use without saying where they come from. */
const PRELUDE: Readonly<Record<string, string>> = {
  serve: `import { serve } from "${MOD}";`,
  run: `import { run } from "${MOD}";`,
  Server: `import { Server } from "${MOD}";`,
  Config: `import { Config } from "${MOD}";`,
  app: `const app: import("${MOD}").AsgiApp = async (scope, _receive, send) => {
  if (scope.type !== "http") return;
  await send({ type: "http.response.start", status: 200 });
  await send({ type: "http.response.body" });
};`,
  certificatePem: `const certificatePem = ${JSON.stringify(IDENTITY.cert)};`,
  keyPem: `const keyPem = ${JSON.stringify(IDENTITY.key)};`,
};

function read(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}

function markdownBlocks(file: string): Block[] {
  const blocks: Block[] = [];
  let heading = "";
  const pattern = /^#+ (.*)$|^```ts\n([^]*?)^```$|^```[^]*?^```$/gm;
  for (const [, title, code] of read(file).matchAll(pattern)) {
    if (title !== undefined) heading = title;
    if (code !== undefined) {
      blocks.push({ title: `${file}: ${heading}`, code });
    }
  }
  return blocks;
}

function commentBlocks(file: string): Block[] {
  const blocks: Block[] = [];
  for (const match of read(file).matchAll(/ \* ```ts\n([^]*?) \* ```$/gm)) {
    const line = read(file).slice(0, match.index).split("\n").length + 1;
    const code = match[1]!.replace(/^ \* ?/gm, "");
    blocks.push({ title: `${file}:${line}`, code });
  }
  return blocks;
}

/** The block as a module of its own. */
function moduleOf({ code }: Block): string {
  const source = code
    .replace(
      /(from ")(?:\.\/mod\.ts|jsr:@tricorn\/serve|tricorn)"/g,
      `$1${MOD}"`,
    )
    // A test listens where nobody else does.
    .replaceAll("port: 8000", "port: 0");
  const prelude = Object.entries(PRELUDE).filter(([name]) =>
    new RegExp(`\\b${name}\\(|(?:[(,]|cert:|key:) ?${name}\\b`).test(source) &&
    !new RegExp(`(?:import .*|const |function )\\b${name}\\b`).test(source)
  ).map(([, line]) => line);
  const isStopped = !/const server\b/.test(source) ||
    /server\.stop\(/.test(source);
  const rest = isStopped ? "" : "await server.stop();\n";
  return `${
    prelude.map((line) => `${line}\n`).join("")
  }${source}${rest}export {};\n`;
}

const blocks = [
  ...markdownBlocks("README.md"),
  ...markdownBlocks("docs/applications.md"),
  ...COMMENTED.flatMap(commentBlocks),
];
const folder = mkdtempSync(join(tmpdir(), "tricorn-docs-"));
after(() => rmSync(folder, { recursive: true, force: true }));
// ".mts" says that it is a module where no package.json does.
const files = blocks.map((block, index) => {
  const path = join(folder, `block_${index}.mts`);
  writeFileSync(path, moduleOf(block));
  return path;
});

test("the documents have examples", () => {
  const counts = new Map<string, number>();
  for (const { title } of blocks) {
    const file = title.split(":")[0]!;
    counts.set(file, (counts.get(file) ?? 0) + 1);
  }
  assert.deepEqual([...counts.keys()].sort(), [
    "README.md",
    "docs/applications.md",
    ...COMMENTED,
  ]);
  assert.ok(counts.get("docs/applications.md")! >= 10);
});

test("every example passes the type checker", { timeout: 120_000 }, () => {
  const config = join(folder, "tsconfig.json");
  // tsc knows no file URLs.
  for (const file of files) {
    const text = readFileSync(file, "utf8");
    writeFileSync(
      file.replace(".mts", ".checked.mts"),
      text.replaceAll(MOD, join(ROOT, "mod.ts")),
    );
  }
  writeFileSync(
    config,
    JSON.stringify({
      extends: join(ROOT, "tsconfig.json"),
      compilerOptions: {
        noEmit: true,
        rewriteRelativeImportExtensions: false,
        rootDir: "/",
        declaration: false,
        isolatedDeclarations: false,
        // The first example of the README is plain JavaScript.
        noImplicitAny: false,
        typeRoots: [join(ROOT, "node_modules/@types")],
      },
      include: ["*.checked.mts"],
    }),
  );
  const tsc = join(ROOT, "node_modules/typescript/lib/tsc.js");
  const run = RUNTIME === "deno" ? ["run", "-A", tsc] : [tsc];
  const { status, stdout } = spawnSync(
    process.execPath,
    [...run, "-p", config],
    { encoding: "utf8" },
  );
  assert.equal(status, 0, stdout);
});

for (const [index, block] of blocks.entries()) {
  // Runs until it is told to stop.
  if (/\bawait run\(/.test(block.code)) continue;
  test(`example ${index + 1} works: ${block.title}`, async () => {
    const exports = await import(pathToFileURL(files[index]!).href);
    const app: AsgiApp | undefined = exports.app;
    if (app === undefined) return; // it has run to its end
    const heading = block.title.replace(/^docs\/applications\.md: /, "");
    const check = ANSWERS[heading];
    assert.ok(check !== undefined, `no expectation for "${heading}"`);
    const server = serve(app, {
      port: 0,
      earlyHints: true,
      accessLog: false,
      logLevel: "critical",
    });
    try {
      await server.listening;
      const { port } = new URL(server.url!);
      if (heading === "WebSockets") await greet(server.url!);
      else check(await get(Number(port)));
    } finally {
      await server.stop();
    }
  });
}

/** Doc comments of the options, on one line each. */
function optionComments(): ReadonlyMap<string, string> {
  const comments = new Map<string, string>();
  for (
    const file of [
      "config/options/application",
      "config/options/binding",
      "config/options/http",
      "config/options/limits",
      "config/options/timeouts",
      "config/options/tls",
      "config/options/websocket",
      "logging/logging",
    ]
  ) {
    const pattern = /^ {2}\/\*\*((?:(?!\*\/)[^])*)\*\/\n {2}readonly (\w+): /gm;
    const source = read(`src/${file}.ts`);
    const fields = /export interface \w+Options \{[^]*?\n\}/.exec(source)![0];
    for (const [, text, name] of fields.matchAll(pattern)) {
      comments.set(name!, text!.replace(/\s*\n\s*\*\s*/g, " ").trim());
    }
  }
  return comments;
}

describe("the doc comment of an option", () => {
  const comments = optionComments();
  for (const name of OPTION_NAMES) {
    const { default: value, type } = OPTIONS[name];
    const comment = comments.get(name) ?? "";

    test(`${name} states the default of the table`, () => {
      const stated = /Default: (?:`([^`]+)`|([\w.]+))[.,]/.exec(comment);
      const text = (stated?.[1] ?? stated?.[2] ?? "").replace(/\.$/, "");
      const expected = type.kind === "octal"
        ? `0o${(value as number).toString(8)}`
        : value === undefined
        ? "undefined"
        : JSON.stringify(value).replaceAll(",", ", ");
      assert.equal(text, expected, comment);
    });

    if (type.kind !== "integer" && type.kind !== "number") continue;
    test(`${name} states its unit, its minimum and what zero means`, () => {
      const unit = type.unit ?? "";
      assert.ok(comment.toLowerCase().includes(unit), comment);
      const bounds = comment.replace(/Default: .*$/, "");
      if (type.min === 0) assert.match(bounds, /\b0\b/);
      else if (type.min !== 1) assert.ok(bounds.includes(`${type.min}`));
    });
  }
});

test("what users read names no row of the behaviour catalogue", () => {
  const pages = [
    "README.md",
    "docs/applications.md",
    "docs/deployment.md",
    "docs/migrating.md",
    "docs/settings.md",
    "mod.ts",
    "cli.ts",
    ...COMMENTED,
  ];
  for (const file of pages) {
    // Of sources only the doc comments of what is not private.
    const text = file.endsWith(".md")
      ? read(file)
      : (read(file).match(/\/\*\*(?:(?!\*\/)[^])*\*\/(?!\s*(?:async )?#)/g) ??
        []).join("\n");
    assert.doesNotMatch(text, /\b[a-z]+:[A-Z]-\d{3}\b/, file);
  }
  for (const [name, comment] of optionComments()) {
    assert.doesNotMatch(comment, /\b[a-z]+:[A-Z]-\d{3}\b/, name);
  }
});

/** Everything that comes back. */
async function get(port: number): Promise<string> {
  const client = await RawClient.connect({ host: "127.0.0.1", port });
  try {
    client.send(request("GET /?name=Ann", [
      "User-Agent: docs",
      "TE: trailers",
      "Connection: close, TE",
    ]));
    return (await client.readToEnd()).bytes;
  } finally {
    client.close();
  }
}

async function greet(url: string): Promise<void> {
  const socket = new WebSocket(url.replace("http", "ws"));
  const answer = await new Promise((resolve, reject) => {
    socket.onopen = () => socket.send("hello");
    socket.onmessage = (event) => resolve(event.data);
    socket.onerror = () => reject(new Error("WebSocket failed"));
  });
  assert.equal(answer, "You said hello");
  const closed = new Promise((resolve) => socket.onclose = resolve);
  socket.close();
  await closed;
}

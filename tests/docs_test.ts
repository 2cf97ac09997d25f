/**
 * What the documents show, works: every block of TypeScript or JavaScript in the pages below, and
 * every example in a doc comment of the public functions, is written to a file of its own,
 * type-checked if it has types, and run. Blocks that export an application are served and asked.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { parse } from "yaml";
import { type AsgiApp, Config, serve } from "../mod.ts";
import { parseFetch } from "../src/cli/fetch/fetch_arguments.ts";
import { isSubCommand, parseFlags } from "../src/cli/parse_flags.ts";
import { parseSubCommand } from "../src/cli/sub_command.ts";
import { OPTION_NAMES, OPTIONS } from "../src/config/options/mod.ts";
import { ACCESS_FIELDS } from "../src/logging/access/access_record.ts";
import { ATOMS } from "../src/logging/access/access_atoms.ts";
import { readPlan } from "../src/logging/config/plan.ts";
import { ATTRIBUTE_NAMES } from "../src/logging/config/record_attributes.ts";
import { TestAuthority } from "./_support/certificates.ts";
import { RawClient, request } from "./_support/raw_client.ts";
import { ROOT, RUNTIME } from "./_support/this_runtime.ts";

interface Block {
  /** File and heading, or line. */
  readonly title: string;
  readonly code: string;
  readonly language: string;
}

/** All pages for users. */
const DOCUMENTS: readonly string[] = [
  "README.md",
  "CONTRIBUTING.md",
  "examples/README.md",
  "examples/deploy/README.md",
  ...readdirSync(join(ROOT, "docs")).filter((name) => name.endsWith(".md"))
    .sort().map((name) => `docs/${name}`),
];

/** Pages whose blocks are not run here, and why. */
const NOT_RUN_HERE: ReadonlySet<string> = new Set([
  "docs/testing.md", // tests/testing/docs_test.ts does
  "docs/decisions.md", // programs that fail, to show that they do
]);

/** Pages whose blocks are run. */
const PAGES: readonly string[] = DOCUMENTS.filter((file) =>
  !NOT_RUN_HERE.has(file) && /^```[jt]s$/m.test(read(file))
);

const greets = (text: string) => assert.match(text, /Hello from \//);
const saysHello = (text: string) =>
  assert.match(text, /\r\n\r\nHello, world!\n/);

/**
 * What an application has to answer to `GET /`, by its page and heading; the page of those without
 * one is docs/applications.md. WebSockets are greeted in the place of that.
 */
const ANSWERS: Readonly<Record<string, (text: string) => void>> = {
  "docs/asgi.md: A request": (text) =>
    assert.match(text, /\r\n\r\nGET \/ with 0 bytes\n$/),
  "docs/asgi.md: A WebSocket": () => {},
  "docs/asgi.md: The life of the process": (text) =>
    assert.match(text, /\r\n\r\nUp since 20.*Z\n$/),
  "docs/asgi.md: Middleware": (text) =>
    assert.match(text, /^HTTP\/1\.1 204 [^]*\r\nx-frame-options: DENY\r\n/),
  "docs/interfaces.md: ASGI 3": greets,
  "docs/interfaces.md: A fetch handler": greets,
  "docs/interfaces.md: Hono": greets,
  "docs/interfaces.md: Express": greets,
  "docs/interfaces.md: Koa": greets,
  "docs/interfaces.md: Fastify": greets,
  "docs/interfaces.md: ASGI 2": greets,
  "docs/interfaces.md: WSGI": greets,
  "docs/fetch.md: Fetch applications": (text) =>
    assert.match(
      text,
      /\r\n\r\n\{"url":"http:[^"]*","client":"127\.0\.0\.1"\}$/,
    ),
  "docs/fetch.md: Light requests and responses": (text) =>
    assert.match(text, /\r\n\r\nYou asked for http:\/\/test\//),
  "docs/fetch.md: crossws and H3": (text) =>
    assert.match(text, /\r\n\r\nJoin us$/),
  "docs/fetch.md: WebSockets in fetch applications": (text) =>
    assert.match(text, /^HTTP\/1\.1 426 /),
  "docs/helpers.md: Helpers": (text) =>
    assert.match(text, /\r\n\r\n\{"path":"\/","length":0\}$/),
  "docs/node.md: Node applications": (text) =>
    assert.match(text, /\r\n\r\nYou asked for \/\?name=Ann$/),
  "docs/observability.md: The application's word": (text) =>
    assert.match(text, /\r\n\r\nThe database is there$/),
  "docs/observability.md: OpenTelemetry": (text) =>
    assert.match(text, /\r\n\r\nAn item$/),
  "docs/quickstart.md: The application": saysHello,
  "docs/tls.md: Client certificates": (text) =>
    assert.match(text, /^HTTP\/1\.1 403 /),
  "docs/topics.md: Topics": () => {},
  "docs/websockets.md: The handshake": () => {},
  "docs/wsgi.md: ASGI 2": (text) =>
    assert.match(text, /\r\n\r\n\/ after [\d.e-]+ ms$/),
  "docs/wsgi.md: WSGI": (text) =>
    assert.match(text, /\r\n\r\n(?:11\r\n)?GET with 0 bytes/),
  "README.md: Tricorn": saysHello,
  "ASGI applications": (text) => assert.match(text, /You asked for \/$/),
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

/** Applications that speak WebSocket, and how they are tried. */
const WEBSOCKETS: Readonly<Record<string, (url: string) => Promise<void>>> = {
  "WebSockets": greet,
  "docs/asgi.md: A WebSocket": greet,
  "docs/topics.md: Topics": overhear,
  "docs/websockets.md: The handshake": greet,
};

/** Blocks whose default export is no application but a configuration. */
const CONFIGURATIONS = /^docs\/settings\.md: /;

/** Files whose doc comments have examples of the public API. */
const COMMENTED: readonly string[] = [
  "mod.ts",
  "src/application/adapters/fetch/websocket/upgrade_request.ts",
  "src/application/to_fetch/to_fetch.ts",
  "src/config/config.ts",
  "src/config/define_config.ts",
  "src/config/options/tls.ts",
  "src/errors.ts",
  "src/helpers/define_app.ts",
  "src/helpers/mod.ts",
  "src/helpers/read_body.ts",
  "src/helpers/send_events.ts",
  "src/helpers/send_file.ts",
  "src/helpers/send_response.ts",
  "src/run.ts",
  "src/serve.ts",
  "src/server/server.ts",
];

/** Packages that examples use, and what stands in for them. */
const STAND_INS: Readonly<Record<string, string>> = {
  "@logtape/logtape": "tests/_support/stand_ins/logtape.ts",
  "pino": "tests/_support/stand_ins/pino.ts",
  "@opentelemetry/api-logs": "tests/_support/stand_ins/opentelemetry.ts",
};
const ROOT_URL = pathToFileURL(ROOT).href;

/** The package that a block uses. */
function packageOf(code: string): string | undefined {
  return Object.keys(STAND_INS).find((name) => code.includes(`from "${name}"`));
}

const MOD = pathToFileURL(join(ROOT, "mod.ts")).href;
/** Modules below the package's name, such as `tricorn/helpers`. */
const SUB_PATHS: Readonly<Record<string, string>> = {
  helpers: pathToFileURL(join(ROOT, "src/helpers/mod.ts")).href,
  "adapters/fetch":
    pathToFileURL(join(ROOT, "src/application/adapters/fetch/mod.ts")).href,
};
const HELPERS = SUB_PATHS["helpers"]!;
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
  defineApp: `import { defineApp } from "${HELPERS}";`,
  readBody: `import { readBody } from "${HELPERS}";`,
  sendEvents: `import { sendEvents } from "${HELPERS}";`,
  sendFile: `import { sendFile } from "${HELPERS}";`,
  sendResponse: `import { sendResponse } from "${HELPERS}";`,
  certificatePem: `const certificatePem = ${JSON.stringify(IDENTITY.cert)};`,
  keyPem: `const keyPem = ${JSON.stringify(IDENTITY.key)};`,
};

function read(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}

function markdownBlocks(file: string): Block[] {
  const blocks: Block[] = [];
  let heading = "";
  const pattern = /^#+ (.*)$|^```([jt]s)\n([^]*?)^```$|^```[^]*?^```$/gm;
  for (const [, title, language, code] of read(file).matchAll(pattern)) {
    if (title !== undefined) heading = title;
    if (code !== undefined) {
      blocks.push({ title: `${file}: ${heading}`, code, language: language! });
    }
  }
  return blocks;
}

function commentBlocks(file: string): Block[] {
  const blocks: Block[] = [];
  for (const match of read(file).matchAll(/^ *\* ```ts\n([^]*?)^ *\* ```$/gm)) {
    const line = read(file).slice(0, match.index).split("\n").length + 1;
    const code = match[1]!.replace(/^ *\* ?/gm, "");
    blocks.push({ title: `${file}:${line}`, code, language: "ts" });
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
    .replace(
      /(from ")(?:jsr:@tricorn\/serve|tricorn)\/([\w/]+)"/g,
      (text, from: string, name: string) =>
        name in SUB_PATHS ? `${from}${SUB_PATHS[name]}"` : text,
    )
    .replace(
      /from "([^"]+)"/g,
      (text, name: string) =>
        name in STAND_INS ? `from "${ROOT_URL}/${STAND_INS[name]}"` : text,
    )
    // The second program of the README imports the first.
    .replaceAll('"./main.ts"', '"./block_0.mts"')
    // A test listens where nobody else does.
    .replaceAll("port: 8000", "port: 0");
  const prelude = Object.entries(PRELUDE).filter(([name]) =>
    new RegExp(`\\b${name}(?:<\\w+>)?\\(|(?:[(,]|cert:|key:) ?${name}\\b`).test(
      source,
    ) &&
    !new RegExp(`(?:import [^;]*|const |function )\\b${name}\\b`).test(source)
  ).map(([, line]) => line);
  const isStopped = !/const server\b/.test(source) ||
    /server\.stop\(/.test(source);
  const rest = isStopped ? "" : "await server.stop();\n";
  const text = `${prelude.map((line) => `${line}\n`).join("")}${source}${rest}`;
  return text.includes("export ") ? text : `${text}export {};\n`;
}

const blocks = [
  ...PAGES.flatMap(markdownBlocks),
  ...COMMENTED.flatMap(commentBlocks),
];
const folder = mkdtempSync(join(tmpdir(), "tricorn-docs-"));
after(() => rmSync(folder, { recursive: true, force: true }));
// Frameworks are found as from the folder of a user.
symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
// ".mts" says that it is a module where no package.json does.
const files = blocks.map((block, index) => {
  const path = join(folder, `block_${index}.m${block.language}`);
  writeFileSync(path, moduleOf(block));
  return path;
});

test("the documents have examples", () => {
  const counts = new Map<string, number>();
  for (const { title } of blocks) {
    const file = title.split(":")[0]!;
    counts.set(file, (counts.get(file) ?? 0) + 1);
  }
  assert.deepEqual([...counts.keys()], [...PAGES, ...COMMENTED]);
  assert.ok(counts.get("docs/applications.md")! >= 10);
});

test("every example passes the type checker", { timeout: 300_000 }, () => {
  const config = join(folder, "tsconfig.json");
  // tsc knows no file URLs.
  for (const file of files.filter((one) => one.endsWith(".mts"))) {
    const text = readFileSync(file, "utf8");
    writeFileSync(
      file.replace(".mts", ".checked.mts"),
      text.replaceAll(`"${ROOT_URL}/`, `"${ROOT}/`)
        .replaceAll('"./block_0.mts"', '"./block_0.checked.mts"'),
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
    if (CONFIGURATIONS.test(block.title)) {
      const { app, ...options } = exports.default;
      assert.equal(typeof app, "string");
      assert.ok(new Config(() => Promise.resolve(), options));
      return;
    }
    const app: AsgiApp | undefined = exports.app ??
      (block.title.includes(".md: ") ? exports.default : undefined);
    if (app === undefined) { // it has run to its end
      const name = packageOf(block.code);
      if (name !== undefined) await assertLogged(STAND_INS[name]!);
      return;
    }
    const heading = block.title.replace(/^docs\/applications\.md: /, "");
    const check = ANSWERS[heading];
    assert.ok(check !== undefined, `no expectation for "${heading}"`);
    const server = serve(app, {
      port: 0,
      earlyHints: true,
      interface: heading.endsWith("WSGI") ? "wsgi" : "auto",
      accessLog: false,
      logLevel: "critical",
    });
    try {
      await server.listening;
      const { port } = new URL(server.url!);
      const speak = WEBSOCKETS[heading];
      if (speak !== undefined) await speak(server.url!);
      else check(await get(Number(port)));
    } finally {
      await server.stop();
    }
  });
}

/** A package received the log of the server that an example has started. */
async function assertLogged(standIn: string): Promise<void> {
  const { received } = await import(pathToFileURL(join(ROOT, standIn)).href);
  assert.match(
    JSON.stringify(received),
    /^\[\["tricorn","info","Started server process \[\d+\]"\],.*"Shutting down"/,
  );
}

/** Commands of a page: the arguments of `tricorn`, however it is started. */
function commandsOf(file: string): string[] {
  const text = read(file).replaceAll(/ *\\\n\s*/g, " ");
  const lines = [...text.matchAll(/^ *```sh\n([^]*?)^ *```$/gm)]
    .flatMap(([, block]) => block!.split("\n"));
  const inline = [...text.matchAll(/`([^`]*\btricorn [^`]*)`/g)]
    .map(([, code]) => code!.replaceAll(/\s+/g, " "))
    .filter((code) => !code.includes("…"));
  return [...lines, ...inline].flatMap((line) => {
    const [, command] =
      /^(?:\$ )?(?:\w+=\S+ )*(?:npx |bunx (?:--bun )?|deno run [^#]*npm:)?tricorn ([a-z-][^|#]*)/
        .exec(line.trim()) ?? [];
    return command === undefined ? [] : [command.trim()];
  });
}

/** Words as a shell makes them of a simple command. */
function wordsOf(command: string): string[] {
  return [...command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)]
    .map(([, single, double, bare]) => single ?? double ?? bare!);
}

test("the commands that the documents show are understood", () => {
  let count = 0;
  for (const file of DOCUMENTS) {
    for (const command of commandsOf(file)) {
      const [first, ...rest] = wordsOf(command);
      try {
        if (isSubCommand(first)) parseSubCommand(first, rest);
        else if (first === "fetch") parseFetch(rest);
        else parseFlags([first!, ...rest]);
      } catch (error) {
        throw new Error(`${file}: tricorn ${command}`, { cause: error });
      }
      count++;
    }
  }
  assert.ok(count > 60, `${count} commands`);
});

test("JSON and YAML in the documents can be read", () => {
  for (const file of DOCUMENTS) {
    const blocks = read(file).matchAll(/^```(json|yaml)\n([^]*?)^```$/gm);
    for (const [, language, text] of blocks) {
      const value = language === "json" ? JSON.parse(text!) : parse(text!);
      assert.equal(typeof value, "object", file);
    }
  }
});

test("docs/logging.md names every field of JSON and every atom", () => {
  const page = read("docs/logging.md");
  for (const name of [...ACCESS_FIELDS, ...ATOMS.keys(), ...ATTRIBUTE_NAMES]) {
    assert.ok(page.includes(`\`${name}\``), name);
  }
});

test("the configuration in docs/logging.md is one", () => {
  const [, text] = /^```json\n([^]*?)^```$/m.exec(read("docs/logging.md"))!;
  const context = { pid: 1, phrase: () => "" };
  const options = { logLevel: undefined, accessLog: true };
  readPlan(JSON.parse(text!), { source: "the example" }, options, context);
});

/** Doc comments of the options, on one line each. */
function optionComments(): ReadonlyMap<string, string> {
  const comments = new Map<string, string>();
  const options = readdirSync(join(ROOT, "src/config/options"))
    .map((name) => `src/config/options/${name}`);
  for (const file of [...options, "src/logging/logging_options.ts"]) {
    const pattern = /^ {2}\/\*\*((?:(?!\*\/)[^])*)\*\/\n {2}readonly (\w+): /gm;
    const source = read(file);
    const [fields] = /export interface \w+Options \{[^]*?\n\}/.exec(source) ??
      [];
    if (fields === undefined) continue; // it has no options
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
      assert.ok(
        comment.toLowerCase().includes(unit.toLowerCase()),
        comment,
      );
      const bounds = comment.replace(/Default: .*$/, "");
      if (type.min === 0) assert.match(bounds, /\b0\b/);
      else if (type.min !== 1) assert.ok(bounds.includes(`${type.min}`));
    });
  }
});

/** Pages that cite the catalogue, one of them being it. */
const FOR_DEVELOPERS: ReadonlySet<string> = new Set([
  "CONTRIBUTING.md",
  "docs/behaviour.md",
  "docs/decisions.md",
]);

test("what users read names no row of the behaviour catalogue", () => {
  const pages = [
    ...DOCUMENTS.filter((file) => !FOR_DEVELOPERS.has(file)),
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

async function openSocket(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url.replace("http", "ws"));
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error("WebSocket failed"));
  });
  return socket;
}

async function closeSocket(socket: WebSocket): Promise<void> {
  const closed = new Promise((resolve) => socket.onclose = resolve);
  socket.close();
  await closed;
}

function nextMessage(socket: WebSocket): Promise<unknown> {
  return new Promise((resolve) =>
    socket.onmessage = (event) => resolve(event.data)
  );
}

async function greet(url: string): Promise<void> {
  const socket = await openSocket(url);
  socket.send("hello");
  assert.equal(await nextMessage(socket), "You said hello");
  await closeSocket(socket);
}

/** What one client says, another one hears, from when it has subscribed. */
async function overhear(url: string): Promise<void> {
  const [listener, speaker] = [await openSocket(url), await openSocket(url)];
  const again = setInterval(() => speaker.send("hello"), 20);
  try {
    assert.equal(await nextMessage(listener), "hello");
  } finally {
    clearInterval(again);
    await closeSocket(speaker);
    await closeSocket(listener);
  }
}

describe("docs/migrating.md", () => {
  const text = read("docs/migrating.md");

  /** Everything that one can type after `uvicorn`, as of 0.54. */
  const ORIGINAL =
    "host port uds fd loop http ws ws-max-size ws-max-queue ws-ping-interval " +
    "ws-ping-timeout ws-per-message-deflate lifespan interface reload reload-dir reload-include " +
    "reload-exclude reload-delay workers env-file timeout-worker-healthcheck log-config log-level " +
    "access-log use-colors proxy-headers server-header date-header forwarded-allow-ips root-path " +
    "limit-concurrency backlog limit-max-requests limit-max-requests-jitter timeout-keep-alive " +
    "timeout-graceful-shutdown ssl-keyfile ssl-certfile ssl-keyfile-password ssl-version " +
    "ssl-cert-reqs ssl-ca-certs ssl-ciphers header version app-dir h11-max-incomplete-event-size " +
    "factory reset-contextvars help";

  test("names every option of the original", () => {
    const missing = ORIGINAL.split(" ").filter((name) =>
      !new RegExp(`--${name}(?![\\w-])`).test(text)
    );
    assert.deepEqual(missing, []);
  });

  test("names every option of ours", () => {
    const missing = OPTION_NAMES.filter((name) => {
      const { flag, type } = OPTIONS[name];
      const spelling = type.kind === "program"
        ? `\\b${name}\\b`
        : `${flag}(?![\\w-])`;
      return !new RegExp(spelling).test(text);
    });
    assert.deepEqual(missing, []);
  });
});

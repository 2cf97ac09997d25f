/** The examples of docs/testing.md and of the doc comments are run, and their assertions hold. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { ROOT, RUNTIME } from "../_support/this_runtime.ts";

const MODULES: Readonly<Record<string, string>> = {
  "jsr:@tricorn/serve": pathToFileURL(join(ROOT, "mod.ts")).href,
  "jsr:@tricorn/serve/testing":
    pathToFileURL(join(ROOT, "src/testing/mod.ts")).href,
};

/** The application of the examples. */
const MAIN = `export async function app(scope, receive, send) {
  if (scope.type === "lifespan") throw new Error("no lifespan");
  if (scope.type === "websocket") {
    await receive();
    await send({ type: "websocket.accept", subprotocol: scope.subprotocols[0] });
    for (;;) {
      const event = await receive();
      if (event.type === "websocket.disconnect") return;
      await send({ type: "websocket.send", text: event.text });
    }
  }
  if (scope.path === "/never") return await new Promise(() => {});
  const status = scope.method === "POST" ? 201 : 200;
  await send({ type: "http.response.start", status });
  await send({ type: "http.response.body", body: "Hello, world!\\n" });
}
`;

const folder = mkdtempSync(join(tmpdir(), "tricorn-testing-docs-"));
after(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, "main.ts"), MAIN);
// Bun and Node find out from it that the files are modules.
writeFileSync(join(folder, "package.json"), '{ "type": "module" }');

interface Block {
  readonly title: string;
  readonly code: string;
}

function blocksOf(file: string): Block[] {
  const text = readFileSync(join(ROOT, file), "utf8");
  const isPage = file.endsWith(".md");
  const pattern = isPage
    ? /^```ts\n([^]*?)^```$/gm
    : /^ \* ```ts\n([^]*?)^ \* ```$/gm;
  return [...text.matchAll(pattern)].map((match) => ({
    title: `${file}:${text.slice(0, match.index).split("\n").length}`,
    code: isPage ? match[1]! : match[1]!.replace(/^ \* ?/gm, ""),
  }));
}

const SOURCES = readdirSync(join(ROOT, "src/testing"), { recursive: true })
  .map((path) => `src/testing/${path}`)
  .filter((path) => path.endsWith(".ts")).sort();

function withModules(code: string): string {
  return code.replace(
    /from "(jsr:[^"]+)"/g,
    (_, name: string) => `from ${JSON.stringify(MODULES[name])}`,
  );
}

/** The block as a module that throws if an assertion of it does not hold. */
function moduleOf({ code }: Block): string {
  const testing = MODULES["jsr:@tricorn/serve/testing"]!;
  const isUsed = (name: string) =>
    new RegExp(`\\b${name}\\b`).test(code) &&
    !new RegExp(`(import|using|const) [^;=]*\\b${name}\\b[^;=]*( from|=)`)
      .test(code);
  const lines = ['import assert from "node:assert/strict";'];
  if (isUsed("app")) lines.push('import { app } from "./main.ts";');
  const names = ["TestClock"].filter(isUsed);
  if (isUsed("client")) names.push("testClient");
  else if (isUsed("testClient")) names.push("testClient");
  if (names.length > 0) {
    lines.push(`import { ${names.join(", ")} } from "${testing}";`);
  }
  if (isUsed("serve")) {
    const mod = MODULES["jsr:@tricorn/serve"]!;
    lines.push(`import { serve } from "${mod}";`);
  }
  if (isUsed("client")) {
    if (!isUsed("app")) lines.push('import { app } from "./main.ts";');
    lines.push("const client = await testClient(app);");
  }
  const body = withModules(code)
    .replaceAll("console.assert(", "assert.ok(")
    .replaceAll('"main:app"', '"main.ts:app", { appDir: FOLDER }')
    .replaceAll("FOLDER", JSON.stringify(folder))
    .replaceAll("i < 100", "i < 5");
  if (isUsed("client")) lines.push(body, "await client.close();");
  else lines.push(body);
  return `${lines.join("\n")}\n`;
}

describe("examples", () => {
  const blocks = ["docs/testing.md", "docs/embedding.md", ...SOURCES].flatMap(
    blocksOf,
  )
    .filter(({ code }) => !code.includes("node:test"));

  test("there are some, in the page and in the sources", () => {
    const inPage = blocks.filter(({ title }) => title.startsWith("docs/"));
    assert.ok(inPage.length >= 6);
    assert.ok(blocks.length - inPage.length >= 6);
  });

  for (const [index, block] of blocks.entries()) {
    test(`the one at ${block.title} does what it says`, async () => {
      assert.match(block.code, /console\.assert\(|\.text\(\)|\.listening\b/);
      const file = join(folder, `block_${index}.ts`);
      writeFileSync(file, moduleOf(block));
      await import(pathToFileURL(file).href);
    });
  }
});

describe("a test of an application", () => {
  /** Runs a test file by the runtime's own test command. */
  function tested(name: string, text: string) {
    const own = join(folder, name);
    mkdirSync(own);
    writeFileSync(join(own, "main.ts"), MAIN);
    writeFileSync(join(own, "package.json"), '{ "type": "module" }');
    const file = join(own, "app_test.ts");
    writeFileSync(file, withModules(text));
    const args = {
      deno: ["test", "-A", "--no-check", "--no-lock", file],
      bun: ["test", file],
      node: ["--test", "--test-reporter=spec", file],
    }[RUNTIME];
    // Or Node takes it for a part of this test.
    const env: typeof process.env = { ...process.env, NO_COLOR: "1" };
    delete env.NODE_TEST_CONTEXT;
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      cwd: own,
      env,
      encoding: "utf8",
      timeout: 120_000,
    });
    return { status, output: stdout + stderr };
  }

  const [page] = blocksOf("docs/testing.md")
    .filter(({ code }) => code.includes("node:test"));

  test("passes by the runtime's own test command", () => {
    const { status, output } = tested("passes", page!.code);
    assert.equal(status, 0, output);
    assert.match(output, /\b1 pass|pass 1|1 passed/);
  });

  test("fails where the application is wrong", () => {
    const wrong = page!.code.replace("Hello, world!", "Good bye!");
    const { status, output } = tested("fails", wrong);
    assert.notEqual(status, 0);
    assert.match(output, /Good bye!/);
  });

  if (RUNTIME !== "deno") return;
  test("leaks nothing that Deno looks for [deno]", () => {
    const { status, output } = tested(
      "leaks",
      `import { serve } from "jsr:@tricorn/serve";
import { testClient, TestClock } from "jsr:@tricorn/serve/testing";
import { app } from "./main.ts";

const strict = { sanitizeOps: true, sanitizeResources: true, sanitizeExit: true };

Deno.test("in memory", strict, async () => {
  await using client = await testClient(app);
  await client.fetch("/"); // its body is not read
  await using socket = await client.webSocket("/", { protocols: ["a"] });
  await socket.send("x");
});
Deno.test("with a clock", strict, async () => {
  const clock = new TestClock();
  await using client = await testClient(app, { clock });
  client.connect();
  await clock.advance(10_000);
});
Deno.test("a request that is never answered", strict, async () => {
  await using client = await testClient(app);
  void client.fetch("/never").catch(() => {});
  await client.settle();
});
Deno.test("on a port, stopped at once", strict, async () => {
  await using server = serve(app, { port: 0, logLevel: "error" });
  await server.listening;
});
for (const options of [
  { port: 0, loop: "native" },
  { uds: "./leaks.sock" },
  { port: 0, sslDev: true },
]) {
  Deno.test(JSON.stringify(options), strict, async () => {
    await using server = serve(app, { ...options, logLevel: "error" });
    await server.listening;
  });
}
Deno.test("stopped by a signal", strict, async () => {
  const aborting = new AbortController();
  const { signal } = aborting;
  const server = serve(app, { port: 0, signal, logLevel: "error" });
  await server.listening;
  aborting.abort();
  await server.finished;
});
Deno.test("on a port", strict, async () => {
  await using server = serve(app, { port: 0, logLevel: "error" });
  await server.listening;
  await (await fetch(server.url)).text();
});
`,
    );
    assert.equal(status, 0, output);
    assert.match(output, /9 passed/);
  });
});

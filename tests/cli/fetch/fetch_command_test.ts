/** One request from the shell, by the real command. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { commandLine, ROOT } from "../../_support/this_runtime.ts";

const APP = `export async function app(scope, receive, send) {
  if (scope.type === "lifespan") {
    await receive();
    console.error("up");
    await send({ type: "lifespan.startup.complete" });
    await receive();
    console.error("down");
    return await send({ type: "lifespan.shutdown.complete" });
  }
  const bytes = [];
  for (;;) {
    const event = await receive();
    bytes.push(...event.body);
    if (!event.more_body) break;
  }
  const { pathname } = new URL(scope.path, "http://a");
  if (pathname === "/break") {
    await send({ type: "http.response.start", status: 200 });
    await send({ type: "http.response.body", body: "half", more_body: true });
    throw new Error("broken");
  }
  if (pathname === "/echo") {
    await send({ type: "http.response.start", status: 200 });
    return await send({ type: "http.response.body", body: Uint8Array.from(bytes) });
  }
  const type = scope.headers.find(([name]) => name === "content-type")?.[1];
  await send({
    type: "http.response.start",
    status: pathname === "/missing" ? 404 : 200,
    headers: [["x-Case", "1"]],
  });
  const body = [scope.method, scope.scheme, scope.path, type].join(" ");
  await send({ type: "http.response.body", body });
}
export const other = { fetch: (request) => new Response(request.url) };
`;

let folder = "";

before(() => {
  folder = mkdtempSync(join(tmpdir(), "tricorn-fetch-"));
  writeFileSync(join(folder, "main.mjs"), APP);
  writeFileSync(join(folder, "data.bin"), Uint8Array.of(0, 10, 255, 13));
});

after(() => rmSync(folder, { recursive: true, force: true }));

/** Runs `tricorn fetch` to its end. */
function fetched(args: readonly string[], input?: Uint8Array) {
  const line = commandLine(join(ROOT, "cli.ts"), ["fetch", ...args]);
  const { status, stdout, stderr, error } = spawnSync(line.program, line.args, {
    cwd: folder,
    timeout: 60_000,
    env: { ...process.env, NO_COLOR: "1" },
    ...input === undefined ? {} : { input },
  });
  if (error !== undefined) throw error;
  return {
    status,
    bytes: new Uint8Array(stdout),
    stdout: stdout.toString("latin1"),
    stderr: stderr.toString(),
  };
}

describe("tricorn fetch", () => {
  test("prints the body alone, and runs the lifespan", () => {
    const { status, stdout, stderr } = fetched(["main:app", "/a"]);
    assert.equal(stdout, "GET http /a ");
    assert.deepEqual(stderr.trim().split(/\r?\n/), ["up", "down"]);
    assert.equal(status, 0);
  });

  test("prints the head too, and fails with 22 if it is told to", () => {
    const args = ["main:app", "https://example.com/missing", "-i"];
    const { status, stdout } = fetched(args);
    assert.match(stdout, /^HTTP\/1\.1 404 Not Found\r\n(.+\r\n)+\r\nGET https/);
    assert.equal(status, 0);
    assert.equal(fetched([...args, "--fail"]).status, 22);
  });

  test("sends bytes of a file and of standard input, and gets them back", () => {
    const data = Uint8Array.of(0, 10, 255, 13);
    const file = fetched(["main:app", "/echo", "-d", "@data.bin"]);
    assert.deepEqual(file.bytes, data);
    const input = fetched(["main:app", "/echo", "-d", "@-"], data);
    assert.deepEqual(input.bytes, data);
  });

  test("a body is a form, unless a header says otherwise", () => {
    const type = (...args: string[]) =>
      fetched(["main:app", "/", "-d", "a=1", ...args]).stdout.split(" ").at(-1);
    assert.equal(type(), "application/x-www-form-urlencoded");
    assert.equal(type("-H", "Content-Type: text/plain"), "text/plain");
  });

  test("log lines go to standard error, those of access as well", () => {
    const { stdout, stderr } = fetched([
      "main:app",
      "/a",
      "--log-level",
      "info",
    ]);
    assert.equal(stdout, "GET http /a ");
    assert.match(stderr, /"GET \/a HTTP\/1\.1" 200 OK/);
    assert.match(stderr, /Application startup complete/);
  });

  test("takes any application that can be served", () => {
    assert.equal(
      fetched(["main:other", "/f"]).stdout,
      "http://127.0.0.1:8000/f",
    );
  });

  test("a response that breaks off exits with 1", () => {
    const { status, stdout, stderr } = fetched(["main:app", "/break"]);
    assert.equal(status, 1);
    assert.equal(stdout, "half");
    assert.match(stderr, /Error: broken/);
    assert.match(stderr, /ERROR: {4}Cannot read/);
  });

  for (
    const [args, status, line] of [
      [["main:nope", "/"], 3, /^ERROR: {4}Error loading ASGI app\. Attribute/m],
      [["main:app"], 2, /^Error: Missing argument 'URL'/m],
      [["main:app", "/", "-d", "@no"], 2, /^Error: Cannot read file 'no'/m],
      [["main:app", "http://["], 2, /^Error: Cannot send request: /m],
    ] as const
  ) {
    test(`exits with ${status} for ${args.join(" ")}`, () => {
      const result = fetched(args);
      assert.match(result.stderr, line);
      assert.equal(result.status, status);
      assert.equal(result.stdout, "");
    });
  }

  test("explains itself", () => {
    const { status, stdout } = fetched(["--help"]);
    assert.equal(status, 0);
    assert.match(stdout, /^Usage: tricorn fetch \[OPTIONS\] \[APP\] URL/);
  });
});

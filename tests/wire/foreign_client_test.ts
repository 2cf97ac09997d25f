/** The second opinion: curl, which reads HTTP by its own lights. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { needsProgram } from "../_support/needs.ts";
import { Script, SCRIPTED_APP } from "../_support/script.ts";
import { sharedServer, withServer } from "../_support/spawn_server.ts";

const skip = needsProgram("curl");
const shared = sharedServer({ app: SCRIPTED_APP });

let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "tricorn-curl-"));
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** Runs curl to its end. */
function curl(
  ...args: readonly string[]
): Promise<{ code: number | null; out: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      "curl",
      [
        "--silent",
        "--show-error",
        "--max-time",
        "30",
        "--noproxy",
        "*",
        ...args,
      ],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    let out = "";
    const collect = (text: string) => {
      out += text;
    };
    child.stdout.setEncoding("utf8").on("data", collect);
    child.stderr.setEncoding("utf8").on("data", collect);
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, out }));
  });
}

const url = (target: string) => `${shared.server.runningOn}${target}`;

describe("curl", { skip: skip }, () => {
  test("gets a page", async () => {
    assert.deepEqual(await curl(url("/")), { code: 0, out: "Hello, world!" });
  });

  test("gets the head of a page", async () => {
    const { code, out } = await curl("--head", url("/"));
    assert.equal(code, 0);
    assert.match(out, /^HTTP\/1\.1 200 OK\r\n/);
    assert.match(out, /\r\ncontent-length: 13\r\n/);
  });

  test("reuses its connection for three pages", async () => {
    const { code, out } = await curl(
      "--write-out",
      "[%{num_connects}]",
      url("/"),
      url("/a"),
      url("/b"),
    );
    assert.equal(code, 0);
    assert.equal(out, "Hello, world![1]Hello, world![0]Hello, world![0]");
  });

  test("gets a chunked page", async () => {
    const script = new Script(["start", 200], ["body", "one ", true], [
      "body",
      "two",
    ]);
    assert.deepEqual(await curl(url(script.target)), {
      code: 0,
      out: "one two",
    });
  });

  test("gets a page on HTTP/1.0", async () => {
    const script = new Script(["start", 200], ["body", "one ", true], [
      "body",
      "two",
    ]);
    assert.deepEqual(await curl("--http1.0", url(script.target)), {
      code: 0,
      out: "one two",
    });
  });

  test("posts a form", async () => {
    const script = new Script(["echo"]);
    const { code, out } = await curl("--data", "a=1&b=2", url(script.target));
    assert.deepEqual([code, out], [0, "a=1&b=2"]);
  });

  test("posts a megabyte, for which it expects a 100", async () => {
    const file = join(folder, "upload");
    writeFileSync(file, "0123456789abcdef".repeat(65_536));
    const { code, out } = await curl(
      "--verbose",
      "--header",
      "Expect: 100-continue",
      "--upload-file",
      file,
      "--output",
      join(folder, "download"),
      url(new Script(["echo"]).target),
    );
    assert.equal(code, 0, out);
    assert.match(out, /HTTP\/1\.1 100 Continue/);
    assert.deepEqual(
      readFileSync(join(folder, "download")),
      readFileSync(file),
    );
  });

  test("posts in chunks", async () => {
    const { code, out } = await curl(
      "--header",
      "Transfer-Encoding: chunked",
      "--data",
      "in chunks",
      url(new Script(["echo"]).target),
    );
    assert.deepEqual([code, out], [0, "in chunks"]);
  });

  test("notices that a page was cut short", async () => {
    const script = new Script(["start", 200], ["body", "part", true], [
      "sleep",
      50,
    ], [
      "throw",
      "cut",
    ]);
    const { code } = await curl(url(script.target));
    assert.ok(code === 18 || code === 56, `exit code ${code}`); // partial file, or receive error
  });

  test("gets a page from a UNIX socket", async () => {
    const path = join(folder, "curl.sock");
    await withServer({ app: SCRIPTED_APP, args: ["--uds", path] }, async () => {
      const { code, out } = await curl(
        "--unix-socket",
        path,
        "http://anything/",
      );
      assert.deepEqual([code, out], [0, "Hello, world!"]);
    });
  });
});

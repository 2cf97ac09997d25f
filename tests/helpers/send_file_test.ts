import assert from "node:assert/strict";
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { sendFile } from "../../src/helpers/send_file.ts";
import type { AsgiApp } from "../../mod.ts";
import { withApp } from "./_serve.ts";

const folder = mkdtempSync(join(tmpdir(), "tricorn-file-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, "page.html");
writeFileSync(path, "0123456789");
const modified = new Date("2026-11-01T10:20:30Z");
utimesSync(path, modified, modified);

const app: AsgiApp = async (scope, _receive, send) => {
  if (scope.type !== "http") return;
  const options = { headers: [["cache-control", "max-age=60"]] as const };
  if (await sendFile(scope, send, join(folder, scope.path), options)) return;
  await send({ type: "http.response.start", status: 404 });
  await send({ type: "http.response.body" });
};

interface Asked {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
}

async function ask(
  { path = "/page.html", method = "GET", headers = {} }: Asked,
) {
  let asked: Response | undefined;
  let text = "";
  await withApp(app, async (url) => {
    asked = await fetch(url + path, { method, headers });
    text = await asked.text();
  });
  const { status, headers: fields } = asked!;
  return { status, text, field: (name: string) => fields.get(name) };
}

describe("sendFile()", () => {
  test("sends the file, and what is known of it", async () => {
    const { status, text, field } = await ask({});
    assert.deepEqual([status, text], [200, "0123456789"]);
    assert.equal(field("content-type"), "text/html; charset=utf-8");
    assert.equal(field("content-length"), "10");
    assert.equal(field("last-modified"), "Sun, 01 Nov 2026 10:20:30 GMT");
    assert.equal(field("accept-ranges"), "bytes");
    assert.equal(field("cache-control"), "max-age=60");
    assert.match(field("etag")!, /^W\/"a-[0-9a-z]+"$/);
  });

  test("sends no body to HEAD", async () => {
    const { status, text, field } = await ask({ method: "HEAD" });
    assert.deepEqual([status, text, field("content-length")], [200, "", "10"]);
  });

  test("sends nothing if there is no file, or a folder", async () => {
    assert.equal((await ask({ path: "/none" })).status, 404);
    assert.equal((await ask({ path: "/" })).status, 404);
    assert.equal((await ask({ path: "/page.html/x" })).status, 404);
  });

  test("takes GET and HEAD alone", async () => {
    const { status, field } = await ask({ method: "DELETE" });
    assert.deepEqual([status, field("allow")], [405, "GET, HEAD"]);
  });

  for (
    const [range, status, text, contentRange] of [
      ["bytes=2-4", 206, "234", "bytes 2-4/10"],
      ["bytes=-3", 206, "789", "bytes 7-9/10"],
      ["bytes=10-", 416, "", "bytes */10"],
      ["bytes=0-1,4-5", 200, "0123456789", null],
    ] as const
  ) {
    test(`answers range: ${range} with ${status}`, async () => {
      const answer = await ask({ headers: { range } });
      const { field } = answer;
      assert.deepEqual(
        [answer.status, answer.text, field("content-range")],
        [status, text, contentRange],
      );
    });
  }

  test("sends a part only if the file is still that of if-range", async () => {
    const date = modified.toUTCString();
    for (
      const [condition, status] of [
        [date, 206],
        [new Date(0).toUTCString(), 200],
        ['"other"', 200],
      ] as const
    ) {
      const headers = { range: "bytes=0-0", "if-range": condition };
      assert.equal((await ask({ headers })).status, status, condition);
    }
  });

  test("answers 304 to a client that has the file", async () => {
    const etag = (await ask({})).field("etag")!;
    for (
      const [name, value, status] of [
        ["if-none-match", etag, 304],
        ["if-none-match", `"x", ${etag.slice(2)}`, 304],
        ["if-none-match", "*", 304],
        ["if-none-match", '"x"', 200],
        ["if-modified-since", modified.toUTCString(), 304],
        ["if-modified-since", new Date(0).toUTCString(), 200],
        ["if-modified-since", "yesterday", 200],
      ] as const
    ) {
      const answer = await ask({ headers: { [name]: value } });
      assert.equal(answer.status, status, `${name}: ${value}`);
      assert.equal(answer.field("etag"), etag);
      if (status === 304) assert.equal(answer.text, "");
    }
  });
});

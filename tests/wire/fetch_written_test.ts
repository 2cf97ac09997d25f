/** On Bun, functions of its own take the request of a handler, and find its body in it. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { withServer } from "../_support/spawn_server.ts";
import { RUNTIME } from "../_support/this_runtime.ts";

const skip = RUNTIME !== "bun" && "only Bun has them";

/** What a server answers that writes a request of these bytes. */
async function written(path: string, body: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "tricorn-written-"));
  let answer = "";
  try {
    await withServer({ app: "written:default" }, async (server) => {
      const query = `path=${encodeURIComponent(join(folder, "body"))}`;
      const url = `http://127.0.0.1:${server.port}${path}?${query}`;
      const response = await fetch(url, { method: "POST", body });
      answer = `${response.status} ${await response.text()}`;
      server.signal("SIGTERM");
      await server.end();
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return answer;
}

describe("[bun] Bun.write() of a request", () => {
  for (const size of [3, 100_000, 3_000_000]) {
    test(`writes all of ${size} bytes`, { skip }, async () => {
      const answer = await written("/", "a".repeat(size));
      assert.equal(answer, `200 ${size} ${size} true`);
    });
  }

  for (const path of ["/read-before", "/read-behind"]) {
    test(`does not take turns with others: ${path}`, { skip }, async () => {
      assert.equal(await written(path, "abc"), "409 TypeError");
    });
  }
});

/** Modules of a fetch application may keep `fetch` and `Request`, and give them its requests. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type ServerProcess, spawnServer } from "../_support/spawn_server.ts";

for (const args of [[], ["--interface", "fetch"]]) {
  describe(`a fetch application that keeps the globals (${args})`, () => {
    let server: ServerProcess;
    before(async () => {
      server = await spawnServer({ app: "globals:default", args });
    });
    after(async () => {
      server.signal("SIGTERM");
      await server.end();
    });

    for (
      const [path, answer] of [
        ["/", "true POST abc"],
        ["/copied", "POST b abc"],
        ["/named", "named POST abc"],
        ["/passed", "true POST abc"],
      ] as const
    ) {
      test(`answers ${path}`, async () => {
        const response = await fetch(`http://127.0.0.1:${server.port}${path}`, {
          method: "POST",
          body: "abc",
        });
        assert.equal(response.status, 200, server.output);
        assert.equal(await response.text(), answer);
      });
    }
  });
}

describe("what makes requests", () => {
  async function answerOf(app: string): Promise<string> {
    const server = await spawnServer({ app });
    try {
      const response = await fetch(`http://127.0.0.1:${server.port}/`);
      return await response.text();
    } finally {
      server.signal("SIGTERM");
      await server.end();
    }
  }

  test("is not loaded for an application of ASGI", async () => {
    assert.equal(await answerOf("globals_seen:app"), "false false");
  });

  test("is loaded behind a fetch application, whose requests are made on demand", async () => {
    assert.equal(await answerOf("globals_seen:default"), "false true GET");
  });
});

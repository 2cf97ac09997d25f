/** What an application has started and not ended has nothing of the server. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import process from "node:process";
import { test } from "node:test";
import { withServer } from "../_support/spawn_server.ts";

for (const args of [[], ["--workers", "2"]]) {
  test(`a process that outlives the server does not keep its port (${args})`, () =>
    withServer({ app: "leaves_child:app", args }, async (server) => {
      const answer = await fetch(`http://127.0.0.1:${server.port}/`);
      const child = Number(await answer.text());
      assert.ok(child > 0, `${child}`);
      try {
        server.signal("SIGTERM");
        await server.end();
        process.kill(child, 0); // throws if it has ended
        const next = createServer().listen(server.port, "127.0.0.1");
        await once(next, "listening"); // rejects with EADDRINUSE
        next.close();
      } finally {
        process.kill(child);
      }
    }));
}

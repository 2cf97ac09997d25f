/** Connections that are reset before anybody has accepted them. */
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { LOOPS } from "../_support/loops.ts";
import { RawClient, request } from "../_support/raw_client.ts";
import { withServer } from "../_support/spawn_server.ts";

/**
 * Fewer than Bun's backlog of 512 holds. At 50 ms for each of them, the next one would have to wait
 * for twenty seconds.
 */
const RESETS = 400;
const PATIENCE_MS = 10_000;

for (const { loop, label } of LOOPS) {
  test(`a flood of connections that are reset at once holds nobody up (${label} sockets)`, () =>
    withServer({ app: "echo:app", args: ["--loop", loop] }, async (server) => {
      // It cannot accept while they come: all of them are gone when it does.
      process.kill(server.pid, "SIGSTOP");
      try {
        for (let i = 0; i < RESETS; i++) {
          const client = await RawClient.connect(server.target);
          client.reset();
        }
      } finally {
        process.kill(server.pid, "SIGCONT");
      }
      const client = await RawClient.connect(server.target);
      const late = new Promise<"late">((resolve) => {
        setTimeout(() => resolve("late"), PATIENCE_MS).unref();
      });
      const answer = await Promise.race([
        client.request(request("GET /")),
        late,
      ]);
      client.close();
      assert.notEqual(answer, "late");
    }));
}

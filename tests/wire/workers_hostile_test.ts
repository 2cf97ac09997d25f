/** Workers that are killed again and again while many clients ask: what is lost, and what is not. */
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { LoadClient } from "../_support/load_client.ts";
import { pause } from "../_support/raw_client.ts";
import { isAlive, startedPids, until, withWorkers } from "./_workers.ts";

/** Workers killed one after the other, and clients, each with one request at a time. */
const KILLS = 6;
const CONNECTIONS = 16;

for (const requestsPerConnection of [1, 50]) {
  test(`a killed worker loses what it had accepted and nothing else, ${requestsPerConnection} a connection`, () =>
    withWorkers(3, async (server) => {
      const load = new LoadClient(server.target, {
        connections: CONNECTIONS,
        requestsPerConnection,
        pauseMs: 1,
        persists: true,
      });
      const killed = new Set<number>();
      for (let kill = 0; kill < KILLS; kill++) {
        await load.answered(load.counts.answers + 200);
        const victims = () =>
          startedPids(server).filter((pid) => isAlive(pid) && !killed.has(pid));
        await until(() => victims().length > 1, "two that live", server);
        const [victim] = victims();
        killed.add(victim!);
        process.kill(victim!, "SIGKILL");
      }
      await load.answered(load.counts.answers + 500);
      const counts = await load.stop();
      const { lost, lostFirst, refused, otherAnswers } = counts;
      // The socket is the parent's: nobody is ever refused, and nobody gets half an answer.
      assert.deepEqual({ refused, otherAnswers }, {
        refused: 0,
        otherAnswers: 0,
      });
      // One request at a time: at most as many as there are connections, each time.
      assert.ok(
        lost + lostFirst <= KILLS * CONNECTIONS,
        JSON.stringify(counts),
      );
      server.signal("SIGTERM");
      assert.equal((await server.end()).code, 0);
    }, { args: ["--no-access-log"] }));
}

test("without workers for a while nobody is refused or forgotten", () =>
  withWorkers(2, async (server) => {
    const load = new LoadClient(server.target, {
      connections: CONNECTIONS,
      requestsPerConnection: 1,
      persists: true,
    });
    await load.answered(100);
    for (const pid of startedPids(server)) process.kill(pid, "SIGKILL");
    await load.answered(load.counts.answers + 200);
    await pause(10);
    const { refused, otherAnswers, lost } = await load.stop();
    assert.deepEqual({ refused, otherAnswers, lost }, {
      refused: 0,
      otherAnswers: 0,
      lost: 0,
    });
  }, { args: ["--no-access-log"] }));

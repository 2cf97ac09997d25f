/** Twenty rolling restarts under load: no request is lost, reset or refused (process:P-067). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { LoadClient, type LoadOptions } from "../_support/load_client.ts";
import { linesWith, until, withWorkers } from "./_workers.ts";

const RESTARTS = 20;

const LOADS: Readonly<Record<string, LoadOptions>> = {
  "that never rests": { connections: 5 },
  "with pauses": { connections: 20, pauseMs: 20 },
  "that connects anew": {
    connections: 5,
    requestsPerConnection: 5,
    pauseMs: 1,
  },
};

test("twenty rolling restarts under load lose nothing", () =>
  withWorkers(2, async (server) => {
    const loads = Object.values(LOADS).map((options) =>
      new LoadClient(server.target, { ...options, persists: true })
    );
    await Promise.all(loads.map((load) => load.answered(100)));
    for (let round = 1; round <= RESTARTS; round++) {
      server.signal("SIGHUP");
      await until(
        () => linesWith(server, /Finished server process/).length >= 2 * round,
        `the end of round ${round}`,
        server,
      );
    }
    const counts = await Promise.all(loads.map((load) => load.stop()));
    for (const [at, name] of Object.keys(LOADS).entries()) {
      const { lost, lostFirst, refused, otherAnswers } = counts[at]!;
      assert.deepEqual(
        { lost, lostFirst, refused, otherAnswers },
        { lost: 0, lostFirst: 0, refused: 0, otherAnswers: 0 },
        `a load ${name}: ${JSON.stringify(counts[at])}\n${server.output}`,
      );
    }
    assert.deepEqual(linesWith(server, /died|Killing/), []);
  }, { args: ["--no-access-log"] }));

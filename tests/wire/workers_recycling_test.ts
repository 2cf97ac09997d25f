/** Workers that are replaced because they have served enough, are old, or large. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { LoadClient } from "../_support/load_client.ts";
import { linesWith, ready, startedPids, withWorkers } from "./_workers.ts";

const QUIET = ["--no-access-log"];

test("workers that have served enough are replaced, and no request is lost (process:P-061, P-078)", () =>
  withWorkers(2, async (server) => {
    const load = new LoadClient(server.target, {
      connections: 10,
      requestsPerConnection: 20,
      persists: true,
    });
    await ready(server, 6);
    const counts = await load.stop();
    const what = `${JSON.stringify(counts)}\n${server.output}`;
    assert.equal(counts.lost + counts.lostFirst, 0, what);
    assert.equal(counts.refused, 0, what);
    await server.line(
      "stderr",
      /Maximum request limit of \d+ exceeded\. Terminating process\./,
    );
    await server.line(
      "stderr",
      /Child process \[\d+\] has served \d+ requests: replacing it/,
    );
    assert.deepEqual(linesWith(server, /died/), []);
  }, {
    args: [
      ...QUIET,
      "--limit-max-requests",
      "300",
      "--limit-max-requests-jitter",
      "300",
    ],
  }));

test("workers are replaced at their age, the new one ready before the old one ends", () =>
  withWorkers(2, async (server) => {
    await server.line("stderr", /is \d seconds old: replacing it/);
    await ready(server, 3);
    const [first] = linesWith(server, /Application startup|Terminated/)
      .slice(2);
    assert.match(first!, /Application startup complete/);
  }, {
    args: [...QUIET, "--worker-max-age", "1", "--worker-max-age-jitter", "1"],
  }));

test("a single worker that may not hold so much memory has a parent that replaces it", () =>
  withWorkers(1, async (server) => {
    const [pid] = startedPids(server);
    await server.line(
      "stderr",
      new RegExp(`Child process \\[${pid}\\] holds \\d+ MiB of memory: repl`),
    );
    await ready(server, 2);
  }, { args: [...QUIET, "--worker-max-memory", "1"] }));

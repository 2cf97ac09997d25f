/** Workers that die, hang or are merely busy, under load. */
import assert from "node:assert/strict";
import process from "node:process";
import { describe, test } from "node:test";
import { LoadClient } from "../_support/load_client.ts";
import { exchange, pause, RawClient, request } from "../_support/raw_client.ts";
import type { ServerProcess } from "../_support/spawn_server.ts";
import {
  ask,
  isAlive,
  linesWith,
  ready,
  startedPids,
  until,
  withWorkers,
} from "./_workers.ts";

const QUIET = ["--no-access-log"];
const CONNECTIONS = 20;

describe("a worker that is killed under load", () => {
  test("takes nobody along but those it served, and is replaced (process:P-058)", () =>
    withWorkers(2, async (server) => {
      const load = new LoadClient(server.target, {
        connections: CONNECTIONS,
        requestsPerConnection: 50,
        persists: true,
      });
      await load.answered(500);
      const [victim] = startedPids(server);
      process.kill(victim!, "SIGKILL");
      await ready(server, 3);
      await load.answered(load.counts.answers + 1000);
      const counts = await load.stop();
      const what = `${JSON.stringify(counts)}\n${server.output}`;
      assert.ok(counts.lost + counts.lostFirst <= CONNECTIONS, what);
      assert.equal(counts.refused, 0, what);
      assert.equal(counts.otherAnswers, 0, what);
      assert.equal(
        linesWith(server, /died: /)[0],
        `WARNING:  Child process [${victim}] died: signal SIGKILL`,
      );
    }, { args: QUIET }));

  test("loses none of those who wait, even if no worker lives", () =>
    withWorkers(2, async (server) => {
      for (const pid of startedPids(server)) process.kill(pid, "SIGKILL");
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => ask(server)),
      );
      assert.equal(answers.length, 50);
    }, { args: QUIET }));

  test("shows its exit code (process:P-061)", () =>
    withWorkers(2, async (server) => {
      await assert.rejects(ask(server, "/exit/7"));
      await server.line("stderr", /Child process \[\d+\] died: exit code 7/);
      await ready(server, 3);
    }));

  test("at each n-th request is started again and again, later and later", () =>
    withWorkers(2, async (server) => {
      for (let at = 0; at < 12; at++) await ask(server).catch(() => {});
      await server.line("stderr", /died: exit code 5/);
      await until(
        async () => (await ask(server).catch(() => undefined)) !== undefined,
        "an answer",
        server,
      );
    }, { app: "workers:mortal" }));
});

test("a worker that keeps dying is started a bounded number of times", () =>
  withWorkers(1, async (server) => {
    await server.line("stderr", /dies again and again: starting it in 2\.0/);
    assert.ok(startedPids(server).length <= 6, server.output);
    // The parent is at work all the same.
    server.signal("SIGTERM");
    assert.equal((await server.end()).signal, null);
  }, { app: "workers:shortLived", args: ["--worker-max-age", "60"] }));

describe("a worker that hangs", () => {
  const limit = ["--timeout-worker-healthcheck", "1", ...QUIET];

  async function blockOne(server: ServerProcess): Promise<RawClient> {
    const client = await RawClient.connect(server.target);
    client.send(request("GET /block/60000"));
    return client;
  }

  test("in a loop is killed and replaced; the others serve on (process:P-056, P-058)", () =>
    withWorkers(2, async (server) => {
      const client = await blockOne(server);
      await server.line("stderr", /has not answered for 1 seconds: its event/);
      await ready(server, 3);
      await ask(server);
      assert.equal((await client.readToEnd()).bytes, "");
      assert.equal(linesWith(server, /died: signal SIGKILL/).length, 1);
      client.close();
    }, { args: limit }));

  test("because it was stopped is killed and replaced, and who waits is served", () =>
    withWorkers(2, async (server) => {
      const [pid] = startedPids(server);
      process.kill(pid!, "SIGSTOP");
      await ready(server, 3);
      assert.equal(isAlive(pid!), false);
      for (let at = 0; at < 10; at++) await ask(server);
    }, { args: limit }));

  test("while all are to end does not keep the parent", () =>
    withWorkers(2, async (server) => {
      const client = await blockOne(server);
      // The other one answers; the first is in its loop by then.
      await until(
        async () => (await ask(server).catch(() => undefined)) !== undefined,
        "an answer",
        server,
      );
      server.signal("SIGTERM");
      assert.equal((await server.end()).signal, null);
      client.close();
    }, { args: limit }));

  test("for less than the limit is left alone", () =>
    withWorkers(2, async (server) => {
      const answers = await Promise.all(
        Array.from(
          { length: 3 },
          () => exchange(server.target, request("GET /block/1200")),
        ),
      );
      for (const { status } of answers) assert.equal(status, 200);
      await pause(500);
      assert.deepEqual(linesWith(server, /Killing|died/), []);
    }, { args: ["--timeout-worker-healthcheck", "6", ...QUIET] }));
});

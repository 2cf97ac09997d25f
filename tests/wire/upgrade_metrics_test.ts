/** Metrics over SIGUSR2: a new parent goes on counting where the old one is, until that has ended. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { sumOf } from "../metrics/_prometheus.ts";
import { LoadClient } from "../_support/load_client.ts";
import { exchange, pause, RawClient, request } from "../_support/raw_client.ts";
import type { ServerProcess } from "../_support/spawn_server.ts";
import { until, upgrade, withUpgrades } from "../_support/upgrades.ts";

const folder = mkdtempSync(join(tmpdir(), "tricorn-upgrade-metrics-"));
after(() => rmSync(folder, { recursive: true, force: true }));

// Answers a request when its body is there.
writeFileSync(
  join(folder, "main.mjs"),
  `export const app = async (scope, receive, send) => {
  if (scope.type !== "http") return;
  while ((await receive()).more_body);
  await send({ type: "http.response.start", status: 200 });
  await send({ type: "http.response.body", body: "done" });
};
`,
);

let count = 0;

/** Where a server has its pid file and its admin listener, and what that says. */
function place(...args: readonly string[]) {
  const name = join(folder, `${++count}`);
  const path = `${name}.admin`;
  return {
    pidFile: `${name}.pid`,
    start: {
      cwd: folder,
      args: [
        "main:app",
        "--no-access-log",
        "--admin-bind",
        `unix:${path}`,
        ...args,
      ],
    },
    /** The text of the metrics; `undefined` while nobody listens. */
    scrape: async (): Promise<string | undefined> => {
      try {
        const { status, body } = await exchange(
          { path },
          request("GET /metrics"),
        );
        // One that ends may refuse.
        if (status === 503) return undefined;
        assert.equal(status, 200, body);
        return body;
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
        return undefined; // refused, or cut off
      }
    },
  };
}

const requestsIn = (body: string) =>
  sumOf(body, "http_server_request_duration_seconds_count");

const endedParents = (server: ServerProcess) =>
  server.stderr.filter((line) => /Stopping parent process/.test(line)).length;

/** Scrapes until the text is as wanted. */
async function scrapeUntil(
  scrape: () => Promise<string | undefined>,
  isIt: (body: string) => boolean,
  server: ServerProcess,
): Promise<string> {
  let last: string | undefined;
  for (let tries = 0; tries < 1200; tries++) {
    const body = await scrape();
    if (body !== undefined && isIt(body)) return body;
    last = body ?? last;
    await pause(25);
  }
  assert.fail(`${last}\n${server.output}`);
}

test("counters never fall over upgrades under load, and are what a client has sent", async () => {
  const { pidFile, start, scrape } = place();
  await withUpgrades(start, pidFile, async (server) => {
    const load = new LoadClient(server.target, {
      connections: 10,
      requestsPerConnection: 20,
      persists: true,
    });
    let last = 0;
    let scrapes = 0;
    let isOver = false;
    const watching = (async () => {
      while (!isOver) {
        const body = await scrape();
        if (body !== undefined) {
          const now = requestsIn(body);
          assert.ok(now >= last, `${now} after ${last}\n${server.output}`);
          last = now;
          scrapes++;
        }
        await pause(10);
      }
    })();
    watching.catch(() => {}); // it is waited for below
    await load.answered(100);
    for (let round = 1; round <= 2; round++) {
      await upgrade(server, pidFile);
      await until(
        () => endedParents(server) >= round,
        `the end of parent ${round}`,
        server,
      );
    }
    const { answers, otherAnswers, lost, lostFirst } = await load.stop();
    isOver = true;
    await watching;
    assert.deepEqual([otherAnswers, lost, lostFirst], [0, 0, 0]);
    assert.ok(scrapes > 10, `${scrapes} scrapes`);
    const body = await scrapeUntil(
      scrape,
      (body) => requestsIn(body) >= answers,
      server,
    );
    assert.equal(requestsIn(body), answers);
    assert.equal(sumOf(body, "tricorn_response_body_bytes_total"), 4 * answers);
    // Two workers of each parent that is gone.
    assert.equal(sumOf(body, "tricorn_worker_drain_seconds_count"), 4);
  });
});

test("what old parents still count is not lost, however many there are", async () => {
  const { pidFile, start, scrape } = place();
  await withUpgrades(start, pidFile, async (server) => {
    const slow = await RawClient.connect(server.target);
    slow.send(request("POST /", ["content-length: 3"], "ab"));
    await scrapeUntil(
      scrape,
      (body) => sumOf(body, "http_server_active_requests") === 1,
      server,
    );
    await exchange(server.target, request("GET /"));
    await upgrade(server, pidFile);
    await exchange(server.target, request("GET /"));
    // Its workers have nothing to do, but it is the way by which the first one's counts come.
    await upgrade(server, pidFile);
    await exchange(server.target, request("GET /"));
    const meanwhile = await scrapeUntil(
      scrape,
      (body) => requestsIn(body) === 3,
      server,
    );
    assert.equal(sumOf(meanwhile, "http_server_active_requests"), 1);
    assert.equal(endedParents(server), 0);
    slow.send("c");
    assert.match(await slow.readUntil("done"), /200/);
    await until(() => endedParents(server) === 2, "both ends", server);
    const body = await scrapeUntil(
      scrape,
      (body) => requestsIn(body) === 4,
      server,
    );
    assert.equal(sumOf(body, "tricorn_request_body_bytes_total"), 3);
    assert.equal(sumOf(body, "http_server_active_requests"), 0);
    slow.close();
  });
});

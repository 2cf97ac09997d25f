/** Metrics of a server with workers, on its admin listener: right, whatever becomes of workers. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { exchange, request } from "../_support/raw_client.ts";
import { sumOf } from "../metrics/_prometheus.ts";
import { ready, startedPids, withWorkers } from "./_workers.ts";

const RESTARTS = Number(process.env.TEST_ROLLING_RESTARTS ?? 20);

test("counters do not fall over rolling restarts, a killed and a hanging worker, and are what was sent", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tricorn-"));
  const path = join(folder, "admin");
  try {
    await withWorkers(2, async (server) => {
      const scrape = async () =>
        (await exchange({ path }, request("GET /metrics"))).body;
      const count = (body: string) =>
        sumOf(body, "http_server_request_duration_seconds_count");
      let sent = 0;
      for (let round = 1; round <= RESTARTS; round++) {
        for (let at = 0; at < 5; at++) {
          await exchange(server.target, request("GET /"));
          sent++;
        }
        assert.equal(count(await scrape()), sent);
        process.kill(server.pid, "SIGHUP");
        await ready(server, 2 + 2 * round);
        assert.equal(count(await scrape()), sent);
      }
      const [killed] = startedPids(server).slice(-1);
      process.kill(killed!, "SIGKILL");
      await ready(server, 3 + 2 * RESTARTS);
      assert.equal(count(await scrape()), sent);
      const [hanging] = startedPids(server).slice(-1);
      process.kill(hanging!, "SIGSTOP");
      const body = await scrape();
      assert.equal(count(body), sent);
      assert.equal(sumOf(body, "tricorn_worker_up"), 1);
      process.kill(hanging!, "SIGCONT");
    }, { args: ["--no-access-log", "--admin-bind", `unix:${path}`] });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

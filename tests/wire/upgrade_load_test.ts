/** Twenty upgrades by SIGUSR2 under load: no request is lost, reset or refused. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { LoadClient } from "../_support/load_client.ts";
import { until, upgrade, withUpgrades } from "../_support/upgrades.ts";

const folder = mkdtempSync(join(tmpdir(), "tricorn-upgrades-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const UPGRADES = 20;

for (
  const [name, options] of [
    ["that never rests", { connections: 20 }],
    ["that connects anew", { connections: 20, requestsPerConnection: 5 }],
  ] as const
) {
  test(`twenty upgrades under a load ${name} lose nothing`, async () => {
    const pidFile = join(folder, `${options.connections}${name.length}.pid`);
    await withUpgrades(
      { app: "workers:app", args: ["--no-access-log"] },
      pidFile,
      async (server) => {
        const load = new LoadClient(server.target, {
          ...options,
          persists: true,
        });
        await load.answered(100);
        const ended = () =>
          server.stderr.filter((line) => /Stopping parent process/.test(line))
            .length;
        for (let round = 1; round <= UPGRADES; round++) {
          await upgrade(server, pidFile);
          await until(() => ended() >= round, `the end of ${round}`, server);
        }
        const counts = await load.stop();
        const what = `${JSON.stringify(counts)}\n${server.output}`;
        assert.equal(counts.lost, 0, what);
        assert.equal(counts.lostFirst, 0, what);
        assert.equal(counts.refused, 0, what);
        assert.equal(counts.otherAnswers, 0, what);
      },
    );
  });
}

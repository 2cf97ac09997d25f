/** A service of systemd's `Type=notify`: readiness, reload, watchdog and the end. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, describe, test } from "node:test";
import { needsProgram, PYTHON } from "../_support/needs.ts";
import { withServer } from "../_support/spawn_server.ts";
import { SystemdManager } from "../_support/systemd_manager.ts";
import { pidIn, upgrade, withUpgrades } from "../_support/upgrades.ts";
import { RUNTIME } from "../_support/this_runtime.ts";

const folder = mkdtempSync(join(tmpdir(), "tricorn-systemd-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const skip = process.platform !== "linux" || needsProgram(PYTHON) ||
  (RUNTIME === "node" && needsProgram("systemd-notify"));

writeFileSync(
  join(folder, "log.json"),
  JSON.stringify({
    version: 1,
    handlers: {
      all: { class: "tricorn.StreamHandler", stream: "ext://sys.stderr" },
    },
    root: { handlers: ["all"], level: "INFO" },
  }),
);
writeFileSync(
  join(folder, "main.mjs"),
  "export const app = async (scope, receive, send) => {};\n",
);

describe("a service of Type=notify", { skip }, () => {
  test("tells of readiness, life, reloads and its end", async () => {
    const socket = join(folder, "notify");
    const manager = await SystemdManager.open(socket);
    try {
      await withServer({
        cwd: folder,
        args: ["main:app", "--log-config", "log.json"],
        env: { NOTIFY_SOCKET: socket, WATCHDOG_USEC: "400000" },
      }, async (server) => {
        await manager.until(`MAINPID=${server.pid}`);
        assert.match(manager.heard[0]!.text, /READY=1/);
        await manager.until("WATCHDOG=1");
        server.signal("SIGHUP");
        await manager.until("RELOADING=1");
        const from = manager.heard.findIndex(({ text }) =>
          text.includes("RELOADING=1")
        );
        await manager.until("READY=1", from);
        server.signal("SIGTERM");
        await server.end();
        await manager.until("STOPPING=1");
        assert.doesNotMatch(server.output, /Cannot notify systemd/);
      });
    } finally {
      await manager.close();
    }
  });

  test("with workers is the parent, then the one that takes over from it, watchdog included", async () => {
    const socket = join(folder, "notify-workers");
    const pidFile = join(folder, "workers.pid");
    const manager = await SystemdManager.open(socket);
    try {
      await withUpgrades(
        {
          cwd: folder,
          args: ["main:app"],
          env: { NOTIFY_SOCKET: socket, WATCHDOG_USEC: "400000" },
          // systemd names the process that is to show signs of life.
          via: ["sh", "-c", 'WATCHDOG_PID=$$ exec "$@"', "sh"],
        },
        pidFile,
        async (server) => {
          const old = pidIn(pidFile);
          await manager.until(`MAINPID=${old}`);
          await manager.until("WATCHDOG=1");
          const pid = await upgrade(server, pidFile);
          // The old one names its successor, which only then is believed.
          await manager.until(`MAINPID=${pid}`);
          const named = manager.heard.findIndex(({ text }) =>
            text.includes(`MAINPID=${pid}`)
          );
          await manager.until("READY=1", named);
          const from = manager.heard.findIndex(({ text }, at) =>
            at >= named && text.includes("READY=1")
          );
          await manager.until("WATCHDOG=1", from + 1);
          const told = manager.heard.map(({ text }) => text).join("\n");
          assert.doesNotMatch(told, /STOPPING/);
          process.kill(pid, "SIGTERM");
          await manager.until("STOPPING=1");
          assert.doesNotMatch(server.output, /Cannot notify systemd/);
        },
      );
    } finally {
      await manager.close();
    }
  });

  test("serves all the same if systemd cannot be told, and says so once", async () => {
    await withServer({
      cwd: folder,
      args: ["main:app"],
      env: { NOTIFY_SOCKET: join(folder, "none"), WATCHDOG_USEC: "100000" },
    }, async (server) => {
      await server.line("stderr", /^WARNING: {2}Cannot notify systemd/);
      server.signal("SIGTERM");
      await server.end();
      const warnings = server.stderr.filter((line) =>
        line.includes("Cannot notify")
      );
      assert.equal(warnings.length, 1);
    });
  });
});

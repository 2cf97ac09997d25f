/** What an operator asks the parent of workers, and what workers tell each other. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import type { ServerStatus } from "../../src/control/controlled.ts";
import { pause } from "../_support/raw_client.ts";
import {
  ServerProcess,
  spawnServer,
  withServer,
} from "../_support/spawn_server.ts";
import { say, TopicListener } from "../_support/topic_client.ts";

const folder = mkdtempSync(join(tmpdir(), "tricorn-workers-control-"));
after(() => rmSync(folder, { recursive: true, force: true }));

async function tricorn(...args: readonly string[]) {
  const process = new ServerProcess({ cwd: folder, args });
  const { code } = await process.end();
  return { code, stdout: process.stdout.join("\n"), stderr: process.stderr };
}

async function status(pidFile: string): Promise<ServerStatus> {
  const { code, stdout, stderr } = await tricorn(
    "status",
    "--json",
    "--pid-file",
    pidFile,
  );
  assert.equal(code, 0, stderr.join("\n"));
  return JSON.parse(stdout);
}

/** The pid file is written when all workers are ready. */
async function written(path: string): Promise<void> {
  for (let i = 0; i < 6000 && !existsSync(path); i++) await pause(10);
}

describe("a server with workers", () => {
  test("has a pid file of the parent, and tells of each worker", async () => {
    const pidFile = join(folder, "a.pid");
    await withServer({
      app: "topics:app",
      args: ["--workers", "2", "--pid-file", pidFile],
    }, async (server) => {
      await written(pidFile);
      assert.equal(readFileSync(pidFile, "utf8"), `${server.pid}\n`);
      const listener = await TopicListener.open(server);
      const before = await status(pidFile);
      assert.equal(before.pid, server.pid);
      assert.equal(before.phase, "running");
      assert.deepEqual(before.addresses, [server.runningOn]);
      assert.deepEqual(before.workers.map(({ slot }) => slot), [0, 1]);
      assert.ok(before.workers.every(({ isResponding }) => isResponding));
      const busy = before.workers.find(({ pid }) => pid === listener.pid);
      assert.deepEqual(
        busy!.inFlight.map(({ method, path, waitsFor }) => [
          method,
          path,
          waitsFor,
        ]),
        [["GET", "/listen", "application"]],
      );
      assert.ok(busy!.inFlight[0]!.ageMs! >= 0);
      const reload = await tricorn("reload", "--pid-file", pidFile);
      assert.deepEqual(reload, {
        code: 0,
        stdout: "Restarted: 2 workers",
        stderr: [],
      });
      const later = await status(pidFile);
      const pids = new Set(before.workers.map(({ pid }) => pid));
      assert.equal(later.workers.length, 2);
      assert.ok(later.workers.every(({ pid }) => !pids.has(pid)));
      const stop = await tricorn("stop", "--pid-file", pidFile);
      assert.deepEqual([stop.code, stop.stdout], [0, "Stopped"]);
      assert.equal((await server.end()).code, 0);
      assert.equal(existsSync(pidFile), false);
    });
  });

  test("is refused in one line, code 3, where pid file or control socket cannot be had", async () => {
    for (
      const [args, problem] of [
        [
          ["--pid-file", "none/a.pid"],
          /^ERROR: {4}Cannot listen on unix:none\/a\.ctl \(--control-socket\): /,
        ],
        [
          ["--pid-file", "none/a.pid", "--control-socket", ""],
          /^ERROR: {4}Cannot use pid file 'none\/a\.pid' \(--pid-file\): the directory does not exist$/,
        ],
        [
          ["--pid-file", folder, "--control-socket", ""],
          /^ERROR: {4}Cannot use pid file '.*' \(--pid-file\): it is a directory$/,
        ],
      ] as const
    ) {
      const process = new ServerProcess({
        app: "topics:app",
        cwd: folder,
        args: ["--port=0", "--workers=2", ...args],
      });
      assert.equal((await process.end()).code, 3);
      const { stderr } = process;
      const found = stderr.filter((line) => !/^(INFO|WARNING): /.test(line));
      assert.equal(found.length, 1, stderr.join("\n"));
      assert.match(found[0]!, problem);
    }
  });

  test("carries topics from worker to worker, once each", async () => {
    const server = await spawnServer({
      app: "topics:app",
      args: ["--workers", "3", "--no-access-log"],
    });
    try {
      // The kernel spreads connections: until two workers have one.
      const listeners = [await TopicListener.open(server)];
      while (new Set(listeners.map(({ pid }) => pid)).size < 2) {
        listeners.push(await TopicListener.open(server));
      }
      const sayers = new Set<number>();
      let count = 0;
      while (sayers.size < 2 || count < 10) {
        sayers.add(await say(server, `${count++}`));
      }
      await say(server, "octets");
      // Order holds for each publisher alone.
      const expected = [
        ...Array.from({ length: count }, (_, at) => `${at}`),
        "octets 0,255",
      ].sort();
      for (const listener of listeners) {
        for (let i = 0; listener.lines.length < expected.length; i++) {
          assert.ok(i < 6000, listener.lines.join());
          await pause(10);
        }
        assert.deepEqual(listener.lines.sort(), expected);
        listener.close();
      }
    } finally {
      await server.kill();
    }
  });
});

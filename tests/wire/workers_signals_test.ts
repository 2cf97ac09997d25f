/** What signals ask of a parent: more or fewer workers, new ones, new log files. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { LoadClient } from "../_support/load_client.ts";
import { RawClient, request } from "../_support/raw_client.ts";
import { withServer } from "../_support/spawn_server.ts";
import {
  ask,
  DEBUG,
  isAlive,
  linesWith,
  ready,
  startedPids,
  until,
  withWorkers,
} from "./_workers.ts";

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "tricorn-"));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("SIGTTIN and SIGTTOU change the number of workers (process:P-070, P-071, P-072)", () =>
  withWorkers(1, async (server) => {
    server.signal("SIGTTIN");
    await ready(server, 2);
    const newest = startedPids(server)[1]!;
    server.signal("SIGTTOU");
    await until(() => !isAlive(newest), "the end of the newest", server);
    server.signal("SIGTTOU");
    await server.line("stderr", /Already reached one process, cannot decrease/);
    assert.deepEqual(
      linesWith(server, /^INFO.*(Received|Terminated|Already)/).map((line) =>
        line.slice(10)
      ),
      [
        "Received SIGTTIN, increasing the number of processes.",
        "Received SIGTTOU, decreasing number of processes.",
        `Terminated child process [${newest}]`,
        "Received SIGTTOU, decreasing number of processes.",
        "Already reached one process, cannot decrease the number of processes anymore.",
      ],
    );
    await ask(server);
  }, { args: ["--worker-max-age", "600"] }));

test("SIGWINCH and SIGUSR2 end nobody (process:P-073)", () =>
  withWorkers(2, async (server) => {
    server.signal("SIGWINCH");
    for (const pid of startedPids(server)) {
      for (
        const name of ["SIGINT", "SIGHUP", "SIGQUIT", "SIGWINCH"] as const
      ) process.kill(pid, name);
    }
    await ask(server);
    server.signal("SIGTTIN");
    await ready(server, 3);
    assert.deepEqual(linesWith(server, /died/), []);
  }));

test("a worker that is told to end by SIGTERM is replaced (process:P-062)", () =>
  withWorkers(2, async (server) => {
    const [pid] = startedPids(server);
    process.kill(pid!, "SIGTERM");
    await ready(server, 3);
    await server.line("stderr", new RegExp(`\\[${pid}\\] died: exit code 0`));
  }));

test("a worker that died before SIGTERM has not failed to end, though the parent hears of it later", () =>
  withWorkers(2, async (server) => {
    const [pid] = startedPids(server);
    server.signal("SIGSTOP");
    process.kill(pid!, "SIGKILL");
    server.signal("SIGTERM");
    server.signal("SIGCONT");
    assert.equal((await server.end()).code, 0);
  }));

describe("SIGHUP", () => {
  test("replaces all workers one by one, and no request is lost (process:P-067)", () =>
    withWorkers(2, async (server) => {
      const before = startedPids(server);
      const load = new LoadClient(server.target, {
        connections: 10,
        persists: true,
      });
      await load.answered(100);
      server.signal("SIGHUP");
      await until(() => !before.some(isAlive), "the end of the old", server);
      const counts = await load.stop();
      const what = `${JSON.stringify(counts)}\n${server.output}`;
      assert.equal(counts.lost + counts.lostFirst, 0, what);
      assert.equal(counts.refused, 0, what);
      const order = linesWith(server, /startup complete|Terminated/).slice(2);
      assert.deepEqual(
        order.map((line) => /complete/.test(line) ? "ready" : "ends"),
        ["ready", "ends", "ready", "ends"],
      );
    }, { args: ["--no-access-log"] }));

  test("reads the configuration and environment files again", () =>
    inFolder(async (folder) => {
      const config = join(folder, "tricorn.config.ts");
      const env = join(folder, ".env");
      const settings = (mode: string) =>
        `export default { workers: ${
          mode === "one" ? 1 : 2
        }, workerMaxAge: 600, ` +
        `headers: [["x-mode", "${mode}"]] };\n`;
      await writeFile(config, settings("one"));
      await writeFile(env, "MODE=one\nWEB_CONCURRENCY=\n");
      await withServer({
        app: "workers:app",
        args: [...DEBUG, "--config", config, "--env-file", env],
      }, async (server) => {
        await ready(server, 1);
        assert.equal((await ask(server)).mode, "one");
        await writeFile(config, settings("two"));
        await writeFile(env, "MODE=two\n");
        server.signal("SIGHUP");
        await ready(server, 3);
        await until(
          async () => (await ask(server)).mode === "two",
          "the new variable",
          server,
        );
      });
    }));

  test("keeps everything if the configuration is wrong, and says why", () =>
    inFolder(async (folder) => {
      const config = join(folder, "tricorn.config.json");
      await writeFile(config, '{ "workers": 2 }');
      await withServer(
        { app: "workers:app", args: [...DEBUG, "--config", config] },
        async (server) => {
          await ready(server, 2);
          const before = startedPids(server);
          await writeFile(config, '{ "workers": "many" }');
          server.signal("SIGHUP");
          await server.line(
            "stderr",
            /^ERROR: {4}Cannot restart: .*"workers".*'many'.*Keeping the workers/,
          );
          assert.ok(before.every(isAlive));
          await writeFile(config, '{ "workers": 2 }');
          server.signal("SIGHUP");
          await ready(server, 4);
        },
      );
    }));

  test("keeps the old workers if new ones cannot start (process:P-068)", () =>
    inFolder(async (folder) => {
      const env = join(folder, ".env");
      await writeFile(env, "MODE=good\n");
      await withServer({
        app: "workers:moody",
        args: [...DEBUG, "--workers", "2", "--env-file", env],
      }, async (server) => {
        await ready(server, 2);
        const before = startedPids(server);
        await writeFile(env, "MODE=bad\n");
        server.signal("SIGHUP");
        await server.line(
          "stderr",
          new RegExp(
            "New child process \\[\\d+\\] was not ready in time; keeping worker " +
              `\\[(${before.join("|")})\\] and aborting the restart`,
          ),
        );
        assert.ok(before.every(isAlive));
        assert.equal((await ask(server)).mode, "good");
        // Whoever dies now is started as before.
        process.kill(before[0]!, "SIGKILL");
        await ready(server, 3);
        await until(
          async () => (await ask(server)).mode === "good",
          "an answer",
          server,
        );
      });
    }));
});

test("SIGUSR1 opens log files anew in all processes (process:P-073)", () =>
  inFolder(async (folder) => {
    const log = join(folder, "access.log");
    await withWorkers(2, async (server) => {
      await ask(server);
      await until(
        async () => (await readFile(log, "utf8")).includes("GET / "),
        "a line in the log",
        server,
      );
      await rename(log, `${log}.1`);
      server.signal("SIGUSR1");
      await until(
        () => linesWith(server, /Log files reopened/).length === 3,
        "three reopened logs",
        server,
      );
      const seen = new Set<number>();
      await until(
        async () => {
          seen.add((await ask(server, "/new")).pid);
          return seen.size === 2;
        },
        "answers of both workers",
        server,
      );
      // Lines are written in the background.
      await until(
        async () => (await readFile(log, "utf8")).includes("GET /new "),
        "a line in the new file",
        server,
      );
      assert.ok(!(await readFile(`${log}.1`, "utf8")).includes("/new"));
    }, { args: ["--access-log-file", log] });
  }));

test("lines of several workers on one pipe stay whole", () =>
  withWorkers(3, async (server) => {
    const path = `/${"p".repeat(700)}`;
    const requests = request(`GET ${path}`).repeat(20);
    const clients = await Promise.all(
      Array.from({ length: 24 }, () => RawClient.connect(server.target)),
    );
    for (const client of clients) client.send(requests);
    const count = 20 * clients.length;
    await until(
      () => server.stdout.filter((line) => line.includes(path)).length >= count,
      "all lines",
      server,
    );
    for (const line of server.stdout) {
      assert.match(
        line,
        /^INFO: {5}127\.0\.0\.1:\d+ - "GET \/p{700} HTTP\/1\.1" 200 OK$/,
      );
    }
    for (const client of clients) client.close();
  }));

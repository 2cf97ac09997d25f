/** SIGUSR2: a new version takes over, or the old one stays and says why. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, describe, test } from "node:test";
import { exchange, request } from "../_support/raw_client.ts";
import { ServerProcess, withServer } from "../_support/spawn_server.ts";
import { pidIn, until, upgrade, withUpgrades } from "../_support/upgrades.ts";

const folder = mkdtempSync(join(tmpdir(), "tricorn-upgrade-"));
after(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;

/** An application in a folder of its own, whose first version answers with "1". */
function place() {
  const own = mkdtempSync(join(folder, `${++count}-`));
  const write = (body: string) => writeFileSync(join(own, "main.mjs"), body);
  const version = (text: string, status = 200) =>
    write(`export const app = async (scope, receive, send) => {
  if (scope.type !== "http") return;
  await send({ type: "http.response.start", status: ${status} });
  await send({ type: "http.response.body", body: ${JSON.stringify(text)} });
};
`);
  version("1");
  return {
    write,
    version,
    pidFile: join(own, "a.pid"),
    start: (...args: string[]) => ({ cwd: own, args: ["main:app", ...args] }),
  };
}

async function answer(server: ServerProcess): Promise<string> {
  const { body } = await exchange(
    server.target,
    request("GET /", ["connection: close"]),
  );
  return body;
}

async function tricorn(...args: readonly string[]) {
  const process = new ServerProcess({ cwd: folder, args });
  const { code } = await process.end();
  return { code, stdout: process.stdout.join("\n") };
}

describe("SIGUSR2", () => {
  test("hands over to the version on the disk, with pid file and control socket", async () => {
    const { pidFile, start, version } = place();
    await withUpgrades(
      start("--upgrade-probe", "/probe?a=b"),
      pidFile,
      async (server) => {
        const old = pidIn(pidFile);
        assert.equal(await answer(server), "1");
        for (const text of ["2", "3"]) {
          version(text);
          const before = pidIn(pidFile);
          const pid = await upgrade(server, pidFile);
          await server.line(
            "stderr",
            new RegExp(`Stopping parent process \\[${before}\\]`),
          );
          assert.equal(await answer(server), text);
          const { code, stdout } = await tricorn(
            "status",
            "--json",
            "--pid-file",
            pidFile,
          );
          assert.equal(code, 0);
          assert.equal(JSON.parse(stdout).pid, pid);
        }
        assert.ok(
          server.stderr.includes(
            `INFO:     New parent process [${
              /Started new parent process \[(\d+)\]/.exec(server.output)![1]
            }] takes over, exiting.`,
          ),
        );
        assert.notEqual(pidIn(pidFile), old);
        assert.equal((await tricorn("stop", "--pid-file", pidFile)).code, 0);
        await server.exited;
        assert.equal(existsSync(pidFile), false);
      },
    );
  });

  test("keeps the old version if the new one does not start", async () => {
    const { pidFile, start, write, version } = place();
    await withUpgrades(start(), pidFile, async (server) => {
      const pid = pidIn(pidFile);
      write("export const app = (;\n");
      process.kill(pid, "SIGUSR2");
      await server.line(
        "stderr",
        /^ERROR: {4}New parent process \[\d+\] did not take over: it ended with exit code 3\. Keeping this process\.$/,
      );
      assert.equal(pidIn(pidFile), pid);
      assert.equal(await answer(server), "1");
      version("2");
      assert.notEqual(await upgrade(server, pidFile), pid);
      await until(
        () => server.output.includes(`Stopping parent process [${pid}]`),
        "the end of the old parent",
        server,
      );
      assert.equal(await answer(server), "2");
    });
  });

  test("keeps the old version if the new one answers the probe with 500", async () => {
    const { pidFile, start, version } = place();
    await withUpgrades(
      start("--upgrade-probe", "/probe"),
      pidFile,
      async (server) => {
        const pid = pidIn(pidFile);
        version("2", 500);
        process.kill(pid, "SIGUSR2");
        await server.line(
          "stderr",
          /did not take over: it ended with exit code 3/,
        );
        assert.ok(
          server.stderr.includes(
            "ERROR:    Cannot take over: GET /probe (--upgrade-probe) is answered with 500",
          ),
        );
        assert.equal(pidIn(pidFile), pid);
        assert.equal(await answer(server), "1");
      },
    );
  });

  test("hands a UNIX socket over, whose path goes with the last one", async () => {
    const { pidFile, start, version } = place();
    const path = join(folder, `${count}.sock`);
    await withUpgrades(start("--uds", path), pidFile, async (server) => {
      version("2");
      await upgrade(server, pidFile);
      await server.line("stderr", /Stopping parent process/);
      assert.equal(await answer(server), "2");
      assert.equal((await tricorn("stop", "--pid-file", pidFile)).code, 0);
      await server.exited;
      assert.equal(existsSync(path), false);
    });
  });

  test("is refused in one line by a single process, which goes on", async () => {
    const { start } = place();
    await withServer(start(), async (server) => {
      process.kill(server.pid, "SIGUSR2");
      await server.line(
        "stderr",
        /^WARNING: {2}Received SIGUSR2: a single process cannot hand over to a new version; use --workers$/,
      );
      assert.equal(await answer(server), "1");
    });
  });

  test("wants a probe that is a path", async () => {
    const { start } = place();
    const server = new ServerProcess(start("--upgrade-probe", "probe"));
    assert.equal((await server.end()).code, 2);
    assert.match(
      server.stderr.at(-1)!,
      /^Error: Invalid value for '--upgrade-probe': 'probe' is not a path/,
    );
  });
});

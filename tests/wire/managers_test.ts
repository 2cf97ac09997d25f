/** Workers below managers of services: the recipes of examples/deploy/, with the real programs. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, describe, test } from "node:test";
import { needsProgram } from "../_support/needs.ts";
import { exchange, pause, request } from "../_support/raw_client.ts";
import { COMMAND, ServerProcess } from "../_support/spawn_server.ts";
import { commandLine, ROOT } from "../_support/this_runtime.ts";
import { pidIn, until, upgrade } from "../_support/upgrades.ts";

const folder = mkdtempSync(join(tmpdir(), "tricorn-managers-"));
after(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(
  join(folder, "main.mjs"),
  `export const app = async (scope, receive, send) => {
  if (scope.type !== "http") return;
  await send({ type: "http.response.start", status: 200 });
  await send({ type: "http.response.body", body: "shop" });
};
`,
);

/** How the recipes start the server. */
const STARTED = "/usr/bin/node node_modules/tricorn/bin/tricorn.js ";

function recipe(path: string): string {
  const text = readFileSync(join(ROOT, "examples/deploy", path), "utf8");
  assert.ok(text.includes(STARTED), text);
  return text;
}

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function answer(port: number): Promise<string> {
  const { body } = await exchange(
    { host: "127.0.0.1", port },
    request("GET /", ["Connection: close"]),
  );
  return body;
}

describe("systemd/tricorn.service", () => {
  const skip = needsProgram("systemd-socket-activate");

  test(
    "gives its sockets to workers, and to those of the parent that takes over from theirs",
    {
      skip,
    },
    async () => {
      const port = await freePort();
      const path = join(folder, "systemd.sock");
      const pidFile = join(folder, "systemd.pid");
      const started = recipe("systemd/tricorn.service").split("\n")
        .find((line) => line.startsWith("ExecStart="))!
        .slice(`ExecStart=${STARTED}`.length)
        .replace("--workers auto", "--workers 2")
        .replace(/--pid-file \S+/, `--pid-file ${pidFile}`);
      const server = new ServerProcess({
        cwd: folder,
        args: started.split(" "),
        via: [
          "systemd-socket-activate",
          ...["--listen", `127.0.0.1:${port}`],
          ...["--listen", path],
          // It passes on what is named, and little else.
          ...["HOME", "PATH", "NO_COLOR"].flatMap((name) => ["--setenv", name]),
        ],
      });
      try {
        await server.line("stderr", /Listening on .*systemd\.sock/);
        assert.equal(await answer(port), "shop");
        await until(() => pidIn(pidFile) > 0, "the pid file", server);
        const pid = await upgrade(server, pidFile);
        await server.line("stderr", /Stopping parent process/);
        assert.equal(await answer(port), "shop");
        const { body } = await exchange(
          { path },
          request("GET /", ["Connection: close"]),
        );
        assert.equal(body, "shop");
        process.kill(pid, "SIGTERM");
        await until(() => pidIn(pidFile) === 0, "the end", server);
        assert.ok(existsSync(path), "the path is systemd's");
      } finally {
        const pid = pidIn(pidFile);
        if (pid > 0) process.kill(pid, "SIGKILL");
        // It has ended, while those that it has become hold its streams.
        await server.kill().catch(() => server.exited);
      }
    },
  );
});

describe("supervisor/shop.conf", () => {
  const skip = needsProgram("supervisord");

  test("gives its socket to workers, restarts them at SIGHUP, and ends all", {
    skip,
  }, async () => {
    const port = await freePort();
    const { program, args } = commandLine(COMMAND, []);
    const log = join(folder, "shop.log");
    const own = recipe("supervisor/shop.conf")
      .replace(STARTED, `${[program, ...args].join(" ")} `)
      .replace("127.0.0.1:8000", `127.0.0.1:${port}`)
      .replace("directory=/srv/shop", `directory=${folder}`)
      .replace(/^user=.*$/m, `environment=NO_COLOR="1"`)
      .replace(/^stdout_logfile=.*$/m, `stdout_logfile=${log}`);
    const configuration = join(folder, "supervisord.conf");
    writeFileSync(
      configuration,
      `[supervisord]
nodaemon=true
silent=true
logfile=${folder}/supervisord.log
pidfile=${folder}/supervisord.pid
childlogdir=${folder}

${own}`,
    );
    const text = () => existsSync(log) ? readFileSync(log, "utf8") : "";
    const said = async (what: RegExp, times: number): Promise<void> => {
      const count = () => [...text().matchAll(what)].length;
      for (let tries = 0; count() < times; tries++) {
        assert.ok(tries < 2400, `Waited for ${what}: ${text()}`);
        await pause(25);
      }
    };
    const supervisor: ChildProcess = spawn("supervisord", [
      "-c",
      configuration,
    ], { stdio: ["ignore", "inherit", "inherit"] });
    const isGone = new Promise((resolve) => supervisor.on("exit", resolve));
    const parent = () =>
      Number(/Started parent process \[(\d+)\]/.exec(text())![1]);
    try {
      await said(/Application startup complete/g, 2);
      assert.equal(await answer(port), "shop");
      process.kill(parent(), "SIGHUP");
      await said(/Finished server process/g, 2);
      assert.equal(await answer(port), "shop");
      process.kill(supervisor.pid!, "SIGTERM");
      await isGone;
      await said(/Stopping parent process/g, 1);
      assert.equal([...text().matchAll(/Finished server process/g)].length, 4);
    } finally {
      supervisor.kill("SIGKILL");
      try {
        // Workers end by themselves when their parent is gone.
        process.kill(parent(), "SIGKILL");
      } catch {
        // It has ended, or never began.
      }
    }
  });
});

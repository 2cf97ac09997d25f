/** A server that reloads, as its operator finds and steers it. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { ServerStatus } from "../../src/control/controlled.ts";
import { RawClient, request } from "../_support/raw_client.ts";
import { ServerProcess } from "../_support/spawn_server.ts";
import { inProject, type Project, source } from "./_project.ts";

const PID_FILE = "server.pid";

/** Runs the command to its end. */
async function tricorn(project: Project, ...args: readonly string[]) {
  const process = new ServerProcess({
    cwd: project.folder,
    args: [...args, "--pid-file", PID_FILE],
  });
  const { code } = await process.end();
  const stdout = process.stdout.join("\n");
  return { code, stdout, stderr: process.stderr };
}

async function status(project: Project): Promise<ServerStatus> {
  const { code, stdout, stderr } = await tricorn(project, "status", "--json");
  assert.equal(code, 0, stderr.join("\n"));
  return JSON.parse(stdout);
}

test("--reload has a pid file and a control socket, and tells of its server process and its requests", () =>
  inProject(async (project) => {
    project.write("main.ts", source('"one"'));
    const server = await project.start(["--pid-file", PID_FILE]);
    await server.line("stderr", /Application startup complete/);
    const pidFile = join(project.folder, PID_FILE);
    const socket = join(project.folder, "server.ctl");
    assert.equal(readFileSync(pidFile, "utf8"), `${server.pid}\n`);
    assert.equal(statSync(socket).mode & 0o777, 0o600);
    const client = await RawClient.connect(server.target);
    client.send(request("GET /stream"));
    await client.readUntil("begun");
    const before = await status(project);
    assert.equal(before.pid, server.pid);
    assert.equal(before.application, "main:app");
    assert.equal(before.phase, "running");
    assert.equal(before.restarts, 0);
    assert.deepEqual(before.addresses, [server.runningOn]);
    assert.equal(before.workers.length, 1);
    const [worker] = before.workers;
    assert.notEqual(worker!.pid, server.pid);
    assert.deepEqual([worker!.phase, worker!.isResponding], ["running", true]);
    assert.ok(worker!.memoryBytes > 1024 * 1024);
    assert.deepEqual(
      worker!.inFlight.map(({ path, waitsFor }) => [path, waitsFor]),
      [["/stream", "application"]],
    );
    assert.notEqual(worker!.inFlight[0]!.ageMs, null);
    const top = await tricorn(project, "top");
    assert.match(top.stdout, /^main:app, running for .* 0 restarts$/m);
    client.close();

    assert.deepEqual(await tricorn(project, "reload"), {
      code: 0,
      stdout: "Restarted: the server process",
      stderr: [],
    });
    const later = await status(project);
    assert.equal(later.restarts, 1);
    assert.equal(later.phase, "running");
    assert.notEqual(later.workers[0]!.pid, worker!.pid);

    const stop = await tricorn(project, "stop");
    assert.deepEqual([stop.code, stop.stdout], [0, "Stopped"]);
    assert.deepEqual(await server.end(), { code: 0, signal: null });
    assert.equal(existsSync(pidFile), false);
    assert.equal(existsSync(socket), false);
  }));

test("--reload can be steered while its application does not load", () =>
  inProject(async (project) => {
    project.write("main.ts", "export const app = (");
    const server = await project.start(["--pid-file", PID_FILE]);
    await server.line("stderr", /Waiting for changes to start it again/);
    const { phase, workers } = await status(project);
    assert.deepEqual([phase, workers], ["starting", []]);
    const text = await tricorn(project, "status");
    assert.match(text.stdout, /^No server process runs: the log says why\.$/m);
    const reload = await tricorn(project, "reload");
    assert.equal(reload.code, 1);
    assert.deepEqual(reload.stderr, [
      "ERROR:    Cannot restart the server process: the log says why",
    ]);
    assert.equal((await tricorn(project, "stop", "--force")).code, 0);
    assert.deepEqual(await server.end(), { code: 0, signal: null });
  }));

test("--reload ends in one line, code 3, if its pid file is that of a living server or cannot be written", () =>
  inProject(async (project) => {
    project.write("main.ts", source('"one"'));
    const server = await project.start(["--pid-file", PID_FILE]);
    await server.line("stderr", /Application startup complete/);
    const second = await tricorn(project, "main:app", "--reload", "--port=0");
    assert.equal(second.code, 3);
    assert.deepEqual(second.stderr, [
      `ERROR:    Cannot use pid file '${PID_FILE}' (--pid-file): process ${server.pid} runs already`,
    ]);
    const { server: third } = project.launch({
      args: [
        "main:app",
        "--reload",
        "--port=0",
        "--pid-file=none/a.pid",
        "--control-socket=",
      ],
    });
    assert.deepEqual(await third.end(), { code: 3, signal: null });
    assert.deepEqual(third.stderr.filter((line) => /^ERROR/.test(line)), [
      "ERROR:    Cannot use pid file 'none/a.pid' (--pid-file): the directory does not exist",
    ]);
  }));

test("--reload says what it cannot do at SIGUSR2, SIGTTIN and SIGTTOU, and goes on", () =>
  inProject(async (project) => {
    project.write("main.ts", source('"one"'));
    const server = await project.start();
    await server.line("stderr", /Application startup complete/);
    for (
      const [signal, why] of [
        ["SIGUSR2", "cannot hand over to a new version; use --workers"],
        ["SIGTTIN", "has no workers"],
        ["SIGTTOU", "has no workers"],
      ] as const
    ) {
      server.signal(signal);
      const line = await server.line(
        "stderr",
        new RegExp(`Received ${signal}`),
      );
      assert.equal(
        line,
        `WARNING:  Received ${signal}: a server that reloads ${why}`,
      );
    }
    assert.equal(await project.answer(), "one");
    assert.equal(project.starts, 1);
  }));

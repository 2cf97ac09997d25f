/** Pid file, control socket and the commands that ask it, as an operator uses them. */
import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, describe, test } from "node:test";
import { exchange, RawClient, request } from "../_support/raw_client.ts";
import { ServerProcess, withServer } from "../_support/spawn_server.ts";

const folder = mkdtempSync(join(tmpdir(), "tricorn-control-"));
after(() => rmSync(folder, { recursive: true, force: true }));

writeFileSync(
  join(folder, "main.mjs"),
  `export const app = async (scope, receive, send) => {
  if (scope.type !== "http") return;
  if (scope.path.startsWith("/wait")) await scope.extensions.drain_signal.signal.aborted ||
    await new Promise((resolve) => scope.extensions.drain_signal.signal.addEventListener("abort", resolve));
  if (scope.path === "/never") await new Promise(() => {});
  await send({ type: "http.response.start", status: 200 });
  await send({ type: "http.response.body", body: "ok" });
};
`,
);
writeFileSync(
  join(folder, "status.mjs"),
  `export { app } from "./main.mjs";\n`,
);

let count = 0;
const name = () => `${++count}.pid`;

/** Runs the command to its end. */
async function tricorn(
  args: readonly string[],
  env: Record<string, string> = {},
) {
  const process = new ServerProcess({ cwd: folder, args, env });
  const { code } = await process.end();
  const stdout = process.stdout.join("\n");
  return { code, stdout, stderr: process.stderr };
}

function start(pidFile: string, ...args: string[]) {
  return { cwd: folder, args: ["main:app", "--pid-file", pidFile, ...args] };
}

describe("--pid-file", () => {
  test("holds the id while the server listens, and is gone afterwards", async () => {
    const pidFile = name();
    const path = join(folder, pidFile);
    await withServer(start(pidFile), async (server) => {
      // The line is written in the same turn as the file, perhaps before it.
      await exchange(server.target, request("GET /"));
      assert.equal(readFileSync(path, "utf8"), `${server.pid}\n`);
      server.signal("SIGTERM");
      await server.end();
      assert.equal(existsSync(path), false);
      assert.equal(existsSync(path.replace(".pid", ".ctl")), false);
    });
  });

  test("of a living server is refused in one line, code 3, before the application is loaded", async () => {
    const pidFile = name();
    await withServer(start(pidFile), async (server) => {
      await exchange(server.target, request("GET /"));
      for (const socket of [[], ["--control-socket", ""]]) {
        const { code, stderr } = await tricorn([
          "none:app",
          "--pid-file",
          pidFile,
          ...socket,
        ]);
        assert.equal(code, 3);
        assert.deepEqual(stderr, [
          `ERROR:    Cannot use pid file '${pidFile}' (--pid-file): process ${server.pid} runs already`,
        ]);
      }
      const { code, stderr } = await tricorn([
        "none:app",
        "--control-socket",
        pidFile.replace(".pid", ".ctl"),
      ]);
      assert.equal(code, 3);
      assert.deepEqual(stderr, [
        `ERROR:    Cannot use control socket '${
          pidFile.replace(".pid", ".ctl")
        }' (--control-socket): a server that runs already answers there`,
      ]);
      const { stdout } = await tricorn(["status", "--pid-file", pidFile]);
      assert.match(stdout, /main:app, running/);
    });
  });

  test("and socket that a killed server left behind are replaced", async () => {
    const pidFile = name();
    await withServer(start(pidFile), async (server) => {
      await exchange(server.target, request("GET /"));
      await server.kill();
    });
    assert.equal(existsSync(join(folder, pidFile)), true);
    await withServer(start(pidFile), async (server) => {
      await exchange(server.target, request("GET /"));
      const text = readFileSync(join(folder, pidFile), "utf8");
      assert.equal(text, `${server.pid}\n`);
    });
  });

  test("that cannot be written ends the start in one line, code 3", async () => {
    const { code, stderr } = await tricorn([
      "main:app",
      "--port=0",
      "--pid-file=none/a.pid",
      "--control-socket=",
    ]);
    assert.equal(code, 3);
    const errors = stderr.filter((line) => line.startsWith("ERROR"));
    assert.deepEqual(errors, [
      "ERROR:    Cannot use pid file 'none/a.pid' (--pid-file): the directory does not exist",
    ]);
  });
});

describe("tricorn status", () => {
  test("shows the process and its requests, as text and as JSON", async () => {
    const pidFile = name();
    await withServer(start(pidFile, "--no-access-log"), async (server) => {
      const client = await RawClient.connect(server.target);
      client.send(request("GET /wait%1b[2J"));
      let status;
      do {
        const { code, stdout, stderr } = await tricorn([
          "status",
          "--json",
          "--pid-file",
          pidFile,
        ]);
        assert.equal(code, 0, stderr.join("\n"));
        status = JSON.parse(stdout);
      } while (status.workers[0].inFlight.length === 0);
      assert.equal(status.pid, server.pid);
      assert.equal(status.application, "main:app");
      assert.equal(status.phase, "running");
      assert.deepEqual(status.addresses, [server.runningOn]);
      const [worker] = status.workers;
      assert.equal(worker.pid, server.pid);
      assert.ok(worker.memoryBytes > 1024 * 1024);
      assert.ok(worker.uptimeSeconds > 0 && worker.loopLagMs >= 0);
      const [waiting] = worker.inFlight;
      assert.equal(waiting.path, "/wait\x1b[2J");
      assert.equal(waiting.waitsFor, "application");
      assert.ok(waiting.ageMs >= 0);
      for (const word of ["status", "top"]) {
        const { stdout } = await tricorn([word, "--pid-file", pidFile]);
        assert.match(
          stdout,
          /application +127\.0\.0\.1:\d+ +GET \/wait\\x1b\[2J$/,
        );
      }
      client.reset();
    });
  });

  test("finds the server by variables, --env-file and a configuration file", async () => {
    const pidFile = name();
    const socket = `${pidFile}.other`;
    await withServer(
      start(pidFile, "--control-socket", socket),
      async () => {
        for (
          const [args, env] of [
            [["--control-socket", socket], {}],
            [[], { TRICORN_CONTROL_SOCKET: socket }],
            [["--config", "c.json"], {}],
          ] as const
        ) {
          writeFileSync(
            join(folder, "c.json"),
            JSON.stringify({ controlSocket: socket }),
          );
          const { code, stderr } = await tricorn(["status", ...args], env);
          assert.equal(code, 0, stderr.join("\n"));
        }
      },
    );
  });

  test("says in one line that no server runs, code 3", async () => {
    const { code, stdout, stderr } = await tricorn([
      "status",
      "--pid-file=none.pid",
    ]);
    assert.deepEqual({ code, stdout, stderr }, {
      code: 3,
      stdout: "",
      stderr: ["ERROR:    No server runs: nothing answers at 'none.ctl'"],
    });
  });

  test("is a command; status:app serves the module of that name", async () => {
    const { code, stderr } = await tricorn(["--port=0", "status"]);
    assert.equal(code, 2);
    assert.match(stderr.at(-1)!, /^Error: Cannot serve 'status': /);
    await withServer({ cwd: folder, args: ["status:app"] }, async (server) => {
      const { status } = await exchange(server.target, request("GET /"));
      assert.equal(status, 200);
    });
  });
});

describe("tricorn stop and reload", () => {
  test("stop waits until requests have ended and the process is gone, code 0", async () => {
    const pidFile = name();
    await withServer(start(pidFile), async (server) => {
      const answer = exchange(server.target, request("GET /wait"));
      await server.line("stderr", /Tricorn running on/);
      await waitForRequest(pidFile);
      const { code, stdout } = await tricorn(["stop", "--pid-file", pidFile]);
      assert.deepEqual({ code, stdout }, { code: 0, stdout: "Stopped" });
      assert.equal((await answer).status, 200);
      assert.deepEqual(await server.end(), { code: 0, signal: null });
      assert.ok(
        server.stderr.includes(
          "INFO:     Stop asked for over the control socket.",
        ),
      );
    });
  });

  test("stop --force cuts requests off", async () => {
    const pidFile = name();
    await withServer(start(pidFile), async (server) => {
      const client = await RawClient.connect(server.target);
      client.send(request("GET /never"));
      await waitForRequest(pidFile);
      const { code } = await tricorn([
        "stop",
        "--force",
        "--pid-file",
        pidFile,
      ]);
      assert.equal(code, 0);
      await server.end();
      client.reset();
    });
  });

  test("reload says that one process has nothing to read again, code 1", async () => {
    const pidFile = name();
    await withServer(start(pidFile), async () => {
      const { code, stderr } = await tricorn(["reload", "--pid-file", pidFile]);
      assert.equal(code, 1);
      assert.match(
        stderr[0]!,
        /^ERROR: {4}Cannot reload: one process without TLS/,
      );
    });
  });

  test("reload reads the log configuration again, and says why if it cannot", async () => {
    const pidFile = name();
    const config = join(folder, "log.json");
    const good = JSON.stringify({
      version: 1,
      handlers: {
        all: { class: "tricorn.StreamHandler", stream: "ext://sys.stderr" },
      },
      root: { handlers: ["all"], level: "INFO" },
    });
    writeFileSync(config, good);
    await withServer(
      start(pidFile, "--log-config", config),
      async () => {
        const reload = () => tricorn(["reload", "--pid-file", pidFile]);
        assert.deepEqual(await reload(), {
          code: 0,
          stdout: "Reloaded: log configuration",
          stderr: [],
        });
        writeFileSync(config, "{");
        const { code, stderr } = await reload();
        assert.equal(code, 1);
        assert.deepEqual(stderr, [
          "ERROR:    Cannot reload the log configuration: the log says why",
        ]);
      },
    );
  });
});

describe("the control socket", () => {
  test("is the user's alone, answers garbage and goes on", async () => {
    const pidFile = name();
    await withServer(start(pidFile), async () => {
      const path = join(folder, pidFile.replace(".pid", ".ctl"));
      assert.equal(statSync(path).mode & 0o777, 0o600);
      assert.equal(
        await say(path, "GET / HTTP/1.1\r\n\r\n"),
        `{"ok":false,"error":"Cannot read request 'GET / HTTP/1.1': expected JSON"}\n`,
      );
      const many = await Promise.all(
        Array.from({ length: 20 }, () => say(path, '{"command":"status"}\n')),
      );
      const answered = many.filter((text) => text.startsWith('{"ok":true'));
      assert.ok(answered.length >= 16, String(answered.length));
      const refusal =
        `{"ok":false,"error":"Cannot answer: 16 clients are connected"}\n`;
      for (const text of many.filter((each) => !answered.includes(each))) {
        assert.equal(text, refusal);
      }
      let text = refusal; // until the server has seen enough of them leave
      while (text === refusal) text = await say(path, "x".repeat(10_000));
      assert.match(text, /at most 4096 bytes/);
    });
  });

  test("of another user cannot be asked", {
    skip: process.getuid?.() === 0 ? "root may connect everywhere" : false,
  }, async () => {
    const pidFile = name();
    await withServer(start(pidFile), async () => {
      chmodSync(join(folder, pidFile.replace(".pid", ".ctl")), 0);
      const { code, stderr } = await tricorn(["status", "--pid-file", pidFile]);
      assert.equal(code, 3);
      assert.match(stderr[0]!, /permission denied/);
    });
  });
});

/** Waits until the server has a request in progress. */
async function waitForRequest(pidFile: string): Promise<void> {
  const path = join(folder, pidFile.replace(".pid", ".ctl"));
  for (;;) {
    const { result } = JSON.parse(await say(path, '{"command":"status"}\n'));
    if (result.workers[0].inFlight.length > 0) return;
  }
}

/** Sends `text`, closes our side, and resolves to all that comes back; what breaks is `""`. */
function say(path: string, text: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(path, () => socket.end(text));
    socket.setEncoding("utf8");
    socket.on("data", (piece) => answer += piece);
    socket.on("error", () => resolve(answer));
    socket.on("close", () => resolve(answer));
  });
}

/** How workers start and end, and what is wrong with a start. */
import assert from "node:assert/strict";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { connect } from "node:tls";
import { exchange, RawClient, request } from "../_support/raw_client.ts";
import { ServerProcess, withServer } from "../_support/spawn_server.ts";
import { ROOT, RUNTIME } from "../_support/this_runtime.ts";
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

/** Runs a start that is to fail, and returns how it ended. */
async function failing(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  app = "workers:app",
): Promise<{ code: number | null; output: string; stderr: string[] }> {
  const server = new ServerProcess({
    app,
    args: ["--port", "0", ...args],
    env,
  });
  const { code } = await server.end();
  return { code, output: server.output, stderr: server.stderr };
}

test("workers with --reuse-port serve and are replaced; where they bind for themselves, a line says so", () =>
  withWorkers(2, async (server) => {
    await ask(server);
    server.signal("SIGHUP");
    await ready(server, 4);
    await until(
      () => linesWith(server, /Finished server process/).length === 2,
      "the end of those before",
      server,
    );
    await ask(server);
    assert.equal(
      linesWith(server, /Workers share 127\.0\.0\.1:\d+ by SO_REUSEPORT/)
        .length,
      // Deno.listen has no reusePort, and node:net could not hold it there.
      RUNTIME === "deno" ? 1 : 0,
    );
    server.signal("SIGTERM");
    assert.equal((await server.end()).code, 0);
  }, { args: ["--reuse-port"] }));

describe("a parent", () => {
  test("binds, says so, and starts workers; SIGINT ends all with code 0 (process:P-052, P-053, P-063)", () =>
    withWorkers(2, async (server) => {
      const lines = linesWith(server, /^INFO/);
      assert.match(lines[0]!, /^INFO: {5}Tricorn running on http:/);
      assert.equal(
        lines[1],
        `INFO:     Started parent process [${server.pid}]`,
      );
      const [one, two] = startedPids(server);
      assert.equal(linesWith(server, /Tricorn running on/).length, 1);
      server.signal("SIGINT");
      assert.deepEqual(await server.end(), { code: 0, signal: null });
      const parents = linesWith(
        server,
        /^INFO.*(Received|child process|parent)/,
      );
      const first = Math.min(one!, two!);
      const pids = parents.filter((line) => line.includes(`[${first}]`));
      assert.deepEqual(pids, [
        `INFO:     Terminated child process [${first}]`,
        `INFO:     Waiting for child process [${first}]`,
      ]);
      assert.equal(parents[1], "INFO:     Received SIGINT, exiting.");
      assert.equal(
        parents.at(-1),
        `INFO:     Stopping parent process [${server.pid}]`,
      );
      assert.equal(linesWith(server, /Finished server process/).length, 2);
    }));

  test("ends with code 0 by SIGTERM, too (process:P-064)", () =>
    withWorkers(2, async (server) => {
      const pids = startedPids(server);
      server.signal("SIGTERM");
      assert.deepEqual(await server.end(), { code: 0, signal: null });
      assert.match(server.output, /Received SIGTERM, exiting\./);
      assert.deepEqual(pids.filter(isAlive), []);
    }));

  test("lets what is in progress end, and a second signal does not (process:P-066)", () =>
    withWorkers(2, async (server) => {
      const slow = await RawClient.connect(server.target);
      slow.send(request("GET /wait/300"));
      const stuck = await RawClient.connect(server.target);
      stuck.send(request("GET /wait/60000"));
      await until(
        async () => (await ask(server)).pid > 0,
        "an answer",
        server,
      );
      server.signal("SIGTERM");
      assert.equal((await slow.readResponse()).status, 200);
      server.signal("SIGTERM");
      assert.deepEqual(await server.end(), { code: 0, signal: null });
      assert.match(server.output, /Received SIGTERM, exiting without waiting/);
      slow.close();
      stuck.close();
    }));

  test("ends fast by SIGQUIT (process:P-073)", () =>
    withWorkers(2, async (server) => {
      const stuck = await RawClient.connect(server.target);
      stuck.send(request("GET /wait/60000"));
      await ask(server);
      server.signal("SIGQUIT");
      assert.deepEqual(await server.end(), { code: 0, signal: null });
      stuck.close();
    }));

  test("leaves no worker behind when it is killed", () =>
    withWorkers(2, async (server) => {
      const pids = startedPids(server);
      const slow = await RawClient.connect(server.target);
      slow.send(request("GET /wait/1500"));
      await ask(server);
      process.kill(server.pid, "SIGKILL");
      // What is in progress ends in order.
      assert.equal((await slow.readResponse()).status, 200);
      await until(() => !pids.some(isAlive), "the end of all", server);
      slow.close();
    }));

  test("ends with code 1 if an application cannot be ended in order", () =>
    withWorkers(2, async (server) => {
      server.signal("SIGTERM");
      assert.deepEqual(await server.end(), { code: 1, signal: null });
      assert.match(server.output, /Application shutdown failed/);
    }, { app: "lives:badEnd" }));

  test("tells each worker its index, and both serve (process:P-079)", () =>
    withWorkers(2, async (server) => {
      const seen = new Map<string, number>();
      await until(
        async () => {
          const { worker, pid, parent } = await ask(server);
          assert.equal(parent, server.pid);
          seen.set(worker, pid);
          return seen.size === 2;
        },
        "answers of both workers",
        server,
      );
      assert.deepEqual([...seen.keys()].sort(), ["0", "1"]);
      assert.deepEqual(
        [...seen.values()].sort(),
        startedPids(server).sort(),
      );
    }));

  test("serves several addresses, and a UNIX socket whose path it removes (process:P-077)", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tricorn-"));
    const path = join(folder, "app.sock");
    try {
      await withServer({
        app: "workers:app",
        args: [
          ...DEBUG,
          "--workers",
          "2",
          "--bind",
          `unix:${path}`,
          "--bind",
          "127.0.0.1:0",
        ],
      }, async (server) => {
        await ready(server, 2);
        const [unix, tcp] = server.allRunningOn;
        assert.equal(unix, path);
        const viaTcp = await exchange(
          { host: "127.0.0.1", port: Number(new URL(tcp!).port) },
          request("GET /"),
        );
        assert.equal(viaTcp.status, 200);
        const { pid } = await ask(server);
        process.kill(pid, "SIGKILL");
        await ready(server, 3);
        assert.ok((await stat(path)).isSocket());
        assert.ok((await ask(server)).pid > 0);
        server.signal("SIGTERM");
        assert.equal((await server.end()).code, 0);
        await assert.rejects(stat(path), { code: "ENOENT" });
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("speaks TLS, with one certificate for development", () =>
    withWorkers(2, async (server) => {
      assert.equal(linesWith(server, /Development certificate/).length, 1);
      const workers = new Set<string>();
      const certificates = new Set<string>();
      await until(
        async () => {
          const { body, certificate } = await askTls(server.port);
          workers.add(JSON.parse(body).worker);
          certificates.add(certificate);
          return workers.size === 2;
        },
        "answers of both workers",
        server,
      );
      assert.equal(certificates.size, 1);
    }, { args: ["--ssl-dev"] }));

  test("is started from a program as well", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tricorn-"));
    const program = join(folder, "program.ts");
    try {
      await writeFile(
        program,
        `import { run } from ${JSON.stringify(join(ROOT, "mod.ts"))};
         console.log("program");
         await run("workers:app", { workers: 2, port: 0, logLevel: "debug", appDir: ${
          JSON.stringify(join(ROOT, "tests/wire/apps"))
        } });`,
      );
      await withServer({ command: program, args: [] }, async (server) => {
        await ready(server, 2);
        assert.ok(["0", "1"].includes((await ask(server)).worker));
        assert.equal(server.stdout.filter((l) => l === "program").length, 1);
        server.signal("SIGTERM");
        assert.equal((await server.end()).code, 0);
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("counts workers by itself, and says why so many", () =>
    withServer(
      { app: "workers:app", args: [...DEBUG, "--workers", "auto"] },
      async (server) => {
        await server.line("stderr", /Starting \d+ workers?: \d+ cores?/);
        await ready(server, 1);
        assert.ok((await ask(server)).pid !== server.pid);
      },
    ));

  test("takes WEB_CONCURRENCY, unless TRICORN_WORKERS or the flag is given (options:O-022)", async () => {
    const env = { WEB_CONCURRENCY: "2" };
    await withServer({ app: "workers:app", env }, async (server) => {
      await server.line("stderr", /Started parent process/);
    });
    await withServer(
      { app: "workers:app", env: { ...env, TRICORN_WORKERS: "1" } },
      async (server) => {
        assert.doesNotMatch(server.output, /parent process/);
      },
    );
    await withServer(
      { app: "workers:app", env: { WEB_CONCURRENCY: "" } },
      async (server) => {
        assert.doesNotMatch(server.output, /parent process/);
      },
    );
  });
});

/** One answer over TLS, and the fingerprint of the certificate that was shown. */
function askTls(port: number): Promise<{ body: string; certificate: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: "127.0.0.1",
      port,
      rejectUnauthorized: false,
    });
    let text = "";
    socket.setEncoding("utf8");
    socket.on("error", reject);
    socket.on("data", (piece: string) => text += piece);
    socket.once("secureConnect", () => {
      const certificate = socket.getPeerCertificate().fingerprint256;
      socket.on("end", () => {
        socket.destroy();
        resolve({
          body: text.slice(text.indexOf("\r\n\r\n") + 4),
          certificate,
        });
      });
      socket.write("GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
    });
  });
}

describe("a start that fails", () => {
  test("for an address that is taken ends with code 3, before any worker (process:P-054)", () =>
    withServer({ app: "workers:app" }, async (first) => {
      const server = new ServerProcess({
        app: "workers:app",
        args: ["--workers", "2", "--port", `${first.port}`],
      });
      assert.equal((await server.end()).code, 3);
      assert.match(server.output, /^ERROR: {4}.*address already in use/m);
      assert.doesNotMatch(server.output, /process \[/);
    }));

  test("for an application that cannot be loaded ends with code 3 (process:P-059, P-060)", async () => {
    const { code, output } = await failing(
      ["--workers", "2"],
      {},
      "workers:nothing",
    );
    assert.equal(code, 3, output);
    assert.match(
      output,
      /Child process \[\d+\] failed to start, stopping the parent process\./,
    );
    assert.match(output, /Attribute "nothing" not found in module "workers"/);
  });

  test("for a startup that fails ends with code 3", async () => {
    const { code, output } = await failing(
      ["--workers", "2"],
      {},
      "lives:failing",
    );
    assert.equal(code, 3, output);
    assert.match(output, /no database today/);
  });

  test("for a worker that is not ready in time ends with code 3", async () => {
    const { code, output } = await failing(
      [
        "--workers",
        "1",
        "--worker-max-age",
        "60",
        "--timeout-worker-ready",
        "2",
      ],
      {},
      "lives:hanging",
    );
    assert.equal(code, 3, output);
    assert.match(output, /was not ready in 2 seconds\. Killing it\./);
  });

  test("for a certificate that cannot be read ends with code 3, once", async () => {
    const { code, output } = await failing(
      ["--workers", "2", "--ssl-certfile", "missing.pem"],
    );
    assert.equal(code, 3, output);
    assert.equal(output.split("missing.pem").length, 2, output);
    assert.doesNotMatch(output, /server process/);
  });

  for (
    const [args, message] of [
      [["--workers", "-1"], "-1 is not in the range 0<=x<=1024."],
      [["--workers", "x"], "'x' is not a valid integer or 'auto'."],
      [["--workers", "1.5"], "'1.5' is not a valid integer or 'auto'."],
      [["--workers", "5000"], "5000 is not in the range 0<=x<=1024."],
    ] as const
  ) {
    test(`for ${args.join(" ")} ends with code 2 and one line`, async () => {
      const { code, stderr } = await failing(args);
      assert.equal(code, 2);
      assert.equal(
        stderr.at(-1),
        `Error: Invalid value for '--workers': ${message}`,
      );
    });
  }

  test("for a WEB_CONCURRENCY that is no number ends with code 2 and names it (options:O-022)", async () => {
    const { code, stderr } = await failing([], { WEB_CONCURRENCY: "many" });
    assert.equal(code, 2);
    assert.equal(
      stderr.at(-1),
      "Error: Invalid value for '--workers': 'many' is not a valid integer or 'auto'. " +
        "(from the environment variable WEB_CONCURRENCY)",
    );
  });
});

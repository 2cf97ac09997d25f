/** Sockets that somebody else has bound: a parent process, systemd, supervisord (options:O-013). */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { TestAuthority, withFolder } from "../_support/certificates.ts";
import { freePort } from "../_support/free_port.ts";
import { handOver, needsHandOver } from "../_support/hand_over.ts";
import { needsIpv6, needsProgram, PYTHON } from "../_support/needs.ts";
import { exchange, RawClient, request } from "../_support/raw_client.ts";
import { SCRIPTED_APP } from "../_support/script.ts";
import {
  ServerProcess,
  type ServerStart,
  targetFor,
} from "../_support/spawn_server.ts";
import { commandLine, ROOT } from "../_support/this_runtime.ts";

const skip = process.platform === "win32"
  ? "sockets are not inherited on Windows"
  : needsHandOver();

let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "tricorn-fd-"));
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** Runs `use` with a server that was given sockets, and kills it afterwards. */
async function withGiven(
  start: ServerStart,
  use: (server: ServerProcess) => Promise<void>,
): Promise<void> {
  const server = new ServerProcess({ app: SCRIPTED_APP, ...start });
  try {
    await server.ready();
    await use(server);
  } catch (error) {
    if (error instanceof Error) error.message += `\n${server.output}`;
    throw error;
  } finally {
    await server.kill();
  }
}

async function scopeFrom(where: string) {
  const response = await exchange(targetFor(where), request("GET /?scope"));
  assert.equal(response.status, 200);
  return JSON.parse(response.body);
}

/** What it runs on, once it has told `count` addresses. */
async function allOf(
  server: ServerProcess,
  count: number,
): Promise<readonly string[]> {
  for (let tries = 0; server.allRunningOn.length < count; tries++) {
    assert.ok(tries < 1000, server.output);
    await sleep(5);
  }
  assert.equal(server.allRunningOn.length, count);
  return server.allRunningOn;
}

async function endsWell(server: ServerProcess): Promise<void> {
  server.signal("SIGINT");
  assert.deepEqual(await server.end(), { code: 0, signal: null });
}

describe("--fd", () => {
  for (const at of [0, 3, 7]) {
    test(`serves the TCP socket that is descriptor ${at} (wishes:R-032)`, {
      skip,
    }, () =>
      withGiven(
        {
          args: ["--fd", `${at}`],
          via: handOver([{ kind: "tcp", at }]),
        },
        async (server) => {
          assert.match(
            await server.line("stderr", /running on/),
            /Tricorn running on socket http:\/\/127\.0\.0\.1:\d+ \(Press/,
          );
          const scope = await scopeFrom(server.runningOn);
          assert.deepEqual(scope.server, ["127.0.0.1", server.port]);
          assert.equal(scope.client[0], "127.0.0.1");
          await endsWell(server);
        },
      ));

    test(
      `serves the UNIX socket that is descriptor ${at}, and leaves its path`,
      { skip },
      async () => {
        const path = join(folder, `at-${at}.sock`);
        await withGiven(
          {
            args: ["--fd", `${at}`],
            via: handOver([{ kind: "unix", at, path }]),
          },
          async (server) => {
            // process:P-009
            assert.match(
              server.output,
              /Tricorn running on socket \S+ \(Press/,
            );
            const { client, server: own } = await scopeFrom(path);
            assert.equal(client, null); // http:H-010
            if (process.platform === "linux") {
              assert.equal(server.runningOn, path);
              assert.deepEqual(own, [path, null]); // http:H-009
            }
            await endsWell(server);
          },
        );
        assert.ok(
          statSync(path).isSocket(),
          "whoever made it may want it still",
        );
      },
    );
  }

  test(
    "serves IPv6, shown in brackets",
    { skip: skip || needsIpv6() },
    () =>
      withGiven(
        { args: ["--fd", "3"], via: handOver([{ kind: "tcp6", at: 3 }]) },
        async (server) => {
          assert.match(server.runningOn, /^http:\/\/\[::1\]:\d+$/);
          assert.equal((await scopeFrom(server.runningOn)).client[0], "::1");
        },
      ),
  );

  test("serves an abstract UNIX socket", {
    skip: process.platform !== "linux" ? "Linux has them" : skip,
  }, () => {
    const path = `tricorn-${process.pid}-${Math.random()}`;
    const via = handOver([{ kind: "abstract", at: 3, path }]);
    return withGiven({ args: ["--fd", "3"], via }, async (server) => {
      assert.equal(server.runningOn, `@${path}`);
      const { server: own } = await scopeFrom(`\0${path}`);
      assert.deepEqual(own, [`@${path}`, null]);
    });
  });

  for (const kind of ["tcp", "unix"]) {
    test(`makes a bound ${kind} socket listen`, { skip }, async () => {
      const path = join(folder, `bound-${kind}.sock`);
      const via = handOver([{ kind, at: 3, path, listens: false }]);
      await withGiven({ args: ["--fd", "3"], via }, async (server) => {
        await scopeFrom(kind === "unix" ? path : server.runningOn);
      });
    });
  }

  for (const kind of ["tcp", "unix"] as const) {
    test(
      `speaks TLS on a ${kind} socket`,
      { skip },
      () =>
        withFolder(async (files) => {
          const authority = new TestAuthority();
          const { cert, key } = authority.server();
          const path = join(folder, "tls.sock");
          const args = [
            ...["--fd", "3"],
            ...["--ssl-certfile", files.write("cert.pem", cert)],
            ...["--ssl-keyfile", files.write("key.pem", key)],
          ];
          const via = handOver([{ kind, at: 3, path }]);
          await withGiven({ args, via }, async (server) => {
            const target = kind === "unix" ? { path } : server.target;
            const socket = connectTls({
              ...target,
              servername: "localhost",
              ca: authority.cert,
            });
            socket.write(request("GET /", ["Connection: close"]));
            let answer = "";
            for await (const bytes of socket) answer += bytes;
            assert.match(answer, /^HTTP\/1\.1 200 /);
            await endsWell(server);
          });
        }),
    );
  }

  test("serves who connected before it was there", { skip }, async () => {
    const path = join(folder, "early.sock");
    const via = handOver([{ kind: "unix", at: 3, path }]);
    const server = new ServerProcess({
      app: SCRIPTED_APP,
      args: ["--fd", "3"],
      via,
    });
    try {
      while (!existsSync(path)) await sleep(1);
      const client = await connected({ path });
      assert.equal((await client.request(request("GET /"))).status, 200);
      client.close();
    } finally {
      await server.kill();
    }
  });

  for (
    const [what, socket, reason] of [
      ["nothing", undefined, "it is not open"],
      ["a file", { kind: "file", at: 7 }, "it is no socket"],
      ["a pipe", { kind: "pipe", at: 7 }, "it is no socket"],
      ["a connection", { kind: "connected", at: 7 }, "it cannot accept"],
      ["a UDP socket", { kind: "udp", at: 7 }, "it cannot accept"],
    ] as const
  ) {
    for (
      const [option, address] of [["--fd", ""], ["--bind", "fd://"]] as const
    ) {
      test(
        `${option} with ${what} is told in a line, code 3`,
        { skip },
        async () => {
          // Low numbers are the runtime's own.
          const fd = socket?.at ?? 250;
          const server = new ServerProcess({
            app: SCRIPTED_APP,
            args: [option, `${address}${fd}`],
            via: handOver(socket === undefined ? [] : [socket]),
          });
          assert.deepEqual(await server.end(), { code: 3, signal: null });
          const errors = server.stderr.filter((line) => /ERROR/.test(line));
          assert.equal(errors.length, 1, server.output);
          const start =
            `ERROR:    Cannot listen on file descriptor ${fd} (${option}): ` +
            reason;
          assert.ok(errors[0]!.startsWith(start), errors[0]);
          assert.match(
            errors[0]!,
            /expected a TCP or UNIX socket that listens or is bound \(npx, .* descriptor 0\)$/,
          );
          assert.ok(!server.output.includes("    at "), server.output);
        },
      );
    }
  }

  test(
    "with a pipe as descriptor 2 still tells what is wrong",
    { skip },
    async () => {
      // To try it would close the pipe, and the message with it.
      const script = '{ "$@" 2>&1; echo "code $?"; } | cat >&2';
      const server = new ServerProcess({
        app: SCRIPTED_APP,
        args: ["--fd", "2"],
        via: ["sh", "-c", script, "sh"],
      });
      await server.end();
      assert.match(
        server.output,
        /file descriptor 2 \(--fd\): it is no socket/,
      );
      assert.match(server.output, /^code 3$/m);
      assert.doesNotMatch(server.output, /npx/);
    },
  );

  for (
    const [value, message] of [
      ["-1", /Invalid value for '--fd': -1 is not in the range/],
      ["x", /Invalid value for '--fd': 'x' is not a valid integer/],
    ] as const
  ) {
    test(`${value} is wrong usage, code 2`, { skip }, async () => {
      const server = new ServerProcess({
        app: SCRIPTED_APP,
        args: ["--fd", value],
      });
      assert.equal((await server.end()).code, 2);
      assert.match(server.output, message);
    });
  }

  test("beside addresses of its own serves all of them", { skip }, async () => {
    const path = join(folder, "mixed.sock");
    const via = handOver([{ kind: "tcp", at: 3 }]);
    const args = [
      ...["--bind", "fd://3"],
      ...["--bind", "127.0.0.1:0"],
      ...["--bind", `unix:${path}`],
    ];
    await withGiven({ args, via }, async (server) => {
      for (const where of await allOf(server, 3)) await scopeFrom(where);
      await endsWell(server);
    });
    assert.ok(!existsSync(path));
  });
});

async function connected(target: { path: string }): Promise<RawClient> {
  for (let tries = 0;; tries++) {
    try {
      return await RawClient.connect(target);
    } catch (error) {
      // Bound already, but not yet listening.
      if (tries === 200) throw error;
      await sleep(5);
    }
  }
}

describe("LISTEN_FDS", () => {
  test("is served where nothing says where to listen", { skip }, async () => {
    const path = join(folder, "activated.sock");
    const sockets = [{ kind: "tcp", at: 3 }, { kind: "unix", at: 4, path }];
    await withGiven(
      // A platform sets PORT for everybody.
      { via: handOver(sockets, true), env: { PORT: "9" } },
      async (server) => {
        await allOf(server, 2);
        await scopeFrom(server.runningOn);
        await scopeFrom(path);
        await endsWell(server);
      },
    );
    assert.ok(existsSync(path));
  });

  test("yields to an option", { skip }, () =>
    withGiven(
      {
        args: ["--port", "0"],
        via: handOver([{ kind: "tcp", at: 3 }], true),
      },
      (server) => {
        assert.equal(server.allRunningOn.length, 1);
        assert.doesNotMatch(server.output, /running on socket|LISTEN_FDS/);
        return Promise.resolve();
      },
    ));

  test(
    "of another process is left alone, with a warning",
    { skip },
    () =>
      withGiven(
        { env: { LISTEN_FDS: "1", LISTEN_PID: "1", PORT: "0" } },
        async (server) => {
          const warnings = server.stderr.filter((line) =>
            line.startsWith("WARNING:")
          );
          assert.equal(warnings.length, 1, server.output);
          assert.match(warnings[0]!, /Ignoring LISTEN_FDS: LISTEN_PID is '1'/);
          await scopeFrom(server.runningOn);
        },
      ),
  );

  test("that is no number is wrong usage, code 2", { skip }, async () => {
    const script = "import os,sys;os.environ.update(LISTEN_FDS='many'," +
      "LISTEN_PID=str(os.getpid()));os.execvp(sys.argv[1],sys.argv[1:])";
    const server = new ServerProcess({
      app: SCRIPTED_APP,
      via: [PYTHON, "-c", script],
    });
    assert.equal((await server.end()).code, 2);
    assert.match(
      server.output,
      /LISTEN_FDS: 'many' is not a number of sockets/,
    );
  });
});

describe("systemd-socket-activate", () => {
  const skip = needsProgram("systemd-socket-activate");

  test(
    "starts the server with the first connection, and serves that",
    { skip },
    async () => {
      const port = await freePort();
      const path = join(folder, "systemd.sock");
      const via = [
        "systemd-socket-activate",
        ...["--listen", `127.0.0.1:${port}`],
        ...["--listen", path],
        // It passes on what is named, and little else.
        ...["HOME", "PATH", "NO_COLOR"].flatMap((name) => ["--setenv", name]),
      ];
      const server = new ServerProcess({ app: SCRIPTED_APP, via });
      try {
        await server.line("stderr", /Listening on .*systemd\.sock/);
        const client = await RawClient.connect({ host: "127.0.0.1", port });
        assert.equal((await client.request(request("GET /"))).status, 200);
        client.close();
        await server.ready();
        await allOf(server, 2);
        assert.ok(
          server.output.includes(`on socket http://127.0.0.1:${port} `),
        );
        assert.ok(server.output.includes(`on socket ${path} `), server.output);
        await scopeFrom(path);
        await endsWell(server);
      } finally {
        await server.kill();
      }
      assert.ok(existsSync(path));
    },
  );
});

describe("supervisord", () => {
  const skip = needsProgram("supervisord");

  for (const kind of ["tcp", "unix"] as const) {
    test(
      `shares a ${kind} socket between processes as descriptor 0 (process:P-139)`,
      { skip },
      async () => {
        const port = await freePort();
        const path = join(folder, "supervisor.sock");
        const directory = mkdtempSync(join(folder, "supervisor-"));
        const log = (number: number) => join(directory, `server-${number}.log`);
        const { program, args } = commandLine("cli.ts", [
          ...["--fd", "0", "--app-dir", `${ROOT}/tests/wire/apps`],
          SCRIPTED_APP,
        ]);
        const configuration = join(directory, "supervisord.conf");
        writeFileSync(
          configuration,
          `[supervisord]
nodaemon=true
silent=true
logfile=${directory}/supervisord.log
pidfile=${directory}/supervisord.pid
childlogdir=${directory}

[fcgi-program:tricorn]
socket=${kind === "tcp" ? `tcp://127.0.0.1:${port}` : `unix://${path}`}
command=${[program, ...args].join(" ")}
directory=${ROOT}
environment=NO_COLOR="1"
numprocs=2
process_name=%(process_num)d
redirect_stderr=true
stdout_logfile=${directory}/server-%(process_num)d.log
startretries=0
stopwaitsecs=30
`,
        );
        const target = kind === "tcp" ? { host: "127.0.0.1", port } : { path };
        const supervisor = spawn("supervisord", ["-c", configuration], {
          stdio: ["ignore", "inherit", "inherit"],
        });
        const isGone = new Promise((resolve) => supervisor.on("exit", resolve));
        const text = (number: number) =>
          existsSync(log(number)) ? readFileSync(log(number), "utf8") : "";
        const said = async (number: number, what: string): Promise<void> => {
          for (let tries = 0; !text(number).includes(what); tries++) {
            assert.ok(tries < 600, `server ${number}: ${text(number)}`);
            await sleep(50);
          }
        };
        try {
          for (const number of [0, 1]) {
            await said(number, "Tricorn running on socket ");
          }
          const answer = await exchange(target, request("GET /"));
          assert.equal(answer.status, 200);
          process.kill(supervisor.pid!, "SIGTERM");
          for (const number of [0, 1]) {
            await said(number, "Finished server process");
          }
          await isGone;
        } finally {
          supervisor.kill("SIGKILL");
          for (const number of [0, 1]) {
            const pid = /Started server process \[(\d+)\]/.exec(text(number))
              ?.[1];
            if (pid !== undefined) spawnSync("kill", ["-KILL", pid]);
          }
        }
      },
    );
  }
});

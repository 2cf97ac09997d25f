/** How the process ends where it is not an ordinary one, and while it has not begun. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { needsProgram, PYTHON } from "../_support/needs.ts";
import { exchange, request } from "../_support/raw_client.ts";
import { ServerProcess, withServer } from "../_support/spawn_server.ts";
import { commandLine, ROOT, RUNTIME } from "../_support/this_runtime.ts";

let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "tricorn-end-"));
});
after(() => rmSync(folder, { recursive: true, force: true }));

describe("an application whose module never finishes loading", () => {
  for (
    const [signal, end] of [
      ["SIGTERM", { code: null, signal: "SIGTERM" }],
      ["SIGINT", { code: 0, signal: null }],
    ] as const
  ) {
    test(`is left behind by ${signal}`, async () => {
      writeFileSync(
        join(folder, "never.ts"),
        'console.log("app loads");\nawait new Promise(() => {});\n' +
          "export const app = async () => {};\n",
      );
      const server = new ServerProcess({
        args: ["--app-dir", folder, "--port", "0", "never:app"],
      });
      await server.line("stdout", /app loads/);
      server.signal(signal);
      assert.deepEqual(await server.end(), end);
      assert.match(
        server.output,
        /INFO: {5}Stopped while the application was being loaded\./,
      );
    });
  }
});

/** Why processes cannot be started in a PID namespace of their own; `false` if they can. */
function needsNamespaces(): string | false {
  const missing = needsProgram("unshare");
  if (missing !== false) return missing;
  const { status } = spawnSync("unshare", ["--pid", "--fork", "true"]);
  return status === 0 ? false : "PID namespaces are not allowed here";
}

describe(
  "the first process of a container",
  { skip: needsNamespaces() },
  () => {
    for (
      const [signal, code] of [["SIGTERM", 143], ["SIGINT", 0]] as const
    ) {
      test(`ends by ${signal} with code ${code}, as its shell would say it`, () =>
        withServer(
          {
            app: "scripted:app",
            via: ["unshare", "--pid", "--fork", "--kill-child"],
          },
          async (server) => {
            await exchange(server.target, request("GET /"));
            assert.match(server.output, /Started server process \[1\]/);
            const children = readFileSync(
              `/proc/${server.pid}/task/${server.pid}/children`,
              "utf8",
            );
            process.kill(Number(children), signal);
            assert.deepEqual(await server.end(), { code, signal: null });
            assert.match(server.output, /Finished server process/);
          },
        ));
    }
  },
);

/**
 * Runs a command on a terminal of its own and closes the terminal once it serves; prints how that
 * ended.
 */
const TERMINAL = `
import os, pty, signal, sys, time
command = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0: os.execv(command[0], command)
seen = b""
while b"running on" not in seen: seen += os.read(terminal, 4096)
os.close(terminal)
limit = time.monotonic() + 30
while time.monotonic() < limit:
    done, status = os.waitpid(pid, os.WNOHANG)
    if done: break
    time.sleep(0.02)
else:
    os.kill(pid, signal.SIGKILL)
    print("lives on")
    sys.exit()
print("signal", os.WTERMSIG(status)) if os.WIFSIGNALED(status) else print("code", os.WEXITSTATUS(status))
`;

describe("a terminal that is closed", { skip: needsProgram(PYTHON) }, () => {
  for (
    const [which, args] of [
      ["", []],
      [", with TLS too", ["--ssl-dev"]],
      [", with workers too", ["--workers", "2"]],
      [", with workers and TLS too", ["--workers", "2", "--ssl-dev"]],
    ] as const
  ) {
    test(`ends the server by SIGHUP${which}`, () => {
      const { program, args: command } = commandLine("cli.ts", [
        "--app-dir",
        `${ROOT}/tests/wire/apps`,
        "scripted:app",
        "--port",
        "0",
        ...args,
      ]);
      const { stdout, stderr } = spawnSync(
        PYTHON,
        ["-c", TERMINAL, program, ...command],
        { encoding: "utf8", timeout: 60_000 },
      );
      assert.equal(stdout, "signal 1\n", stderr);
    });
  }
});

if (RUNTIME === "deno") {
  test("[deno] a file that is saved under --watch restarts the server, and not the watcher", async () => {
    const path = join(folder, "watched.ts");
    const write = (body: string): void =>
      writeFileSync(
        path,
        `export const app = async (scope, _receive, send) => {
  if (scope.type !== "http") return;
  await send({ type: "http.response.start", status: 200 });
  await send({ type: "http.response.body", body: ${JSON.stringify(body)} });
};
`,
      );
    write("before");
    const server = new ServerProcess({
      // What follows it becomes arguments of a script that only passes them on.
      via: [
        "sh",
        "-c",
        'deno=$1; shift 4; exec "$deno" run --no-check -A --watch "$@"',
        "sh",
      ],
      args: ["--app-dir", folder, "--port", "0", "watched:app"],
    });
    try {
      await server.ready();
      assert.equal(
        (await exchange(server.target, request("GET /"))).body,
        "before",
      );
      const from = server.stderr.length;
      write("after");
      const line = await server.line("stderr", /Tricorn running on/, from);
      const port = Number(/:(\d+) /.exec(line)![1]);
      const target = { host: "127.0.0.1", port };
      assert.equal((await exchange(target, request("GET /"))).body, "after");
    } finally {
      await server.kill();
    }
  });
}

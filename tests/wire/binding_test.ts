/** Several addresses, dual stack, shared ports, UNIX sockets: as an operator asks for them. */
import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { needsIpv6 } from "../_support/needs.ts";
import { exchange, RawClient, request } from "../_support/raw_client.ts";
import { SCRIPTED_APP } from "../_support/script.ts";
import {
  ServerProcess,
  type ServerStart,
  targetFor,
  withServer,
} from "../_support/spawn_server.ts";
import { RUNTIME, RUNTIME_VERSION } from "../_support/this_runtime.ts";

let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "tricorn-bind-"));
});
after(() => rmSync(folder, { recursive: true, force: true }));

const bind = (...addresses: readonly string[]) =>
  addresses.flatMap((address) => ["--bind", address]);

/** Runs the command to its end, which must come by itself. */
async function ended(start: ServerStart, code: number): Promise<ServerProcess> {
  const server = new ServerProcess({ app: SCRIPTED_APP, ...start });
  assert.deepEqual(await server.end(), { code, signal: null }, server.output);
  assert.ok(!server.output.includes("    at "), server.output);
  return server;
}

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

async function scopeFrom(target: ReturnType<typeof targetFor>) {
  const response = await exchange(target, request("GET /?scope"));
  assert.equal(response.status, 200);
  return JSON.parse(response.body);
}

async function isRefused(host: string, port: number): Promise<void> {
  await assert.rejects(RawClient.connect({ host, port }));
}

/** A port that somebody listens on. */
async function busyPort(): Promise<{ server: Server; port: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, port: (server.address() as { port: number }).port };
}

describe("--bind", () => {
  for (const loop of ["auto", "node"]) {
    test(`serves every address, and tells each of them, --loop ${loop} (wishes:N-007)`, async () => {
      const path = join(folder, `every-${loop}.sock`);
      const args = [
        ...bind("127.0.0.1:0", `unix:${path}`, "127.0.0.1:0"),
        ...["--loop", loop],
      ];
      await withServer({ app: SCRIPTED_APP, args }, async (server) => {
        const [first, second, third] = await allOf(server, 3);
        assert.match(first!, /^http:\/\/127\.0\.0\.1:\d+$/);
        assert.equal(second, path);
        assert.notEqual(first, third);
        for (const where of [first!, third!]) {
          const target = targetFor(where) as { host: string; port: number };
          const scope = await scopeFrom(target);
          assert.deepEqual(scope.server, [target.host, target.port]);
        }
        const { client, server: own } = await scopeFrom({ path });
        assert.equal(client, null);
        assert.deepEqual(own, [path, null]);
        server.signal("SIGTERM");
        await server.end();
        assert.ok(!existsSync(path));
      });
    });
  }

  test("listens on all addresses or on none, code 3", async () => {
    const { server: blocker, port } = await busyPort();
    const path = join(folder, "none.sock");
    try {
      const args = bind("127.0.0.1:0", `unix:${path}`, `127.0.0.1:${port}`);
      const { output } = await ended({ args }, 3);
      const line = `ERROR:    Cannot listen on 127.0.0.1:${port} (--bind): ` +
        "address already in use";
      assert.ok(output.includes(line), output);
      assert.doesNotMatch(output, /running on/);
      assert.ok(!existsSync(path), "nothing half-started is left behind");
    } finally {
      blocker.close();
    }
  });

  test("says when two addresses are in each other's way, code 3", async () => {
    const { server: blocker, port } = await busyPort();
    await new Promise((resolve) => blocker.close(resolve));
    const args = bind(`0.0.0.0:${port}`, `127.0.0.1:${port}`);
    const { output } = await ended({ args }, 3);
    assert.match(output, /in use, by another address of this server$/m);
  });

  test("in the environment takes addresses with spaces between", () => {
    const path = join(folder, "environment.sock");
    const env = { TRICORN_BIND: `127.0.0.1:0 unix:${path}`, PORT: "1" };
    const args = ["--loop", "auto"];
    const server = new ServerProcess({ app: SCRIPTED_APP, env, args });
    return (async () => {
      try {
        await server.ready();
        await allOf(server, 2);
        await scopeFrom({ path });
      } finally {
        await server.kill();
      }
    })();
  });

  for (
    const [args, message] of [
      [bind("a:b"), "Invalid value for '--bind': 'a:b' has no valid port"],
      [bind("::1:80"), "stands in brackets: '[::1]:8000'"],
      [bind("unix:"), "Invalid value for '--bind': 'unix:' is not an address"],
      [bind("a:1", "a:1"), "'a:1' names an address a second time"],
      [
        [...bind("a:1"), "--port", "1"],
        "Cannot use '--bind' together with '--port': they name different places to listen",
      ],
      [
        ["--fd", "0", "--uds", "a"],
        "Cannot use '--fd' together with '--uds'",
      ],
      [["--uds-mode", "rw"], "Invalid value for '--uds-mode': 'rw' is not an"],
      [["--backlog", "0"], "Invalid value for '--backlog'"],
    ] as readonly (readonly [string[], string])[]
  ) {
    test(`${args.join(" ")} is wrong usage, code 2 (options:O-014)`, async () => {
      const { output } = await ended({ args }, 2);
      assert.ok(output.includes(message), output);
    });
  }
});

describe("every interface", () => {
  const skip = needsIpv6();

  for (
    const args of [
      ["--host", "", "--port", "0"],
      ["--host", "::", "--port", "0"],
      ["--bind", ":0"],
      ["--bind", "*:0"],
      ["--bind", "[::]:0"],
    ]
  ) {
    for (const loop of ["auto", "node"]) {
      test(
        `is IPv4 and IPv6 with ${
          JSON.stringify(args)
        }, --loop ${loop} (options:O-010)`,
        { skip },
        () =>
          withServer(
            { app: SCRIPTED_APP, args: [...args, "--loop", loop] },
            async (server) => {
              const { port } = server;
              for (const host of ["127.0.0.1", "::1"]) {
                const scope = await scopeFrom({ host, port });
                assert.deepEqual(scope.server, [host, port]);
                assert.equal(scope.client[0], host);
              }
            },
          ),
      );
    }
  }

  test("is IPv4 alone with --host 0.0.0.0", { skip }, () =>
    withServer(
      { app: SCRIPTED_APP, args: ["--host", "0.0.0.0"] },
      async ({ port }) => {
        await scopeFrom({ host: "127.0.0.1", port });
        await isRefused("::1", port);
      },
    ));

  for (const loop of ["auto", "node"]) {
    test(`[bun] [node] is IPv6 alone with --ipv6-only, --loop ${loop}`, {
      skip: RUNTIME === "deno" ? "it takes IPv4 too" : skip,
    }, () =>
      withServer(
        {
          app: SCRIPTED_APP,
          args: ["--host", "::", "--ipv6-only", "--loop", loop],
        },
        async ({ port }) => {
          await scopeFrom({ host: "::1", port });
          await isRefused("127.0.0.1", port);
        },
      ));
  }

  test("[deno] with --ipv6-only is refused, with a way out, code 2", {
    skip: RUNTIME !== "deno" && "the others can do it",
  }, async () => {
    const args = ["--bind", ":0", "--ipv6-only"];
    const { output } = await ended({ args }, 2);
    assert.ok(
      output.includes(
        `ERROR:    Cannot listen on *:0 with --ipv6-only on Deno ${RUNTIME_VERSION}: it has no way ` +
          "to do that; name the addresses one by one with --bind",
      ),
      output,
    );
    assert.doesNotMatch(output, /application startup/);
  });
});

describe("--reuse-port", () => {
  for (const loop of ["auto", "node"]) {
    test(`lets a second server listen, --loop ${loop}`, async () => {
      const start = (port: number, ...more: string[]) => ({
        app: SCRIPTED_APP,
        args: ["--port", `${port}`, "--loop", loop, ...more],
      });
      await withServer(
        start(0, "--reuse-port"),
        ({ port }) =>
          withServer(start(port, "--reuse-port"), async (second) => {
            assert.equal(second.port, port);
            await scopeFrom(second.target);
            await ended(start(port), 3);
          }),
      );
    });
  }
});

describe("--loop native", () => {
  test(
    "[deno] [bun] with an inherited socket is refused, with a way out, code 2",
    {
      skip: RUNTIME === "node" && "its sockets are those of node:net",
    },
    async () => {
      const args = ["--fd", "0", "--loop", "native"];
      const { output } = await ended({ args }, 2);
      const name = RUNTIME === "deno" ? "Deno" : "Bun";
      assert.ok(
        output.includes(
          `ERROR:    Cannot use --loop native for file descriptor 0 on ${name} ${RUNTIME_VERSION}: ` +
            "its own sockets lack inherited sockets; use --loop auto or --loop node",
        ),
        output,
      );
      assert.doesNotMatch(output, /application startup/);
    },
  );
});

describe("UNIX sockets", () => {
  const isWindows = process.platform === "win32";
  const skip = isWindows && "there is no such thing as a mode on Windows";

  for (const loop of ["auto", "node"]) {
    for (const mode of ["600", "0660", "666"]) {
      test(
        `have the mode ${mode} that --uds-mode says, --loop ${loop} (options:O-012)`,
        {
          skip,
        },
        () => {
          const path = join(folder, `mode-${loop}-${mode}.sock`);
          const args = ["--uds", path, "--uds-mode", mode, "--loop", loop];
          return withServer({ app: SCRIPTED_APP, args }, async () => {
            assert.equal(statSync(path).mode & 0o777, parseInt(mode, 8));
            await scopeFrom({ path });
          });
        },
      );
    }
  }

  test("have that mode with --bind too", { skip }, () => {
    const path = join(folder, "mode-bind.sock");
    const args = [...bind(`unix:${path}`), "--uds-mode", "640"];
    return withServer({ app: SCRIPTED_APP, args }, () => {
      assert.equal(statSync(path).mode & 0o777, 0o640);
      return Promise.resolve();
    });
  });

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    test(`are removed after ${signal}, and nothing else is left`, async () => {
      const directory = mkdtempSync(join(folder, "end-"));
      const path = join(directory, "s.sock");
      await withServer(
        { app: SCRIPTED_APP, args: ["--uds", path] },
        async (server) => {
          assert.deepEqual(readdirSync(directory), ["s.sock"]);
          server.signal(signal);
          await server.end();
        },
      );
      assert.deepEqual(readdirSync(directory), []);
    });
  }

  test("are removed when the application ends the process", async () => {
    const directory = mkdtempSync(join(folder, "exit-"));
    const path = join(directory, "s.sock");
    writeFileSync(
      join(directory, "exits.ts"),
      `import process from "node:process";
export const app = async (scope, _receive, _send) => {
  if (scope.type === "http") process.exit(7);
};
`,
    );
    const server = new ServerProcess({
      args: ["--app-dir", directory, "--uds", path, "exits:app"],
    });
    try {
      await server.ready();
      const client = await RawClient.connect({ path });
      client.send(request("GET /"));
      assert.equal((await server.end()).code, 7);
      client.close();
      assert.deepEqual(readdirSync(directory), ["exits.ts"]);
    } finally {
      await server.kill();
    }
  });

  for (
    const [what, path, reason] of [
      [
        "a path too long",
        () => join(folder, "x".repeat(120)),
        /: the path has \d+ bytes, expected at most 107$/,
      ],
      [
        "a directory that does not exist",
        () => join(folder, "missing", "s.sock"),
        /: the directory does not exist$/,
      ],
      [
        "a file in the place of the directory",
        () => join(madeFile("not-a-directory"), "s.sock"),
        /: a part of the path is not a directory$/,
      ],
      [
        "a file that is no socket",
        () => madeFile("precious"),
        /: it is no socket but a regular file, which is left alone$/,
      ],
      [
        "a directory",
        () => folder,
        /: it is no socket but a directory, which is left alone$/,
      ],
    ] as const
  ) {
    test(`at ${what} are refused in a line that names --uds, code 3`, async () => {
      const before = readdirSync(folder);
      const at = path();
      const { stderr } = await ended({ args: ["--uds", at] }, 3);
      const errors = stderr.filter((line) => line.startsWith("ERROR:"));
      assert.equal(errors.length, 1);
      const start = `ERROR:    Cannot listen on unix:${at} (--uds)`;
      assert.equal(errors[0]!.slice(0, start.length), start);
      assert.match(errors[0]!, reason);
      for (const name of ["precious", "not-a-directory"]) {
        if (!existsSync(join(folder, name))) continue;
        assert.equal(readFileSync(join(folder, name), "utf8"), "kept");
      }
      const made = readdirSync(folder).filter((name) => !before.includes(name));
      assert.ok(!made.some((name) => name.startsWith(".tricorn")));
    });
  }

  test("in a directory that is not writable are refused, code 3", {
    skip: skip ||
      (process.getuid?.() === 0 && "the superuser may write everywhere"),
  }, async () => {
    const directory = join(folder, "locked");
    mkdirSync(directory);
    chmodSync(directory, 0o555);
    const args = ["--uds", join(directory, "s.sock")];
    const { output } = await ended({ args }, 3);
    assert.match(output, /\(--uds\): permission denied$/m);
  });
});

function madeFile(name: string): string {
  const path = join(folder, name);
  writeFileSync(path, "kept");
  return path;
}

/** Starting, failing to start, and what the process says and returns. */
import assert from "node:assert/strict";
import {
  existsSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { needsIpv6 } from "../_support/needs.ts";
import { exchange, RawClient, request } from "../_support/raw_client.ts";
import { SCRIPTED_APP } from "../_support/script.ts";
import {
  ServerProcess,
  type ServerStart,
  withServer,
} from "../_support/spawn_server.ts";

let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "tricorn-wire-"));
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the command to its end, which must come by itself. */
async function ended(start: ServerStart, code: number): Promise<ServerProcess> {
  const server = new ServerProcess(start);
  assert.deepEqual(await server.end(), { code, signal: null }, server.output);
  return server;
}

describe("the command", () => {
  test("without an application is wrong usage, code 2 (options:X-003)", async () => {
    const server = await ended({}, 2);
    assert.match(server.stderr.join("\n"), /^Usage: tricorn .*APP/);
    assert.match(
      server.stderr.join("\n"),
      /^Error: Missing argument 'APP'\.$/m,
    );
    assert.deepEqual(server.stdout, []);
  });

  for (
    const [behaviour, args, message] of [
      ["an unknown option", ["--no-such-option"], /No such option/],
      ["a port that is no number", ["--port", "abc"], /--port/],
      ["a port out of range", ["--port", "70000"], /--port/],
      ["a bad choice", ["--lifespan", "maybe"], /--lifespan/],
      ["a header without colon", ["--header", "nothing"], /--header/],
      ["a header with a line end", ["--header", "a: b\r\nc: d"], /--header/],
      ["an option without its value", ["--host"], /--host/],
      ["a second application", ["extra:app"], /extra/],
    ] as const
  ) {
    test(`with ${behaviour} is wrong usage, code 2`, async () => {
      const server = await ended({ app: SCRIPTED_APP, args }, 2);
      assert.match(server.stderr.join("\n"), message);
      assert.ok(
        !server.output.includes("    at "),
        "no stack for the operator's mistake",
      );
    });
  }

  for (
    const args of [["--help"], ["--version"], ["--version", "--port", "x"]]
  ) {
    test(`${args.join(" ")} prints to standard output, code 0 (options:X-001, O-008, O-009)`, async () => {
      const server = await ended({ args }, 0);
      assert.ok(server.stdout.length > 0);
      assert.deepEqual(server.stderr, []);
    });
  }
});

describe("import strings", () => {
  const load = (app: string, ...args: string[]) =>
    ended({ args: ["--app-dir", folder, "--port", "0", app, ...args] }, 3);

  for (
    const [app, message] of [
      [
        "app",
        'Error loading ASGI app. Import string "app" must be in format "<module>:<attribute>".',
      ],
      [
        "app:",
        'Error loading ASGI app. Import string "app:" must be in format "<module>:<attribute>".',
      ],
      [
        ":app",
        'Error loading ASGI app. Import string ":app" must be in format "<module>:<attribute>".',
      ],
      [
        "nothing_there:app",
        'Error loading ASGI app. Could not import module "nothing_there".',
      ],
    ] as const
  ) {
    test(`"${app}" fails with code 3 (process:P-148, P-149)`, async () => {
      const server = await load(app);
      assert.ok(
        server.stderr.some((line) => line.startsWith(`ERROR:    ${message}`)),
        server.output,
      );
      assert.ok(
        !server.output.includes("Started server process"),
        server.output,
      );
    });
  }

  test("an attribute that is missing fails with code 3 (process:P-153)", async () => {
    writeFileSync(join(folder, "plain.ts"), "export const other = 1;\n");
    const server = await load("plain:app");
    assert.match(server.output, /Attribute "app" not found in module "plain"/);
  });

  test("an attribute that is no application fails with code 3", async () => {
    const server = await load("plain:other");
    assert.match(server.output, /^ERROR: /);
  });

  test("a module that throws fails with code 3 and the stack of the module (options:X-002, process:P-151)", async () => {
    writeFileSync(
      join(folder, "throws.ts"),
      'function inner() { throw new Error("broken module"); }\ninner();\nexport {};\n',
    );
    const server = await load("throws:app");
    assert.match(server.output, /broken module/);
    assert.match(server.output, /throws\.ts/);
    assert.ok(
      !server.output.includes("src/"),
      "frames of the server are of no use here",
    );
  });

  test("with JSON logs, the stack of a module that throws is a field of its line", async () => {
    writeFileSync(
      join(folder, "throws_too.ts"),
      'throw new RangeError("broken too");\nexport {};\n',
    );
    const server = await load("throws_too:app", "--log-format", "json");
    const [{ level, error }, ...more] = server.stderr.map((line) =>
      JSON.parse(line)
    );
    assert.deepEqual([level, more], ["error", []]);
    assert.deepEqual([error.type, error.message], ["RangeError", "broken too"]);
    assert.match(error.stack, /throws_too\.ts/);
  });

  test("a module with a syntax error fails with code 3 and is named (process:P-151)", async () => {
    writeFileSync(join(folder, "wrong.ts"), "export const app = (((;\n");
    const server = await load("wrong:app");
    assert.match(server.output, /wrong/);
    assert.match(server.output, /syntax|parse|expect/i);
  });

  test("a module whose own import is missing fails with code 3 and names it (process:P-150)", async () => {
    writeFileSync(
      join(folder, "needs.ts"),
      'import { x } from "./absent.ts";\nexport const app = async () => { x; };\n',
    );
    const server = await load("needs:app");
    assert.match(server.output, /absent/);
  });

  test("dotted attributes are walked (process:P-154)", async () => {
    writeFileSync(
      join(folder, "nested.ts"),
      `const app = async (scope, receive, send) => {
  if (scope.type !== "http") return;
  await send({ type: "http.response.start", status: 200 });
  await send({ type: "http.response.body", body: "nested" });
};
export const api = { v1: { app } };
export const make = () => app;
export default app;
`,
    );
    for (
      const args of [
        ["nested:api.v1.app"],
        ["nested:default"],
        ["nested:make", "--factory"],
        [`${join(folder, "nested.ts")}:api.v1.app`],
      ]
    ) {
      await withServer(
        { args: ["--app-dir", folder, "--port", "0", ...args] },
        async (server) => {
          assert.equal(
            (await exchange(server.target, request("GET /"))).body,
            "nested",
          );
        },
      );
    }
  });
});

describe("addresses", () => {
  test("a port in use is an error with code 3, after the application was stopped (process:P-006)", async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) =>
      blocker.listen(0, "127.0.0.1", resolve)
    );
    const { port } = blocker.address() as { port: number };
    try {
      const server = await ended({
        app: "lives:whole",
        args: ["--port", `${port}`],
      }, 3);
      assert.match(
        server.output,
        /ERROR: .*(address already in use|EADDRINUSE|in use)/i,
      );
      assert.match(server.output, new RegExp(`${port}`));
      assert.ok(server.stdout.includes("app lifespan.shutdown"), server.output);
      assert.ok(
        !server.output.includes("    at "),
        "no stack for the operator's mistake",
      );
    } finally {
      await new Promise((resolve) => blocker.close(resolve));
    }
  });

  test("a host that cannot be found is an error with code 3 (options:O-010)", async () => {
    const args = ["--host", "no-such-host.invalid", "--port", "0"];
    const server = await ended({ app: SCRIPTED_APP, args }, 3);
    assert.match(server.output, /ERROR: .*no-such-host\.invalid/);
  });

  test("port 0 shows the port it got (process:P-007, options:O-011)", () =>
    withServer({ app: SCRIPTED_APP }, (server) => {
      assert.ok(server.port > 0);
      assert.match(server.runningOn, /^http:\/\/127\.0\.0\.1:\d+$/);
      return Promise.resolve();
    }));

  test("IPv6 is shown in brackets and served (process:P-007)", {
    skip: needsIpv6(),
  }, () =>
    withServer(
      { app: SCRIPTED_APP, args: ["--host", "::1"] },
      async (server) => {
        assert.match(server.runningOn, /^http:\/\/\[::1\]:\d+$/);
        const response = await exchange(server.target, request("GET /?scope"));
        const scope = JSON.parse(response.body);
        assert.deepEqual(scope.server, ["::1", server.port]);
        assert.equal(scope.client[0], "::1");
      },
    ));

  test("localhost is served where it leads", () =>
    withServer(
      { app: SCRIPTED_APP, args: ["--host", "localhost"] },
      async (server) => {
        const client = await RawClient.connect(
          await reachable(server.port, ["127.0.0.1", "::1"]),
        );
        assert.equal((await client.request(request("GET /"))).status, 200);
        client.close();
      },
    ));

  for (const loop of ["native", "node"]) {
    test(`--loop ${loop} serves (options:O-031)`, () =>
      withServer(
        { app: SCRIPTED_APP, args: ["--loop", loop] },
        async (server) => {
          const response = await exchange(server.target, request("GET /"));
          assert.equal(response.body, "Hello, world!");
        },
      ));
  }
});

/** The first of these hosts that accepts a connection on the port. */
async function reachable(port: number, hosts: readonly string[]) {
  for (const host of hosts) {
    try {
      (await RawClient.connect({ host, port })).close();
      return { host, port };
    } catch {
      // The next one, then.
    }
  }
  throw new Error(`Cannot reach port ${port} on ${hosts.join(" or ")}`);
}

describe("--uds", () => {
  for (const loop of ["auto", "native", "node"]) {
    test(`serves a UNIX socket and removes it at the end, --loop ${loop} (process:P-008)`, async () => {
      const path = join(folder, `${loop}.sock`);
      await withServer(
        { app: SCRIPTED_APP, args: ["--uds", path, "--loop", loop] },
        async (server) => {
          assert.equal(server.runningOn, path);
          assert.ok(
            server.stderr.some((line) =>
              line.includes("running on unix socket")
            ),
          );
          const response = await exchange({ path }, request("GET /?scope"));
          const scope = JSON.parse(response.body);
          assert.equal(scope.client, null); // http:H-010
          assert.deepEqual(scope.server, [path, null]); // http:H-009
          // http:H-151: nobody in front of the dash
          await server.line(
            "stdout",
            /^INFO: {6}- "GET \/\?scope HTTP\/1\.1" 200 OK$/,
          );
          server.signal("SIGINT");
          assert.equal((await server.end()).code, 0);
        },
      );
      assert.ok(!existsSync(path), "the socket is still there");
    });
  }

  test("takes the place of a dead socket (options:O-012)", async () => {
    const path = join(folder, "dead.sock");
    await withServer(
      { app: SCRIPTED_APP, args: ["--uds", path] },
      async (server) => {
        server.signal("SIGKILL");
        await server.end();
      },
    );
    assert.ok(statSync(path).isSocket());
    await withServer({ app: SCRIPTED_APP, args: ["--uds", path] }, async () => {
      assert.equal((await exchange({ path }, request("GET /"))).status, 200);
    });
  });

  test("leaves a living server's socket alone, code 3 (options:O-012)", async () => {
    const path = join(folder, "alive.sock");
    await withServer({ app: SCRIPTED_APP, args: ["--uds", path] }, async () => {
      const second = await ended(
        { app: SCRIPTED_APP, args: ["--uds", path] },
        3,
      );
      assert.match(second.output, /ERROR: .*alive\.sock/);
      assert.equal((await exchange({ path }, request("GET /"))).status, 200);
    });
  });

  test("leaves a file alone, code 3 (options:O-012)", async () => {
    const path = join(folder, "a-file");
    writeFileSync(path, "precious");
    const server = await ended({ app: SCRIPTED_APP, args: ["--uds", path] }, 3);
    assert.match(server.output, /ERROR: .*a-file/);
    assert.ok(statSync(path).isFile());
  });

  test("in a folder that is missing is an error with code 3 (options:O-012)", async () => {
    const path = join(folder, "missing", "a.sock");
    const server = await ended({ app: SCRIPTED_APP, args: ["--uds", path] }, 3);
    assert.match(server.output, /ERROR: /);
  });
});

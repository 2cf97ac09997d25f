/** Options of logging, seen through the command: format, time, configuration, files and trace. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { exchange, request } from "../_support/raw_client.ts";
import {
  ServerProcess,
  spawnServer,
  withServer,
} from "../_support/spawn_server.ts";

const APP = "logged:app";
const folder = mkdtempSync(join(tmpdir(), "tricorn-logs-"));
after(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

/** Writes a file for one test; returns its path. */
function fileOf(content: unknown, ending = "json"): string {
  const path = join(folder, `${count++}.${ending}`);
  const text = typeof content === "string" ? content : JSON.stringify(content);
  writeFileSync(path, text);
  return path;
}

const get = (server: ServerProcess, path: string) =>
  exchange(server.target, request(`GET ${path}`, ["Connection: close"]));

/** Ends a server in order. */
async function stop(server: ServerProcess): Promise<void> {
  server.signal("SIGTERM");
  await server.end();
}

describe("--log-format json (options:O-027)", () => {
  test("makes every line of both streams an object", async () => {
    await withServer(
      { app: APP, args: ["--log-format", "JSON", "--use-colors"] },
      async (server) => {
        await get(server, "/a%0Ab?c");
        await get(server, "/throw");
        await server.line("stdout", /throw/);
        await stop(server);
        const lines = [...server.stderr, ...server.stdout].map((line) =>
          JSON.parse(line)
        );
        for (const { time, level, logger } of lines) {
          assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
          assert.match(level, /^(info|error)$/);
          assert.match(logger, /^tricorn(\.access)?$/);
        }
        const started = lines.find(({ message }) =>
          message?.startsWith("Started server process")
        );
        assert.equal(typeof started.pid, "number");
        const failed = lines.find(({ level }) => level === "error");
        assert.equal(failed.error.type, "TypeError");
        assert.equal(failed.error.message, "not today");
        assert.match(failed.error.stack, /logged\.ts/);
        const response = lines.find(({ path }) => path === "/a\nb");
        assert.deepEqual(
          [response.status, response.query, response.bytes_out],
          [200, "c", 2],
        );
      },
    );
  });
});

describe("--log-timestamps", () => {
  test("begins lines with the time", async () => {
    await withServer(
      { app: APP, args: ["--log-timestamps"] },
      async (server) => {
        await get(server, "/");
        const stamp = String
          .raw`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO: {5}`;
        await server.line(
          "stdout",
          new RegExp(`${stamp}127.0.0.1:\\d+ - "GET / HTTP/1.1" 200 OK$`),
        );
        await server.line("stderr", new RegExp(`${stamp}Started server`));
      },
    );
  });
});

describe("--log-level trace", () => {
  test("traces messages of the application (process:P-116)", async () => {
    await withServer(
      { app: APP, args: ["--log-level", "trace"] },
      async (server) => {
        await get(server, "/x");
        const line = await server.line("stderr", /ASGI \[2\] Completed/);
        assert.match(
          line,
          /^TRACE: {4}127\.0\.0\.1:\d+ - ASGI \[2\] Completed$/,
        );
        await server.line(
          "stderr",
          /ASGI \[2\] Send \{"type":"http\.response\.body","body":"<2 chars>"\}$/,
        );
      },
    );
  });
});

describe("--log-config", () => {
  test("sends responses to a file and the rest to standard output (options:O-027)", async () => {
    const filename = join(folder, "access.log");
    const path = fileOf({
      version: 1,
      formatters: {
        json: { "()": "tricorn.JsonFormatter" },
        access: { "()": "tricorn.AccessFormatter" },
      },
      handlers: {
        out: {
          class: "tricorn.StreamHandler",
          formatter: "json",
          stream: "ext://sys.stdout",
        },
        file: {
          class: "tricorn.FileHandler",
          formatter: "access",
          filename,
        },
      },
      loggers: {
        tricorn: { handlers: ["out"], level: "INFO", propagate: false },
        "tricorn.access": { handlers: ["file"], propagate: false },
      },
    });
    const server = new ServerProcess({
      app: APP,
      args: ["--port", "0", "--log-config", path],
    });
    try {
      const line = await server.line("stdout", /Tricorn running on/);
      const { address } = JSON.parse(line);
      const { hostname: host, port } = new URL(address);
      await exchange(
        { host, port: Number(port) },
        request("GET /y", ["Connection: close"]),
      );
      await stop(server);
      assert.deepEqual(server.stderr, []);
      assert.match(server.stdout.at(-1)!, /"Finished server process/);
      assert.match(
        readFileSync(filename, "utf8"),
        /^INFO: {5}127\.0\.0\.1:\d+ - "GET \/y HTTP\/1\.1" 200 OK\n$/,
      );
    } finally {
      await server.kill();
    }
  });

  for (
    const [what, path, code, message] of [
      [
        "a file that is not there",
        join(folder, "none.json"),
        2,
        /^ERROR: {4}Cannot use --log-config '.*none\.json': it cannot be read: .+$/,
      ],
      [
        "a wrong line",
        fileOf('{\n  "version": 1,\n}'),
        2,
        /^ERROR: {4}Cannot use --log-config '.*\.json': line 3: expected a key in double quotes$/,
      ],
      [
        "a class of Python",
        fileOf({ handlers: { h: { class: "logging.StreamHandler" } } }),
        2,
        /: handlers\.h\.class: unknown class 'logging\.StreamHandler'; here it is tricorn\.StreamHandler$/,
      ],
      [
        "a log file that cannot be opened",
        fileOf({
          handlers: {
            h: {
              class: "tricorn.FileHandler",
              filename: join(folder, "no", "app.log"),
            },
          },
          root: { handlers: ["h"] },
        }),
        3,
        /: handlers\.h\.filename: cannot open '.*app\.log': .*ENOENT|os error 2/,
      ],
    ] as const
  ) {
    test(`ends the start with code ${code} for ${what}, in one line`, async () => {
      const server = new ServerProcess({
        app: APP,
        args: ["--port", "0", "--log-config", path],
      });
      try {
        assert.equal((await server.end()).code, code, server.output);
        assert.equal(server.stderr.length, 1, server.output);
        assert.match(server.stderr[0]!, message);
        assert.deepEqual(server.stdout, []);
      } finally {
        await server.kill();
      }
    });
  }

  test("refuses other kinds of files as wrong usage", async () => {
    const server = new ServerProcess({
      app: APP,
      args: ["--log-config", "a.toml"],
    });
    assert.equal((await server.end()).code, 2);
    assert.equal(
      server.stderr.at(-1),
      "Error: Invalid value for '--log-config': 'a.toml' is not a .json, .yaml, .yml or .ini file.",
    );
  });

  test("of a full device serves on, and says once what was lost", {
    skip: existsSync("/dev/full") ? false : "there is no /dev/full",
  }, async () => {
    const path = fileOf({
      handlers: {
        err: { class: "StreamHandler" },
        full: { class: "FileHandler", filename: "/dev/full" },
      },
      loggers: {
        tricorn: { handlers: ["err"] },
        "tricorn.access": { handlers: ["full"], propagate: false },
      },
    });
    const server = await spawnServer({
      app: APP,
      args: ["--log-config", path],
    });
    try {
      for (let i = 0; i < 5; i++) await get(server, "/");
      await stop(server);
      const told = server.stderr.filter((line) => line.includes("/dev/full"));
      assert.equal(told.length, 2, server.output);
      assert.match(
        told[0]!,
        /^ERROR: {4}Cannot write to log file '\/dev\/full': .*\. Lines are dropped until it takes them again\.$/,
      );
      assert.equal(
        told[1],
        "WARNING:  Dropped 5 lines of log file '/dev/full': it took no more",
      );
    } finally {
      await server.kill();
    }
  });
});

const noLogrotate = spawnSync("logrotate", ["--version"]).error !== undefined
  ? "logrotate is not installed"
  : false;

/** The arguments that log accesses to `filename`, two ways. */
const ACCESS_FILES: Readonly<Record<string, (filename: string) => string[]>> = {
  "--log-config": (filename) => [
    "--log-config",
    fileOf({
      handlers: {
        file: { class: "FileHandler", filename },
        console: { class: "StreamHandler" },
      },
      loggers: {
        tricorn: { handlers: ["console"] },
        "tricorn.access": { handlers: ["file"], propagate: false },
      },
    }),
  ],
  "--access-log-file": (filename) => ["--access-log-file", filename],
};

for (const [option, argumentsFor] of Object.entries(ACCESS_FILES)) {
  test(
    `logrotate rotates the file of ${option} under load, and no line is lost`,
    {
      skip: noLogrotate,
    },
    async () => {
      const filename = join(folder, `rotated${count++}.log`);
      const server = await spawnServer({
        app: APP,
        args: argumentsFor(filename),
      });
      try {
        const rules = fileOf(
          `"${filename}" {\n  rotate 9\n  missingok\n  nocompress\n  create\n` +
            `  postrotate\n    kill -USR1 ${server.pid}\n  endscript\n}\n`,
          "conf",
        );
        let sent = 0;
        const load = async () => {
          for (let i = 0; i < 40; i++) await get(server, `/${sent++}`);
        };
        for (let round = 1; round <= 3; round++) {
          await load();
          const from = server.stderr.length;
          // Not as `spawnSync`, so that requests go on meanwhile.
          const during = load();
          const rotation = spawn("logrotate", [
            "--force",
            "--state",
            join(folder, "state"),
            rules,
          ], { stdio: ["ignore", "inherit", "inherit"] });
          const code = await new Promise((resolve) =>
            rotation.on("close", resolve)
          );
          assert.equal(code, 0);
          await during;
          await server.line("stderr", /Log files reopened/, from);
        }
        await load();
        await stop(server);
        const texts = [
          `${filename}.3`,
          `${filename}.2`,
          `${filename}.1`,
          filename,
        ]
          .map((path) => readFileSync(path, "utf8"));
        assert.ok(texts.every((text) => text.endsWith("\n")), "whole lines");
        const paths = texts.join("").match(/(?<=GET \/)\d+/g)!.map(Number);
        assert.deepEqual(
          paths.sort((a, b) => a - b),
          Array.from({ length: sent }, (_, at) => at),
        );
      } finally {
        await server.kill();
      }
    },
  );
}

test("SIGHUP reads the log configuration again, and keeps it if the new one is broken", async () => {
  const config = (level: string) => ({
    handlers: { console: { class: "StreamHandler" } },
    loggers: { tricorn: { handlers: ["console"], level } },
  });
  const path = fileOf(config("INFO"));
  await withServer(
    { app: APP, args: ["--log-config", path] },
    async (server) => {
      writeFileSync(path, "{");
      server.signal("SIGHUP");
      await server.line("stderr", /Logging goes on as configured before/);
      writeFileSync(path, JSON.stringify(config("DEBUG")));
      server.signal("SIGHUP");
      await server.line("stderr", /Log configuration reloaded/);
      await get(server, "/");
      await stop(server);
      assert.ok(server.stderr.length > 0);
    },
  );
});

test("an access log file that cannot be opened ends the start with exit code 3", async () => {
  const server = new ServerProcess({
    app: APP,
    args: ["--port", "0", "--access-log-file", "/nowhere/access.log"],
  });
  const { code } = await server.end();
  assert.equal(code, 3);
  assert.match(
    server.stderr.join("\n"),
    /Cannot open access log file '\/nowhere\/access\.log' \(--access-log-file\): /,
  );
});

import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { AsgiApp } from "../../src/asgi.ts";
import { Config } from "../../src/config/config.ts";
import type { OptionsInput } from "../../src/config/options/mod.ts";

const fixtures = fileURLToPath(
  new URL("../application/fixtures", import.meta.url),
);
const app: AsgiApp = async (_scope, _receive, _send) => {};

test("Config checks its options at once", () => {
  assert.throws(() => new Config(app, { port: 70000 }), {
    name: "ConfigError",
    message: 'Cannot use option "port": 70000 is not in the range 0<=x<=65535',
  });
});

for (const nothing of [undefined, null]) {
  test(`Config refuses ${nothing} as application`, () => {
    assert.throws(() => new Config(nothing as unknown as AsgiApp), {
      name: "ConfigError",
      message:
        `Cannot use ${nothing} as application: expected a function or an import string`,
    });
  });
}

const HOST = { kind: "tcp", option: "--host, --port" } as const;
const BIND = { option: "--bind" } as const;
const given = { listen() {}, address() {}, close() {}, on() {} };

for (
  const [options, targets] of [
    [{}, [{ ...HOST, host: "127.0.0.1", port: 8000 }]],
    [{ host: "::1", port: 0 }, [{ ...HOST, host: "::1", port: 0 }]],
    [{ host: "" }, [{ ...HOST, host: "", port: 8000 }]],
    [{ uds: "run/app.sock" }, [{
      kind: "unix",
      path: "run/app.sock",
      mode: 0o666,
      option: "--uds",
    }]],
    [{ uds: "app.sock", udsMode: 0o600 }, [{
      kind: "unix",
      path: "app.sock",
      mode: 0o600,
      option: "--uds",
    }]],
    [{ fd: 0 }, [{ kind: "fd", fd: 0, option: "--fd" }]],
    [
      { bind: [":80", "[::1]", "unix:a.sock", "fd://3"], udsMode: 0o660 },
      [
        { kind: "tcp", host: "", port: 80, ...BIND },
        { kind: "tcp", host: "::1", port: 8000, ...BIND },
        { kind: "unix", path: "a.sock", mode: 0o660, ...BIND },
        { kind: "fd", fd: 3, ...BIND },
      ],
    ],
    [
      { sockets: [0, given] },
      [
        { kind: "fd", fd: 0, option: "sockets" },
        { kind: "server", server: given, option: "sockets" },
      ],
    ],
  ] as readonly (readonly [OptionsInput, unknown])[]
) {
  test(`Config listens where ${JSON.stringify(options)} says`, () => {
    assert.deepEqual(new Config(app, options).listenTargets, targets);
  });
}

test("Config.load() gives an application back as it is", async () => {
  assert.equal(await new Config(app).load(), app);
});

test("Config.load() imports and calls a factory once", async () => {
  let calls = 0;
  const factory = () => {
    calls++;
    return app;
  };
  const config = new Config(factory as unknown as AsgiApp, { factory: true });
  assert.equal(await config.load(), app);
  assert.equal(await config.load(), app);
  assert.equal(calls, 1);
});

test("Config.load() imports from the directory it was given, and warns", async () => {
  const warnings: string[] = [];
  const config = new Config("main:create", { appDir: fixtures });
  const loaded = await config.load((message) => void warnings.push(message));
  assert.equal(typeof loaded, "function");
  assert.equal(warnings.length, 1);
});

test("Config.load() refuses what is no application", async () => {
  const config = new Config({} as AsgiApp);
  await assert.rejects(config.load(), {
    name: "AppLoadError",
    message: /^Error loading ASGI app\. The application is an object; /,
  });
});

test("Config reads no options from the environment (options:E-009)", () => {
  const variables = { TRICORN_PORT: "81", PORT: "82", TRICORN_CONFIG: "none" };
  Object.assign(process.env, variables);
  try {
    assert.equal(new Config("main:app").options.port, 8000);
  } finally {
    for (const name of Object.keys(variables)) delete process.env[name];
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { Config } from "../../src/config/config.ts";
import type { OptionsInput } from "../../src/config/options/mod.ts";
import {
  configOf,
  startMessage,
  targetsOf,
} from "../../src/supervisor/start_message.ts";

/** The configuration of a worker, after the way over the channel. */
function handedOver(options: OptionsInput): Config {
  const message = startMessage(new Config("main:app", options), [], "workers");
  return configOf(JSON.parse(JSON.stringify(message)));
}

test("a worker has the options that were given, and the defaults", () => {
  const given: OptionsInput = {
    rootPath: "/api",
    limitMaxRequests: 7,
    headers: [["x-one", "1"], ["x-two", "2"]],
    logConfig: null,
    sslKeyfilePassword: "secret",
    sslCertfile: "cert.pem",
    timeoutKeepAlive: 0,
    ws: "none",
  };
  const { options } = handedOver(given);
  const expected = new Config("main:app", given).options;
  for (const name of Object.keys(expected) as (keyof typeof expected)[]) {
    assert.deepEqual(options[name], expected[name], name);
  }
  assert.equal(options.sslKeyfilePassword, "secret");
});

test("a worker does not start workers, nor bind addresses", () => {
  const { options } = handedOver({
    workers: 4,
    workerMaxAge: 60,
    workerMaxMemory: 1000,
    uds: "/run/app.sock",
    udsMode: 0o600,
  });
  assert.equal(options.workers, 1);
  assert.equal(options.workerMaxAge, undefined);
  assert.equal(options.workerMaxMemory, undefined);
  assert.equal(options.uds, undefined);
});

test("defaults are not sent", () => {
  const { options } = startMessage(
    new Config("main:app", { port: 80, workers: 2, timeoutKeepAlive: 5 }),
    [],
    "workers",
  );
  assert.deepEqual(options, {});
});

test("a worker accepts at what it inherits, or binds it beside the others", () => {
  const address = { kind: "tcp", host: "127.0.0.1", port: 80 } as const;
  const config = new Config("main:app");
  const inherited = startMessage(config, [{ address, fd: 4 }], "workers");
  assert.deepEqual(targetsOf(inherited), [
    { kind: "fd", fd: 4, shared: address },
  ]);
  assert.equal(configOf(inherited).options.reusePort, false);
  const beside = startMessage(config, [{ address, fd: null }], "workers");
  assert.deepEqual(targetsOf(beside), [address]);
  assert.equal(configOf(beside).options.reusePort, true);
});

test("an application object is refused (options:B-001)", () => {
  assert.throws(
    () => startMessage(new Config(async () => {}), [], "workers"),
    {
      name: "ConfigError",
      exitCode: 3,
      message:
        "You must pass the application as an import string to enable 'reload' or 'workers'.",
    },
  );
});

test("options that exist in one process alone are refused", () => {
  const cases: readonly OptionsInput[] = [
    { sslContextFactory: (_options, common) => common() },
    { logSink: () => {} },
    {
      logConfig: {
        version: 1,
        formatters: { own: { "()": (() => ({})) as never } },
      },
    },
  ];
  for (const options of cases) {
    const [name] = Object.keys(options);
    assert.throws(() => handedOver(options), {
      name: "ConfigError",
      message: `Cannot use the option "${name}" together with "workers": a ` +
        "function or an object of this program cannot be handed to other processes",
    });
  }
});

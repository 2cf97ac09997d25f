import assert from "node:assert/strict";
import { test } from "node:test";
import { configFor, failureText, versionText } from "../../src/cli/main.ts";
import { Config } from "../../src/config/config.ts";
import type { OptionsInput } from "../../src/config/options/mod.ts";
import { AppLoadError, ConfigError } from "../../src/errors.ts";
import { runtime } from "../../src/runtime/mod.ts";
import { VERSION } from "../../src/version.ts";

type Variables = Readonly<Record<string, string>>;

function configOf(args: string, variables: Variables = {}): Config {
  const config = configFor(
    args.split(" ").filter(Boolean),
    (name) => variables[name],
  );
  assert.ok(config instanceof Config);
  return config;
}

for (
  const [what, args, variables, expected] of [
    ["the default", "", {}, { port: 8000 }],
    ["a variable over the default", "", { TRICORN_PORT: "81" }, { port: 81 }],
    ["PORT over the default", "", { PORT: "82" }, { port: 82 }],
    [
      "a flag over a variable",
      "--port 80",
      { TRICORN_PORT: "81", PORT: "82" },
      { port: 80 },
    ],
    [
      "a flag over a variable that is wrong",
      "--port 80",
      { TRICORN_PORT: "x" },
      { port: 80 },
    ],
    ["a flag that says no over a variable that says yes", "--no-access-log", {
      TRICORN_ACCESS_LOG: "1",
    }, { accessLog: false }],
    ["--uds over every variable for a port", "--uds a.sock", {
      PORT: "82",
      TRICORN_HOST: "h",
    }, { uds: "a.sock" }],
    ["--port over a variable for a UNIX socket", "--port 80", {
      TRICORN_UDS: "a.sock",
    }, {
      uds: undefined,
      port: 80,
    }],
  ] as readonly (readonly [string, string, Variables, OptionsInput])[]
) {
  test(`configFor() puts ${what}`, () => {
    const { options } = configOf(`main:app ${args}`, variables);
    for (const [name, value] of Object.entries(expected)) {
      assert.equal(options[name as keyof OptionsInput], value);
    }
  });
}

test("configFor() takes the application from a variable, but rather from the arguments", () => {
  assert.equal(
    configOf("main:app", { TRICORN_APP: "other:app" }).app,
    "main:app",
  );
  assert.equal(configOf("", { TRICORN_APP: "other:app" }).app, "other:app");
});

for (const variables of [{}, { TRICORN_APP: "" }] as readonly Variables[]) {
  test(`configFor() misses the application with ${JSON.stringify(variables)}`, () => {
    assert.throws(() => configOf("--port 80", variables), {
      name: "ConfigError",
      message: "Missing argument 'APP'.",
    });
  });
}

const ACTIVATED = { LISTEN_FDS: "2", LISTEN_PID: String(runtime.pid) };

for (
  const [what, args, variables, bind] of [
    ["takes sockets that were handed over", "", {}, ["fd://3", "fd://4"]],
    ["takes them rather than PORT", "", { PORT: "80" }, ["fd://3", "fd://4"]],
    ["prefers --fd", "--fd 4", {}, undefined],
    ["prefers --host", "--host ::1", {}, undefined],
    ["prefers --bind", "--bind :80", {}, [":80"]],
    ["prefers a variable", "", { TRICORN_PORT: "80" }, undefined],
    ["prefers a variable", "", { TRICORN_BIND: ":80" }, [":80"]],
  ] as readonly (readonly [string, string, Variables, unknown])[]
) {
  test(`configFor() ${what} ${JSON.stringify(variables)} (wishes:N-007)`, () => {
    const config = configOf(`main:app ${args}`, { ...ACTIVATED, ...variables });
    assert.deepEqual(config.options.bind, bind);
  });
}

test("configFor() warns of sockets for another process, and goes on with the defaults", () => {
  const variables: Variables = { LISTEN_FDS: "1", LISTEN_PID: "1" };
  const warnings: string[] = [];
  const config = configFor(
    ["main:app"],
    (name) => variables[name],
    (message) => void warnings.push(message),
  );
  assert.ok(config instanceof Config);
  assert.equal(config.options.port, 8000);
  assert.equal(config.options.bind, undefined);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /^Ignoring LISTEN_FDS: LISTEN_PID is '1'/);
});

test("configFor() refuses --uds beside --port", () => {
  assert.throws(() => configOf("main:app --uds a.sock --port 80"), {
    name: "ConfigError",
    message:
      "Cannot use '--uds' together with '--port': they name different places to listen",
  });
});

test("configFor() answers --help and --version, and looks at no variable for them", () => {
  const env = () => assert.fail("no variable is needed");
  assert.match(
    configFor(["--help"], env) as string,
    /^Usage: tricorn \[OPTIONS\] APP\n/,
  );
  assert.equal(configFor(["--version"], env), versionText());
});

test("configFor() asks only for variables of the table, so that Deno may allow just those", () => {
  const asked: string[] = [];
  configFor(["main:app"], (name) => {
    asked.push(name);
    return undefined;
  });
  for (const name of asked) {
    assert.match(
      name,
      /^(TRICORN_[A-Z0-9_]+|PORT|FORWARDED_ALLOW_IPS|LISTEN_FDS|LISTEN_PID)$/,
    );
  }
});

test("versionText() names version, runtime and system", () => {
  assert.match(
    versionText(),
    /^Running tricorn \d+\.\d+\.\d+ with (Deno|Bun|Node) \d+\.\d+\.\d+\S* on \w+\n$/,
  );
  assert.ok(versionText().includes(`tricorn ${VERSION} `));
  assert.ok(
    versionText().toLowerCase().includes(`${runtime.name} ${runtime.version}`),
  );
});

test("failureText() shows the usage above a usage error (options:C-007)", () => {
  assert.deepEqual(failureText(new ConfigError("Missing argument 'APP'.")), {
    text: "Usage: tricorn [OPTIONS] APP\nTry 'tricorn --help' for help.\n\n" +
      "Error: Missing argument 'APP'.\n",
    exitCode: 2,
  });
});

test("failureText() tells a failed start in one line", () => {
  assert.deepEqual(failureText(new ConfigError("Cannot read certificate", 3)), {
    text: "ERROR:    Cannot read certificate\n",
    exitCode: 3,
  });
});

test("failureText() adds the stack of what the application threw", () => {
  const cause = new TypeError("boom");
  cause.stack =
    "TypeError: boom\n    at f (/srv/main.ts:1:2)\n    at node:internal/x:1:1";
  const { text, exitCode } = failureText(
    new AppLoadError("Error loading ASGI app.", { cause }),
  );
  assert.equal(
    text,
    "ERROR:    Error loading ASGI app.\nTypeError: boom\n    at f (/srv/main.ts:1:2)\n",
  );
  assert.equal(exitCode, 3);
});

test("failureText() keeps the whole stack of our own mistakes", () => {
  const { text, exitCode } = failureText(new RangeError("ours"));
  assert.match(
    text,
    /^CRITICAL: Unexpected error in Tricorn .*\nRangeError: ours\n\s+at /,
  );
  assert.equal(exitCode, 1);
});
